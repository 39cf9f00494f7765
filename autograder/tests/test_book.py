"""The built book: complete, clean, readable without a network, and strict about failures.

The book is built once, as `make book` does it, or taken from the folder that the environment
variable BOOK_HTML names. Its pages are read as text and, where Chromium is found, opened from disk
in a browser.
"""

from __future__ import annotations

import ast
import contextlib
import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")
BUILD = [str(JUPYTER_BOOK), "build", "book", "--path-output", "book", "-W", "-n", "--keep-going"]
ELSEWHERE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)


def build(root: Path) -> subprocess.CompletedProcess[str]:
    """Build the book below a folder with a _config.yml, as `make book` does."""
    return subprocess.run(BUILD, cwd=root, capture_output=True, text=True)


def pages_of_toc() -> list[str]:
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *chapters]


PAGES = pages_of_toc()
CHAPTERS = [page for page in PAGES if re.match(r"\d\d_", page)]

# The book is built within the first test that asks for it.
pytestmark = pytest.mark.timeout(2400)

N_INTERACTIVE = 1
"""Pages that have figures with sliders."""


@pytest.fixture(scope="session")
def html() -> Path:
    """The folder of the built book."""
    if "BOOK_HTML" in os.environ:
        return Path(os.environ["BOOK_HTML"])
    result = build(ROOT)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-6000:]
    return ROOT / "book" / "_build" / "html"


class Page(HTMLParser):
    """Collects what a page loads, its images and its cells' outputs."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.classes: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.classes.update((values.get("class") or "").split())
        if tag == "img":
            self.images.append(values)
        if tag == "link" and "canonical" not in (values.get("rel") or ""):
            self.loads.append(values.get("href") or "")
        elif tag not in ("a", "link"):  # a link for the reader to follow is no request
            for name in ("src", "data", "poster", "action", "href", "xlink:href"):
                self.loads.append(values.get(name) or "")
            for source in (values.get("srcset") or "").split(","):
                self.loads.append(source)


@pytest.mark.slow
def test_every_page_of_the_table_of_contents_is_there(html: Path) -> None:
    assert [page for page in PAGES if not (html / f"{page}.html").is_file()] == []


@pytest.mark.slow
def test_no_page_loads_anything_from_another_host(html: Path) -> None:
    found = [
        f"{path.name}: {url}"
        for path in sorted(html.glob("*.html"))
        for url in Page(path).loads
        if ELSEWHERE.match(url)
    ]
    for path in html.rglob("*.css"):
        text = path.read_text(encoding="utf-8", errors="replace")
        for url in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]+)", text):
            if ELSEWHERE.match(url):
                found.append(f"{path.name}: {url}")
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_images_are_described_and_cells_leave_no_noise(html: Path, page: str) -> None:
    parsed = Page(html / f"{page}.html")
    for image in parsed.images:
        # A file name is no description; a sentence has more than a few words.
        assert len((image.get("alt") or "").split()) >= 5, image
    assert "stderr" not in parsed.classes
    assert "traceback" not in parsed.classes


# --- What makes a build fail -------------------------------------------------------------------

PAGE = """---
jupytext:
  text_representation: {{extension: .md, format_name: myst}}
kernelspec: {{name: python3, display_name: Python 3}}
---

# A page

```{{code-cell}} ipython3
{code}
```

{text}
"""


@pytest.fixture
def small_book(tmp_path: Path) -> Iterator[Any]:
    """A function that builds a book of one page with this book's configuration."""

    def build_page(
        code: str = "print('fine')", text: str = "", repository: str = ""
    ) -> tuple[int, str]:
        book = tmp_path / "book"
        shutil.copytree(ROOT / "book" / "_extensions", book / "_extensions", dirs_exist_ok=True)
        shutil.copytree(ROOT / "book" / "_static", book / "_static", dirs_exist_ok=True)
        shutil.copy(ROOT / "book" / "references.bib", book)
        config = (ROOT / "_config.yml").read_text(encoding="utf-8")
        config = re.sub(r'^  url: ".*"$', f'  url: "{repository}"', config, flags=re.MULTILINE)
        (tmp_path / "_config.yml").write_text(config, encoding="utf-8")
        (book / "_toc.yml").write_text("format: jb-book\nroot: index\n")
        (book / "index.md").write_text(PAGE.format(code=code, text=text))
        result = build(tmp_path)
        return result.returncode, result.stdout + result.stderr

    yield build_page


def test_a_page_without_fault_builds(small_book: Any) -> None:
    code, output = small_book()
    assert code == 0, output


def test_a_failing_cell_fails_the_build(small_book: Any) -> None:
    code, output = small_book(code="1 / 0")
    assert code != 0
    assert "ZeroDivisionError" in output


def test_a_cell_that_writes_to_stderr_fails_the_build(small_book: Any) -> None:
    code, output = small_book(code="import sys\nprint('noise', file=sys.stderr)")
    assert code != 0
    assert "stderr was found in the cell outputs" in output


