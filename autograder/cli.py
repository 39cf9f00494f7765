"""The command line: ``autograder release | grade | demo-class | mutants``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.topics import ROOT, TOPICS
from bayescnn.cli import import_tensorflow

if TYPE_CHECKING:
    from autograder.course import Score

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Build, release and grade the assignments of Know What You Don't Know.",
)
console = Console()

Topic = Annotated[str, typer.Argument(help="An assignment, such as 02_kl_weight.")]
Topics = Annotated[list[str] | None, typer.Argument(help="Assignments. [default: all]")]


def written_topics() -> list[str]:
    """The topics whose assignment has been written."""
    return [topic for topic in TOPICS if (ROOT / "solutions" / f"{topic}.md").is_file()]


def _chosen(topics: Sequence[str] | None) -> list[str]:
    """The topics named, or all of them."""
    chosen = list(topics or written_topics())
    missing = [topic for topic in chosen if topic not in written_topics()]
    if missing:
        console.print(
            f"[red]No assignment is called {', '.join(missing)}.[/] "
            f"There are: {', '.join(written_topics())}."
        )
        raise typer.Exit(2)
    return chosen


@app.command()
def release(topics: Topics = None) -> None:
    """Build assignments from their text and the library into exercises/."""
    import tempfile

    from autograder.builder import build_source
    from autograder.course import Course

    chosen = _chosen(topics)
    import_tensorflow()
    for topic in track(chosen, "Releasing", console=console):
        build_source(topic)
        # The gradebook of the real class is not touched: 'grade' enters assignments there.
        with tempfile.TemporaryDirectory() as folder:
            Course(Path(folder)).generate_assignment(topic)
    console.print(f"What students receive is in {ROOT / 'exercises'}.")


@app.command()
def grade(
    topic: Topic,
    isolation: Annotated[
        str,
        typer.Option(help="'bubblewrap', or 'none': submissions run with all of your rights."),
    ] = "bubblewrap",
    folder: Annotated[
        Path, typer.Option(help="The class: holds submitted/STUDENT/TOPIC/TOPIC.ipynb.")
    ] = ROOT / "class",
) -> None:
    """Grade a class, write feedback, and print who earned what."""
    from autograder.builder import build_source
    from autograder.course import Course, GradingError
    from autograder.sandbox import SandboxError, bubblewrap

    (topic,) = _chosen([topic])
    if isolation not in ("bubblewrap", "none"):
        console.print("[red]--isolation takes 'bubblewrap' or 'none'.[/]")
        raise typer.Exit(2)
    course = Course(folder.resolve(), release=folder.resolve() / "release")
    students = course.students(topic)
    if not students:
        console.print(
            f"[red]Nobody has submitted {topic}:[/] there is no "
            f"{folder / 'submitted' / 'STUDENT' / topic}."
        )
        raise typer.Exit(2)
    try:
        if isolation == "bubblewrap":
            bubblewrap()
        import_tensorflow()
        build_source(topic)
        course.generate_assignment(topic)
        for student in track(students, f"Grading {topic}", console=console):
            course.autograde(
                topic, f"--student={student}", "--force", f"--ProbeAndJudge.isolation={isolation}"
            )
        course.generate_feedback(topic)
    except (SandboxError, GradingError) as error:
        console.print(f"[red]{error}[/]", highlight=False)
        raise typer.Exit(1) from None
    _show_scores(course.scores(topic))
    console.print(
        f"Feedback for each student: {course.folder / 'feedback'}\n"
        f"Gradebook: {course.db_url} (questions marked * wait for a person; nbgrader's "
        "formgrader shows them)",
        highlight=False,
    )


def _show_scores(scores: Sequence[Score]) -> None:
    """One row per student, one numbered column per question, and what the numbers mean."""
    worth = {score.question: score.max_points for score in scores}
    table = Table("student", title="Points")
    for number in range(1, len(worth) + 1):
        table.add_column(str(number), justify="right")
    table.add_column("total", justify="right", style="bold")
    for student in dict.fromkeys(score.student for score in scores):
        own = {score.question: score for score in scores if score.student == student}
        cells = [
            f"{own[q].points:g}{'*' if own[q].by_hand else ''}" if q in own else "–" for q in worth
        ]
        total = sum(score.points for score in own.values())
        table.add_row(student, *cells, f"{total:g}")
    console.print(table)
    for number, (question, points) in enumerate(worth.items(), 1):
        console.print(f"{number:3} {question} ({points:g})", highlight=False)


@app.command()
def demo_class(
    topic: Topic,
    folder: Annotated[Path, typer.Option(help="The class to make.")] = ROOT / "build" / "demo",
) -> None:
    """Make four submissions to try the grader on: right, right otherwise, a slip, untouched."""
    from autograder.course import Course
    from autograder.sample import demonstration_class

    (topic,) = _chosen([topic])
    for student, notebook in demonstration_class(topic).items():
        path = Course(folder.resolve()).submit(student, topic, notebook)
        console.print(f"{student}: {path}", highlight=False)


@app.command()
def mutants(topics: Topics = None) -> None:
    """Grade every right and wrong variant; fail if a check misjudges one."""
    from autograder.variants import matrix

    table = Table("function", "variant", "should earn", "earned", "")
    false_accepts = false_rejects = 0
    chosen = _chosen(topics)
    import_tensorflow()
    for topic in chosen:
        for outcome in matrix(topic):
            false_accepts += outcome.verdict.points > outcome.expected
            false_rejects += outcome.verdict.points < outcome.expected
            kind = "right" if outcome.variant.right else "wrong"
            table.add_row(
                outcome.variant.function,
                f"{kind}: {outcome.variant.title}",
                f"{outcome.expected:g}",
                f"{outcome.verdict.points:g}",
                "" if outcome.ok else "←",
            )
    console.print(table)
    console.print(
        f"{false_accepts} false accepts and {false_rejects} false rejects "
        f"among {table.row_count} variants"
    )
    raise typer.Exit(1 if false_accepts or false_rejects else 0)
