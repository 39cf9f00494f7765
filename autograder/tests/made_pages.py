"""Results to put on pages, hostile texts, and a reader that sees what a browser would."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import strategies as st

from autograder.results import Finding, QuestionResult, Result

CSP = "default-src 'none'; style-src 'unsafe-inline'"

HOSTILE = [
    "<script>alert(1)</script>",
    "</style></title></pre><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" style="position:fixed',
    "javascript:alert(1)",
    "<!-- -->",
    "<a href='https://example.org/'>click</a>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
    "`code`",
    "../../x",
    "\x1b[31mred\x1b[0m\x1b]8;;http://example.org\x07link\x1b]8;;\x07",
    "\u202egnp.exe",
    "\ud800\x00\x9b1m\r\n\u2028",
    "n" * 300,
]

anything = st.text(st.characters(exclude_categories=()), max_size=40)
texts = st.lists(st.one_of(anything, st.sampled_from(HOSTILE)), max_size=3).map("".join)
amounts = st.floats(0, 50)
findings = st.builds(
    Finding, expects=texts, points=amounts, max_points=amounts, instead=st.none() | texts
)
questions = st.builds(
    QuestionResult,
    name=texts,
    points=amounts,
    max_points=amounts,
    findings=st.lists(findings, max_size=3).map(tuple),
    by_hand=st.booleans(),
)
results = st.builds(
    Result,
    student=texts,
    topic=texts,
    questions=st.lists(questions, max_size=4).map(tuple),
    failure=st.none() | texts,
    seconds=amounts,
    compute_seconds=amounts,
)


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str, str]] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.policy: str | None = None
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in ("dd", "dt", "div", "li", "p", "td", "th"):
            self.words += " "  # these stand apart
        values = {name: value or "" for name, value in attrs}
        assert len(values) == len(attrs), "an attribute is written twice"
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values.pop("href"))
        for name, value in values.items():
            if tag == "span" and name == "class" and re.fullmatch(r"[a-z]{1,3}[0-9]?", value):
                value = "a kind of token"
            value = re.sub(r"\d+(\.\d+)?(e[+-]?\d+)?", "0", value)
            self.attributes.add((tag, name, value))

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"a processing instruction: {data}")


def question(name: str, *earned: float, instead: str | None = None) -> QuestionResult:
    """A question of parts that are worth 2 each; what was not earned may have a reason."""
    parts = tuple(
        Finding(f"`{name}` does its part {i}.", points, 2, instead if points < 2 else None)
        for i, points in enumerate(earned)
    )
    return QuestionResult(name, sum(earned), 2.0 * len(earned), parts)


def result(student: str, *questions: QuestionResult, failure: str | None = None) -> Result:
    return Result(student, "02_kl_weight", questions, failure, seconds=3.0, compute_seconds=1.0)


READ_BY_A_PERSON = QuestionResult("essay", 0, 10, by_hand=True)
CLASS = [
    result("ada", question("mean", 2, 2), question("scale", 2, 2), READ_BY_A_PERSON),
    result("ben", question("mean", 2, 0.5), question("scale", 0, 0), READ_BY_A_PERSON),
    result("cleo", question("mean", 2, 2), question("scale", 0, 2, instead="KeyError: 'x'")),
    result("dan", failure="The kernel died."),
    result("../eve", question("mean", 0, 2), failure="A cell took too long."),
]


def check_page(page: Page) -> None:
    """What holds for every page: it is shut off, and its headings lead one down a level."""
    assert page.policy == CSP
    assert "script" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(below <= above + 1 for above, below in steps)


def open_page(browser, path, width: int) -> list[str]:  # type: ignore[no-untyped-def]
    """What a browser complains about, requests besides the page, or has to scroll to."""
    tab = browser.new_page(viewport={"width": width, "height": 850})
    found: list[str] = []
    tab.on("console", lambda message: found.append(message.text))
    tab.on("pageerror", lambda error: found.append(str(error)))
    tab.on("request", lambda request: found.append(request.url))
    try:
        tab.goto(path.as_uri(), wait_until="load")
        # Open every list: what is hidden may be wide.
        tab.locator("details").evaluate_all("all => all.forEach(d => d.open = true)")
        if tab.evaluate("document.documentElement.scrollWidth") > width:
            found.append("scrolls sideways")
    finally:
        tab.close()
    return [item for item in found if item != path.as_uri()]
