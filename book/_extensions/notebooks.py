"""Sphinx extension: every chapter as a notebook to download, or to open in Colab or on Binder.

A chapter's source is MyST Markdown, whose roles and directives no notebook application knows. So
they are put into words here: numbers that the page has computed, names of chapters, numbers of
figures and equations, authors and years, the library's code. The notebooks come without outputs
and lie beside the page's source, in ``_sources/``.

Buttons for Colab and Binder appear where ``_config.yml`` names the repository. Colab opens the
notebook of the published book (branch ``gh-pages``); Binder opens the chapter's source itself, in
the environment of ``environment.yml``.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from myst_nb.ext.glue.crossref import read_glue_cache
from pybtex.database import BibliographyData, parse_file

PUBLISHED = "gh-pages"
"""The branch that holds the built book."""

FETCH = """\
# Elsewhere than in the course's own environment: fetch its library first.
import importlib.util

if importlib.util.find_spec("bayescnn") is None:
    {install}
"""

GLUE = (
    "from myst_nb import glue",
    'def glue(name: str, text: str, display: bool) -> None:\n    print(f"{name}: {text}")',
)
"""What hands numbers to the page's text prints them instead."""


# Roles: `{name}`text`` ---------------------------------------------------------------------------


def author_year(entry: Any, textual: bool) -> str:
    """An entry of the bibliography as it is cited: "Graves 2011", "Graves (2011)"."""
    people = [" ".join(person.last_names) for person in entry.persons.get("author", [])]
    people = [re.sub(r"[{}]", "", name) for name in people if name != "others"]
    names = people[0] if len(people) == 1 else " and ".join(people[:2])
    if len(people) > 2 or len(people) < len(entry.persons.get("author", [])):
        names = f"{people[0]} et al."
    year = entry.fields.get("year", "")
    return f"{names} ({year})" if textual else f"{names} {year}"


def glued_texts(folder: Path, docname: str) -> dict[str, str]:
    """What a page has computed for its text, as MyST-NB has written it down: key to text."""
    glued = read_glue_cache(str(folder), docname)
    return {
        key: ast.literal_eval(value["data"]["text/plain"])
        for key, value in glued.items()
        if "text/plain" in value["data"]
    }


class Roles:
    """Puts a page's roles into words.

    Args:
        env: Sphinx's environment, which knows titles and numbers.
        docname: the page.
        glued: from `glued_texts`.
        references: the bibliography.
    """

    def __init__(
        self, env: Any, docname: str, glued: Mapping[str, str], references: BibliographyData
    ) -> None:
        self._env, self._docname = env, docname
        self._glued, self._references = glued, references
        self._roles: dict[str, Callable[[str], str]] = {
            "glue:text": lambda key: self._glued[key],
            "doc": self._doc,
            "eq": lambda label: f"({self.equation(label)})",
            "numref": self.figure,
            "ref": lambda label: self._env.domaindata["std"]["labels"][label][2],
            "term": lambda text: text.split(" <")[0],
            "cite:p": lambda keys: "(" + "; ".join(self._cited(keys, textual=False)) + ")",
            "cite:t": lambda keys: ", ".join(self._cited(keys, textual=True)),
        }

    def in_words(self, text: str) -> str:
        """A text without roles.

        Raises:
            KeyError: a role, or what it refers to, is not known.
        """
        return re.sub(
            r"\{([a-z:]+)\}`([^`]+)`", lambda found: self._roles[found[1]](found[2]), text
        )

    def equation(self, label: str) -> str:
        """The number of an equation."""
        return str(self._env.domaindata["math"]["objects"][label][1])

    def figure(self, label: str) -> str:
        """The name of a figure: "Fig. 3"."""
        docname, anchor, _ = self._env.domaindata["std"]["labels"].get(
            label, (*self._env.domaindata["std"]["anonlabels"][label], "")
        )
        numbers = self._env.toc_fignumbers[docname]["figure"][anchor]
        return "Fig. " + ".".join(map(str, numbers))

    def _doc(self, target: str) -> str:
        titled = re.fullmatch(r"(.*) <(.*)>", target)
        return titled[1] if titled else f"“{self._env.titles[target].astext()}”"

    def _cited(self, keys: str, textual: bool) -> list[str]:
        entries = self._references.entries
        return [author_year(entries[key.strip()], textual) for key in keys.split(",")]


# Directives --------------------------------------------------------------------------------------


def included(path: Path, options: str) -> str:
    """The part of a source file that a `literalinclude` shows, as a block of code."""
    found = dict(re.findall(r"^:([a-z-]+): *(.*)$", options, re.MULTILINE))
    text = path.read_text(encoding="utf-8")
    if "pyobject" in found:
        names = found["pyobject"].split(".")
        body: Any = ast.parse(text)
        for name in names:
            body = next(n for n in body.body if getattr(n, "name", None) == name)
        first = min([body.lineno, *(d.lineno for d in body.decorator_list)])
        text = "\n".join(text.splitlines()[first - 1 : body.end_lineno])
    return f"```python\n{text}\n```\n\n{found.get('caption', '')}"


def folded(title: str, content: str) -> str:
    """Something that opens when its title is chosen."""
    return f"<details><summary>{title}</summary>\n\n{content.strip()}\n\n</details>"


def quiz(question: str, content: str) -> str:
    """A quiz: its question, and each answer with its remark folded."""
    answers = re.split(r"^- ", content.strip(), flags=re.MULTILINE)[1:]
    lines = [f"**{question}**"]
    for answer in answers:
        choice, _, remark = textwrap.dedent(f"  {answer}").strip().partition("\n\n")
        verdict = "Right." if choice.startswith("[x]") else "Not quite."
        lines.append(folded(" ".join(choice[3:].split()), f"{verdict} {remark.strip()}"))
    return "\n\n".join(lines)


