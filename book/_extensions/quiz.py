"""Sphinx extension: a question with answers to choose from, and what to say to each.

In a chapter::

    :::{quiz} Which weight belongs to the KL when the loss is a mean over examples?
    - [ ] $1/B$

      That counts the KL once for every batch.
    - [x] $1/N$

      Right: it undoes the division by $N$ that the mean has done.
    :::

Each answer becomes a `<details>` of its own, so that choosing one opens what there is to say: at
once, without JavaScript, by mouse, finger or keyboard. On paper every remark is left out.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

RIGHT, WRONG = "[x]", "[ ]"


class quiz(nodes.Element):
    """A question and its answers."""


class quiz_answer(nodes.Element):
    """One answer: its first child is the answer itself, the others are the remark."""


class QuizDirective(SphinxDirective):
    """Reads a question (the argument) and a bullet list of answers (the content)."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Turn the list into answers.

        Raises:
            ExtensionError: through `self.error`: no list, an answer without mark or remark, or not
                exactly one right one.
        """
        held = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, held)
        question, messages = self.state.inline_text(self.arguments[0], self.lineno)
        result = quiz()
        title = nodes.paragraph("", "", *question, *messages, classes=["quiz-question"])
        result += title
        lists = list(held.findall(nodes.bullet_list))
        if len(lists) != 1:
            raise self.error("A quiz holds one list of answers.")
        n_right = 0
        for item in lists[0].children:
            right = self._take_mark(item)
            n_right += right
            answer = quiz_answer("", *item.children, right=right)
            if len(answer.children) < 2:
                raise self.error("Every answer of a quiz needs a remark: a paragraph below it.")
            result += answer
        if n_right != 1:
            raise self.error(f"A quiz has one right answer, marked [x]; this one has {n_right}.")
        return [result]

    def _take_mark(self, item: nodes.Node) -> bool:
        """Whether an answer is right; takes the mark out of its text."""
        first = next(iter(item.findall(nodes.Text)), nodes.Text(""))
        for mark in (RIGHT, WRONG):
            if first.startswith(mark):
                first.parent.replace(first, nodes.Text(first[len(mark) :].lstrip()))
                return mark == RIGHT
        raise self.error("Every answer of a quiz begins with [x] (right) or [ ] (wrong).")


def visit_quiz(writer: Any, node: quiz) -> None:
    """Open the question."""
    writer.body.append('<div class="quiz">\n')


def depart_quiz(writer: Any, node: quiz) -> None:
    """Close the question."""
    writer.body.append("</div>\n")


def visit_answer(writer: Any, node: quiz_answer) -> None:
    """Write an answer whole: the summary, the verdict, the remark."""
    kind, verdict = ("right", "Right.") if node["right"] else ("wrong", "Not quite.")
    writer.body.append(f'<details class="quiz-answer {kind}"><summary>')
    for child in node.children[0].children:  # of the paragraph, for a <p> has no place here
        child.walkabout(writer)
    writer.body.append(f'</summary><div><p class="quiz-verdict">{verdict}</p>')
    for child in node.children[1:]:
        child.walkabout(writer)
    writer.body.append("</div></details>\n")
    raise nodes.SkipNode


def visit_as_text(writer: Any, node: nodes.Element) -> None:
    """Other formats have the answers as they stand."""


def setup(app: Any) -> dict[str, bool]:
    """Register the directive."""
    other = {name: (visit_as_text, visit_as_text) for name in ("latex", "text", "man", "texinfo")}
    app.add_node(quiz, html=(visit_quiz, depart_quiz), **other)
    app.add_node(quiz_answer, html=(visit_answer, visit_as_text), **other)
    app.add_directive("quiz", QuizDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