def test_broken_references_fail_the_build(small_book: Any) -> None:
    code, output = small_book(text="See {doc}`nowhere` and {cite}`nobody1900`.")
    assert code != 0
    assert "nowhere" in output and "nobody1900" in output


# --- In a browser ------------------------------------------------------------------------------

LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 850}, "color_scheme": "light"},
    "desktop, dark": {"viewport": {"width": 1280, "height": 850}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 850},
        "color_scheme": "light",
        "has_touch": True,
    },
    "phone, dark": {"viewport": {"width": 390, "height": 850}, "color_scheme": "dark"},
}
MAX_TRANSFER = 1_500_000
"""Bytes that a page and all that it loads may weigh on their way, where servers compress texts."""

TEXTS = (".html", ".js", ".css", ".json", ".svg")

DRAWN = "element => element.innerHTML"


class Visit:
    """A page, open in a browser, with what it asked for and complained about."""

    def __init__(self, browser: Any, path: Path, **look: Any) -> None:
        self.context = browser.new_context(**look)
        self.tab = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", self._note)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(path.as_uri(), wait_until="load")

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    @property
    def transferred(self) -> int:
        """Bytes of the page and of all files that it has asked for, as a server would send them."""
        urls = {urlsplit(url).path for url in self.requests if url.startswith("file:")}
        paths = [Path(unquote(url)) for url in urls]
        return sum(
            len(gzip.compress(path.read_bytes())) if path.suffix in TEXTS else path.stat().st_size
            for path in paths
        )

    def settle(self) -> None:
        """Wait until the formulas are set."""
        if self.tab.locator(".math").count():
            self.tab.wait_for_function("window.MathJax?.startup?.promise !== undefined")
            self.tab.evaluate("MathJax.startup.promise")


@contextlib.contextmanager
def visit(browser: Any, path: Path, **look: Any) -> Iterator[Visit]:
    visited = Visit(browser, path, **look)
    try:
        yield visited
    finally:
        visited.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_from_disk_without_complaint(
    html: Path, browser: Any, page: str, look: str
) -> None:
    with visit(browser, html / f"{page}.html", **LOOKS[look]) as opened:
        opened.settle()
        tab = opened.tab
        assert tab.locator("mjx-container").count() >= tab.locator(".math").count()
        assert tab.locator("mjx-merror").count() == 0
        # Open all that is folded: what is hidden may be wide.
        tab.locator("details").evaluate_all("all => all.forEach(d => d.open = true)")
        width = LOOKS[look]["viewport"]["width"]
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.complaints == []
        # `data:` pictures are part of the page.
        own = ("file:", "data:", "blob:")
        assert [url for url in opened.requests if not url.startswith(own)] == []
        assert opened.transferred <= MAX_TRANSFER


