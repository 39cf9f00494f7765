"""The command line: ``autograder release | collect | grade | regrade | report | ...``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    track,
)
from rich.table import Table

from autograder.topics import ROOT, written_topics
from bayescnn.cli import import_tensorflow

if TYPE_CHECKING:
    from distributed import Client

    from autograder.classroom import Classroom
    from autograder.gradebook import GradebookWriter
    from autograder.grading import Settings
    from autograder.limits import Limits
    from autograder.results import Result

Answer = TypeVar("Answer")

MAX_ROWS = 60
"""A longer table scrolls away; the report holds everybody."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Build, release and grade the assignments of Know What You Don't Know.",
)
console = Console()

Topic = Annotated[str, typer.Argument(help="An assignment, such as 02_kl_weight.")]
Topics = Annotated[list[str] | None, typer.Argument(help="Assignments. [default: all]")]


def _limit(name: str, text: str) -> Any:
    """An option that sets one of `autograder.limits.Limits`."""
    return typer.Option(f"--{name.replace('_', '-')}", min=1, help=text, rich_help_panel="Limits")


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
    """Build assignments from their text and the library into exercises/, and zip them."""
    import tempfile

    from autograder.builder import build_source
    from autograder.course import Course
    from autograder.release import ZIPS, zip_assignments

    chosen = _chosen(topics)
    import_tensorflow()
    for topic in track(chosen, "Releasing", console=console):
        build_source(topic)
        # The gradebook of the real class is not touched: 'grade' enters assignments there.
        with tempfile.TemporaryDirectory() as folder:
            Course(Path(folder)).generate_assignment(topic)
    zip_assignments(chosen, ROOT / "exercises")
    console.print(f"What students receive is in {ROOT / 'exercises'}.")
    console.print(f"The zips, one for each assignment and one of all: {ZIPS}.")


Folder = Annotated[
    Path, typer.Option(help="The class: submissions, grades, feedback and reports lie in it.")
]
Release = Annotated[
    Path, typer.Option(help="What students received: holds TOPIC/TOPIC.ipynb and its files.")
]
Db = Annotated[
    str, typer.Option("--db", help="The gradebook's URL. [default: FOLDER/gradebook.db, SQLite]")
]
Jobs = Annotated[
    int, typer.Option(min=0, help="Submissions to grade at once here. [default: one a core]")
]
Scheduler = Annotated[
    str, typer.Option(help="Grade on a Dask cluster instead: its scheduler, tcp://HOST:PORT.")
]
Isolation = Annotated[
    str, typer.Option(help="'bubblewrap', or 'none': submissions run with all of your rights.")
]


@app.command()
def collect(
    topic: Topic,
    source: Annotated[Path, typer.Argument(help="A folder or a zip, as your LMS gave it to you.")],
    folder: Folder = ROOT / "class",
) -> None:
    """Sort what a class handed in into FOLDER/submitted, student by student."""
    (topic,) = _chosen([topic])
    _collect(topic, source, folder.resolve() / "submitted")


def _collect(topic: str, source: Path, submitted: Path) -> None:
    from autograder.collecting import CollectionError
    from autograder.collecting import collect as collect_into

    try:
        collection = collect_into(source, topic, submitted)
    except CollectionError as error:
        _stop(error, 2)
    for name, why in collection.ignored:
        console.print(f"[yellow]left out[/] {escape(name)}: {escape(why)}", highlight=False)
    if collection.replaced:
        names = escape(", ".join(collection.replaced))
        console.print(f"replaced by newer work: {names}", highlight=False)
    console.print(f"{len(collection.students)} students handed in {topic}.", highlight=False)


@app.command()
def grade(
    topic: Topic,
    submitted: Annotated[
        Path | None, typer.Option(help="Collect this folder or zip first; see 'collect'.")
    ] = None,
    folder: Folder = ROOT / "class",
    student: Annotated[
        list[str] | None, typer.Option(help="Grade only this student; may be repeated.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the results of unchanged submissions.")
    ] = False,
    jobs: Jobs = 0,
    scheduler: Scheduler = "",
    isolation: Isolation = "bubblewrap",
    db: Db = "",
    release: Release = ROOT / "exercises",
    cell_seconds: Annotated[int, _limit("cell_seconds", "Seconds a cell may take.")] = 120,
    submission_seconds: Annotated[
        int, _limit("submission_seconds", "Seconds a notebook may take.")
    ] = 900,
    memory_mb: Annotated[int, _limit("memory_mb", "MB of memory a submission may take.")] = 2048,
    processes: Annotated[int, _limit("processes", "Processes and threads it may start.")] = 256,
    disk_mb: Annotated[int, _limit("disk_mb", "MB of files it may write.")] = 256,
    files: Annotated[int, _limit("files", "Files and folders it may make.")] = 10_000,
    output_kb: Annotated[int, _limit("output_kb", "KB that a cell may print.")] = 1024,
) -> None:
    """Grade a class: points, feedback for each student, a report and a table for you."""
    from autograder.limits import Limits

    (topic,) = _chosen([topic])
    limits = Limits(
        cell_seconds, submission_seconds, memory_mb, processes, disk_mb, files, output_kb
    )
    if submitted is not None:
        _collect(topic, submitted, folder.resolve() / "submitted")
    with _grading(
        topic, student or [], folder, release, jobs, scheduler, isolation, db, limits
    ) as desk:
        results = desk.run(
            f"Grading {topic}",
            desk.n_students,
            lambda tell: desk.classroom.grade(
                topic, desk.client, desk.writer, desk.settings, student or [], resume, tell
            ),
        )
    _show_results(results)
    _show_places(desk.classroom, topic, db)