def directives_in_words(text: str, folder: Path) -> str:
    """A text without directives; `folder` is where its paths start."""

    def block(found: re.Match[str]) -> str:
        name, title, content = found["name"], found["title"].strip(), found["content"]
        if name == "literalinclude":
            return included(folder / title, content)
        if name == "quiz":
            return quiz(title, content)
        if name == "dropdown":
            return folded(title, content)
        content = re.sub(r"^:[a-z-]+:.*\n", "", content, flags=re.MULTILINE)
        return f"**{title or name.capitalize()}**\n\n{content.strip()}"

    opening = r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[a-z-]+)\}(?P<title>.*)\n"
    return re.sub(opening + r"(?P<content>(?s:.*?))^(?P=fence)$", block, text, flags=re.MULTILINE)


# Notebooks ---------------------------------------------------------------------------------------


LABELLED = re.compile(r"\$\$\n(?P<formula>(?s:.*?))\n\$\$ \((?P<label>[\w-]+)\)")
"""A formula that has a name."""


def _numbered(roles: Roles, found: re.Match[str]) -> str:
    return f"$$\n{found['formula']} \\tag{{{roles.equation(found['label'])}}}\n$$"


def as_notebook(executed: Any, roles: Roles, folder: Path, repository: str) -> Any:
    """Make the notebook that readers get of a chapter.

    Args:
        executed: the chapter, run; its outputs are left out.
        roles: of the chapter.
        folder: of the chapter's source.
        repository: address to install the library from; may be empty.
    """
    project = f'"know-what-you-dont-know @ git+{repository}"'
    missing = "Open this notebook in the course's environment: see the course's README."
    failing = f"raise ModuleNotFoundError({missing!r})"
    install = f"%pip install --quiet {project}" if repository else failing
    cells = [nbformat.v4.new_code_cell(FETCH.format(install=install).strip())]
    for cell in executed.cells:
        if cell.cell_type == "code":
            cells.append(nbformat.v4.new_code_cell(cell.source.replace(*GLUE)))
            shown = cell.metadata.get("mystnb", {}).get("figure", {})
            if "caption" in shown:
                caption = " ".join(roles.in_words(shown["caption"]).split())
                number = f"{roles.figure(shown['name'])}. " if "name" in shown else ""
                cells.append(nbformat.v4.new_markdown_cell(f"*{number}* {caption}"))
        elif cell.cell_type == "markdown":
            text = directives_in_words(cell.source, folder)
            text = re.sub(LABELLED, partial(_numbered, roles), text)
            text = re.sub(r"^\([\w-]+\)=\n", "", text, flags=re.MULTILINE)
            cells.append(nbformat.v4.new_markdown_cell(roles.in_words(text)))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # the same source, the same notebook
    metadata = {"kernelspec": executed.metadata["kernelspec"], "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def is_chapter(app: Any, pagename: str) -> bool:
    """Whether a page has code that runs."""
    return "kernelspec" in app.env.metadata.get(pagename, {})


def write_notebook(app: Any, pagename: str, _template: str, context: dict, _tree: Any) -> None:
    """Write a chapter's notebook and tell the theme, which offers it for download."""
    if not is_chapter(app, pagename):
        return
    built = Path(app.env.mystnb_config.output_folder)
    executed = nbformat.read(built / f"{pagename}.ipynb", as_version=4)
    folder = Path(app.srcdir)
    references = BibliographyData()
    for name in app.config.bibtex_bibfiles:
        references.add_entries(parse_file(folder / name).entries.items())
    roles = Roles(app.env, pagename, glued_texts(built, pagename), references)
    repository = app.config.html_theme_options.get("repository_url", "")
    notebook = as_notebook(executed, roles, folder, repository)
    target = Path(app.outdir) / "_sources" / f"{pagename}.ipynb"
    target.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, target)
    context["ipynb_source"] = target.name


def add_buttons(app: Any, pagename: str, _template: str, context: dict, _tree: Any) -> None:
    """Offer to open a chapter in Colab and on Binder, where the repository's address is known."""
    options = app.config.html_theme_options
    address = options.get("repository_url", "").rstrip("/")
    if not address or not is_chapter(app, pagename):
        return
    project = "/".join(address.split("/")[-2:])
    branch, docs = options.get("repository_branch", "main"), options.get("path_to_docs", "")
    colab = f"https://colab.research.google.com/github/{project}/blob/{PUBLISHED}"
    binder = f"https://mybinder.org/v2/gh/{project}/{branch}?urlpath=lab/tree"
    pages = {
        "Colab": f"{colab}/_sources/{pagename}.ipynb",
        "Binder": f"{binder}/{docs}/{pagename}.md%3Ffactory%3DNotebook",
    }
    buttons = [
        {
            "type": "link",
            "text": name,
            "url": url,
            "icon": "fas fa-play",
            "tooltip": f"Run this chapter in {name}",
        }
        for name, url in pages.items()
    ]
    context["header_buttons"].append(
        {
            "type": "group",
            "tooltip": "Run this chapter",
            "icon": "fas fa-rocket",
            "buttons": buttons,
            "label": "launch-buttons",
        }
    )


def setup(app: Any) -> dict[str, bool]:
    """Hook into the writing of pages: before the theme collects its buttons (501), and after."""
    app.connect("html-page-context", write_notebook, priority=500)
    app.connect("html-page-context", add_buttons, priority=502)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