@pytest.mark.slow
@pytest.mark.parametrize("look", ["desktop", "desktop, dark"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_serious_fault_of_accessibility(
    html: Path, browser: Any, page: str, look: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with visit(browser, html / f"{page}.html", **LOOKS[look]) as opened:
        opened.settle()
        found = axe.run(opened.tab).response["violations"]
        serious = [
            (fault["id"], node["target"], node["failureSummary"])
            for fault in found
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]
        assert serious == []


def pages_with_sliders(html: Path) -> list[str]:
    return [page for page in PAGES if 'class="interactive"' in (html / f"{page}.html").read_text()]


@pytest.mark.slow
def test_every_slider_moves_its_figure_by_keyboard(html: Path, browser: Any) -> None:
    pages = pages_with_sliders(html)
    assert len(pages) >= N_INTERACTIVE
    for page in pages:
        with visit(browser, html / f"{page}.html", **LOOKS["desktop"]) as opened:
            for figure in opened.tab.locator(".interactive-figure").all():
                for slider in figure.locator("input[type=range]").all():
                    before = figure.evaluate(DRAWN)
                    shown = figure.locator(f"output[for={slider.get_attribute('id')}]")
                    said = shown.inner_text()
                    slider.focus()
                    # From the right end there is no way but left.
                    at_end = slider.input_value() == slider.get_attribute("max")
                    opened.tab.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
                    assert shown.inner_text() != said, page
                    assert slider.get_attribute("aria-valuetext") == shown.inner_text()
                    drawn = figure.evaluate(DRAWN)
                    assert re.sub("<output.*?</output>", "", drawn) != re.sub(
                        "<output.*?</output>", "", before
                    ), f"{page}: {slider.get_attribute('id')} moves nothing"


@pytest.mark.slow
def test_sliders_follow_a_finger(html: Path, browser: Any) -> None:
    for page in pages_with_sliders(html):
        with visit(browser, html / f"{page}.html", **LOOKS["phone"]) as opened:
            slider = opened.tab.locator(".interactive-figure input[type=range]").first
            slider.scroll_into_view_if_needed()
            box = slider.bounding_box()
            assert box["height"] >= 24, "too small for a finger"
            end = 0.02 if slider.input_value() != "0" else 0.98
            opened.tab.touchscreen.tap(box["x"] + end * box["width"], box["y"] + box["height"] / 2)
            assert slider.input_value() == ("0" if end < 0.5 else slider.get_attribute("max"))


@pytest.mark.slow
def test_without_javascript_a_picture_stands(html: Path, browser: Any) -> None:
    for page in pages_with_sliders(html):
        with visit(browser, html / f"{page}.html", java_script_enabled=False) as opened:
            for picture in opened.tab.locator(".interactive img").all():
                assert picture.is_visible()
                assert picture.bounding_box()["width"] > 300


@pytest.mark.slow
def test_a_quiz_answers_at_once(html: Path, browser: Any) -> None:
    """By keyboard, and without JavaScript."""
    for page in CHAPTERS:
        with visit(browser, html / f"{page}.html", java_script_enabled=False) as opened:
            quizzes = opened.tab.locator(".quiz")
            assert 3 <= quizzes.count() <= 5, page
            for quiz in quizzes.all():
                assert quiz.locator("details.right").count() == 1
                answer = quiz.locator("details").first
                assert not answer.locator("p").first.is_visible()
                answer.locator("summary").focus()
                opened.tab.keyboard.press("Enter")
                assert answer.locator("p").first.is_visible()


@pytest.mark.slow
def test_icons_are_drawn(html: Path, browser: Any) -> None:
    """Those that are left of Font Awesome are the ones that pages show."""
    assert (html / "_static" / "scripts" / "fontawesome.js").stat().st_size < 200_000
    with visit(browser, html / "index.html", **LOOKS["desktop"]) as opened:
        opened.tab.wait_for_selector("svg.svg-inline--fa", state="attached")
        assert opened.tab.locator("svg.svg-inline--fa").count() > 5
        assert opened.tab.locator("i.fa-solid, i.fas, svg.fa-circle-question").count() == 0


@pytest.mark.slow
def test_search_finds_the_kl_weight(html: Path, browser: Any) -> None:
    tab = browser.new_page()
    try:
        tab.goto((html / "search.html").as_uri() + "?q=kl_weight")
        tab.wait_for_selector("#search-results li", timeout=15_000)
        assert "The KL weight" in tab.locator("#search-results").inner_text()
    finally:
        tab.close()


# --- Links and notebooks -----------------------------------------------------------------------


@pytest.mark.slow
def test_links_inside_the_book_lead_somewhere(html: Path) -> None:
    anchors = {
        path.name: set(re.findall(r"\bid=\"([^\"]+)\"", path.read_text(encoding="utf-8")))
        for path in html.glob("*.html")
    }
    broken = []
    for page in [f"{page}.html" for page in PAGES]:
        for link in re.findall(r"<a\b[^>]*\bhref=\"([^\"]*)\"", (html / page).read_text()):
            parts = urlsplit(unescape(link))
            if parts.scheme:
                continue
            target = unquote(parts.path) or page
            there = (html / target).exists()
            if there and parts.fragment and target in anchors:
                there = unquote(parts.fragment) in anchors[target]
            if not there:
                broken.append(f"{page}: {link}")
    assert broken == []


@pytest.mark.slow
@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_is_a_notebook_too(html: Path, page: str) -> None:
    """What is offered for download: no markup that notebooks don't know, and code that parses."""
    path = html / "_sources" / f"{page}.ipynb"
    assert f'href="_sources/{page}.ipynb"' in (html / f"{page}.html").read_text(encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            outside = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.DOTALL)
            assert not re.search(r"\{[a-z:]+\}`|^:::|^\(eq-", cell.source, re.MULTILINE), (
                cell.source
            )
            assert "{literalinclude}" not in outside
        else:
            ast.parse(cell.source.replace("%pip", "pass  #"))


@pytest.mark.slow
def test_buttons_take_the_address_of_the_repository(tmp_path: Path, small_book: Any) -> None:
    code, output = small_book(repository="https://github.com/someone/course")
    assert code == 0, output
    page = unescape((tmp_path / "book/_build/html/index.html").read_text(encoding="utf-8"))
    assert "https://colab.research.google.com/github/someone/course/blob/gh-pages/" in page
    assert "https://mybinder.org/v2/gh/someone/course/main?urlpath=lab/tree/book/index.md" in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("- [x] Yes\n\n  Why.\n- [x] No\n\n  Why.", "one right answer"),
        ("- [x] Yes\n\n  Why.\n- [ ] No", "needs a remark"),
        ("- Yes\n\n  Why.", r"begins with \[x\]"),
    ],
)
def test_a_quiz_that_is_none_fails_the_build(small_book: Any, answers: str, message: str) -> None:
    code, output = small_book(text=f":::{{quiz}} Is it?\n{answers}\n:::")
    assert code != 0
    assert re.search(message, output)