@app.command()
def regrade(
    topic: Topic,
    question: Annotated[str, typer.Argument(help="The question whose check was mended.")],
    folder: Folder = ROOT / "class",
    jobs: Jobs = 0,
    scheduler: Scheduler = "",
    isolation: Isolation = "bubblewrap",
    db: Db = "",
    release: Release = ROOT / "exercises",
) -> None:
    """Judge one question of a graded class anew, and show who gains and who loses."""
    from autograder.checks import checks_of
    from autograder.limits import Limits
    from autograder.report import render_changes

    (topic,) = _chosen([topic])
    if question not in checks_of(topic):
        asked = ", ".join(checks_of(topic))
        _stop(f"{topic} has no check for {question!r}; it has: {asked}.", 2)
    with _grading(topic, [], folder, release, jobs, scheduler, isolation, db, Limits()) as desk:
        before, after = desk.run(
            f"Judging {question}",
            desk.n_students,
            lambda tell: desk.classroom.regrade(
                topic, question, desk.client, desk.writer, desk.settings, tell
            ),
        )
    changes = render_changes(before, after)
    table = Table("student", "was", "is", "", title=f"Changes in {question}")
    for change in changes.gained + changes.lost:
        mark = "[green]gains[/]" if change.new > change.old else "[red]loses[/]"
        table.add_row(escape(change.student), f"{change.old:g}", f"{change.new:g}", mark)
    console.print(table)
    console.print(
        f"{len(changes.gained)} gain, {len(changes.lost)} lose, "
        f"{len(after) - len(changes.gained) - len(changes.lost)} stay.",
        highlight=False,
    )


@app.command()
def report(
    topic: Topic,
    folder: Folder = ROOT / "class",
    db: Db = "",
    release: Release = ROOT / "exercises",
) -> None:
    """Write feedback, report and table again, with what people have graded by hand since."""
    from autograder.classroom import Classroom
    from autograder.gradebook import GradebookError, GradebookWriter
    from autograder.journal import JournalError

    (topic,) = _chosen([topic])
    classroom = Classroom(folder.resolve(), release.resolve())
    try:
        with GradebookWriter(db or classroom.db_url) as writer:
            _show_results(classroom.publish(topic, writer))
    except (GradebookError, JournalError, OSError) as error:
        _stop(error)
    _show_places(classroom, topic, db)


