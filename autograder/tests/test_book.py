"""The built book: complete, clean, readable without a network, and strict about failures.

The book is built once, as `make book` does it, or taken from the folder that the environment
variable BOOK_HTML names. Its pages are read as text and, where Chromium is found, opened from disk
in a browser.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

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

    def build_page(code: str = "print('fine')", text: str = "") -> tuple[int, str]:
        book = tmp_path / "book"
        shutil.copytree(ROOT / "book" / "_extensions", book / "_extensions", dirs_exist_ok=True)
        shutil.copytree(ROOT / "book" / "_static", book / "_static", dirs_exist_ok=True)
        shutil.copy(ROOT / "book" / "references.bib", book)
        shutil.copy(ROOT / "_config.yml", tmp_path)
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


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_from_disk_without_complaint(
    html: Path, browser: Any, page: str, width: int
) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 850})
    complaints: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    try:
        tab.goto((html / f"{page}.html").as_uri(), wait_until="load")
        formulas = tab.locator(".math").count()
        if formulas:
            tab.wait_for_function("window.MathJax?.startup?.promise !== undefined")
            tab.evaluate("MathJax.startup.promise")
            assert tab.locator("mjx-container").count() >= formulas
            assert tab.locator("mjx-merror").count() == 0
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints == []
        # `data:` pictures are part of the page.
        assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    finally:
        tab.close()


@pytest.mark.slow
def test_search_finds_the_kl_weight(html: Path, browser: Any) -> None:
    tab = browser.new_page()
    try:
        tab.goto((html / "search.html").as_uri() + "?q=kl_weight")
        tab.wait_for_selector("#search-results li", timeout=15_000)
        assert "The KL weight" in tab.locator("#search-results").inner_text()
    finally:
        tab.close()