@dataclass
class _Desk:
    """What grading needs, opened together."""

    classroom: Classroom
    client: Client
    writer: GradebookWriter
    settings: Settings
    n_students: int

    def run(self, title: str, n: int, work: Callable[[Callable[[Result], None]], Answer]) -> Answer:
        """Do a piece of work under a progress bar."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task(title, total=n, rate="")
            began = time.monotonic()

            def tell(result: Result) -> None:
                progress.advance(bar)
                minutes = (time.monotonic() - began) / 60
                progress.update(bar, rate=f"{progress.tasks[bar].completed / minutes:.1f} a minute")
                if result.failure is not None:
                    text = f"[yellow]{escape(result.student)}[/]: {escape(result.failure)}"
                    progress.console.print(text, highlight=False)

            return work(tell)


@contextmanager
def _grading(
    topic: str,
    students: Sequence[str],
    folder: Path,
    release: Path,
    jobs: int,
    scheduler: str,
    isolation: str,
    db: str,
    limits: Limits,
) -> Iterator[_Desk]:
    """Open all that grading needs; say plainly what stands in the way, if something does."""
    from autograder.classroom import Classroom, StudentError
    from autograder.crew import crew
    from autograder.gradebook import GradebookError, GradebookWriter
    from autograder.grading import Settings
    from autograder.journal import JournalError
    from autograder.sandbox import SandboxError, bubblewrap

    if isolation not in ("bubblewrap", "none"):
        _stop("--isolation takes 'bubblewrap' or 'none'.", 2)
    classroom = Classroom(folder.resolve(), release.resolve())
    settings = Settings(isolation, limits)
    try:
        n_students = len(classroom.chosen(topic, students))
        with classroom.journal(topic):
            pass  # refuses at once, not after the workers have started, where another grades
        if isolation == "bubblewrap":
            bubblewrap()

        def say(text: str) -> None:
            console.print(f"[yellow]{escape(text)}[/]", highlight=False)

        with console.status("Starting the workers ..."), ExitStack() as stack:
            client = stack.enter_context(
                crew(jobs or None, scheduler or None, warm=isolation == "bubblewrap")
            )
            writer = stack.enter_context(GradebookWriter(db or classroom.db_url, say=say))
            opened = stack.pop_all()
        with opened:
            yield _Desk(classroom, client, writer, settings, n_students)
    except StudentError as error:
        _stop(error, 2)
    except (GradebookError, JournalError, SandboxError) as error:
        _stop(error)
    except OSError as error:
        why = str(error) or type(error).__name__
        _stop(f"{why}. What was graded until now is kept: put that right, then add --resume.")
    except KeyboardInterrupt:
        _stop("Interrupted. What was graded until now is kept: go on with --resume.", 130)


def _stop(why: object, code: int = 1) -> NoReturn:
    """Say what stands in the way, and end."""
    console.print(f"[red]{escape(str(why))}[/]", highlight=False)
    raise typer.Exit(code) from None


def _show_results(results: Sequence[Result]) -> None:
    """One row per student, one numbered column per question, and what the numbers mean."""
    if not results:
        return
    questions = results[0].questions
    table = Table("student", title="Points")
    for number in range(1, len(questions) + 1):
        table.add_column(str(number), justify="right")
    table.add_column("total", justify="right", style="bold")
    table.add_column("")
    for result in results[:MAX_ROWS]:
        cells = [f"{q.points:g}{'*' if q.by_hand else ''}" for q in result.questions]
        why = "" if result.failure is None else "failed"
        table.add_row(escape(result.student), *cells, f"{result.points:g}", why)
    console.print(table)
    if len(results) > MAX_ROWS:
        console.print(f"... and {len(results) - MAX_ROWS} more; the report shows all of them.")
    for number, question in enumerate(questions, 1):
        console.print(f"{number:3} {question.name} ({question.max_points:g})", highlight=False)


def _show_places(classroom: Classroom, topic: str, db: str) -> None:
    page = classroom.report(topic)
    console.print(
        f"Report:    {page}\n"
        f"Table:     {page.with_suffix('.csv')}\n"
        f"Feedback:  {classroom.folder / 'feedback'}\n"
        f"Gradebook: {db or classroom.db_url}\n"
        "Questions marked * wait for a person: nbgrader's formgrader shows them; afterwards "
        f"'autograder report {topic}' writes everything anew.",
        highlight=False,
        soft_wrap=True,
    )


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
    from autograder.variants import matrix, table_of

    chosen = _chosen(topics)
    import_tensorflow()
    outcomes = [outcome for topic in chosen for outcome in matrix(topic)]
    console.print(table_of(outcomes))
    misjudged = [outcome for outcome in outcomes if not outcome.ok]
    for outcome in misjudged:
        console.print(f"[red]✗[/] {escape(str(outcome))}", highlight=False)
    raise typer.Exit(1 if misjudged else 0)


@app.command()
def attacks(
    number: Annotated[
        list[int] | None, typer.Option(help="Only this class of attack; may be repeated.")
    ] = None,
    jobs: Jobs = 0,
) -> None:
    """Grade a class of hostile and broken submissions; fail if one of them achieves anything."""
    import tempfile

    from autograder.attacks import ATTACKS
    from autograder.attacks.trial import run, table_of

    chosen = [attack for attack in ATTACKS if not number or attack.number in number]
    status = console.status(f"Grading {len(chosen)} attackers and their neighbours ...")
    # Not below the repository: tools that walk it would stumble over pipes and endless links.
    with status, tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        trial = run(chosen, Path(folder).resolve(), jobs or 2)
    console.print(table_of(trial))
    for fault in trial.neighbours:
        console.print(f"[red]{escape(fault)}[/]", highlight=False)
    n_bad = sum(bool(outcome.faults) for outcome in trial.outcomes)
    console.print(
        f"{len(trial.outcomes)} submissions, {n_bad} with a fault; "
        f"{len(trial.neighbours)} faults in the grading of their neighbours.",
        highlight=False,
    )
    raise typer.Exit(0 if trial.held else 1)
