"""How fast a class is graded, against stock nbgrader: ``make bench-grading``.

Both sides grade the same notebooks in one run on the same machine, each with one command:
``autograder grade`` and, under nbgrader's own configuration, ``nbgrader autograde``. Wall times
count from the command's start to its end, so that start-up is in them.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import nbformat
import typer
from nbformat.notebooknode import NotebookNode
from rich.console import Console
from rich.table import Table

from autograder.builder import build_source
from autograder.course import Course, environment
from autograder.journal import Journal
from autograder.sample import filled, model_answers
from autograder.topics import ROOT
from autograder.variants import variants_of

TOPIC = "02_kl_weight"
LIGHT = ("parameter_count", "per_example_weight", "negative_log_likelihood")
BENCH = ROOT / "build" / "bench"

console = Console(highlight=False)


# --- The classes ---------------------------------------------------------------------------------


def light(notebook: NotebookNode) -> NotebookNode:
    """The imports, three functions and their checks; all else is left out."""
    kept = {"imports", *LIGHT, *(f"check-{name}" for name in LIGHT)}
    small = copy.deepcopy(notebook)
    small.cells = [
        cell for cell in small.cells if cell.metadata.get("nbgrader", {}).get("grade_id") in kept
    ]
    return small


def light_class() -> list[NotebookNode | str]:
    """Forty light notebooks: right, right in another way, with a mistake, untouched."""
    right = {name: model_answers(TOPIC)[name] for name in LIGHT}
    other, *mistaken = _others(right)
    answers = [*[right] * 18, *[other] * 12, *mistaken * 2, *[{}] * 4]
    return [light(filled(TOPIC, each)) for each in answers]


def mixed_class() -> list[NotebookNode | str]:
    """Forty whole notebooks as a class hands them in, two of them broken."""
    right = model_answers(TOPIC)
    other, *mistaken = _others(right)
    half = dict(list(right.items())[: len(right) // 2])
    answers = [*[right] * 10, *[other] * 8, *mistaken * 2, *[half] * 2, *[{}] * 2]
    crash = filled(TOPIC, half)
    crash.cells.insert(len(crash.cells) // 2, nbformat.v4.new_code_cell("import os; os._exit(1)"))
    return [*(filled(TOPIC, each) for each in answers), crash, "this is no notebook"]


def _others(right: Mapping[str, str]) -> list[dict[str, str]]:
    """The same answers in another way, and with a mistake in one function after the other."""
    variants = {name: variants_of(TOPIC, name) for name in right}
    other = {name: next(v.source for v in found if v.right) for name, found in variants.items()}
    wrong = {name: next(v.source for v in found if not v.right) for name, found in variants.items()}
    return [other, *({**right, name: wrong[name]} for name in right)]


def hand_in(folder: Path, notebooks: Sequence[NotebookNode | str], size: int) -> None:
    """Fill ``folder/submitted`` with a class of a size, taking the notebooks in turn."""
    shutil.rmtree(folder, ignore_errors=True)
    for number, notebook in zip(range(size), itertools.cycle(notebooks), strict=False):
        path = folder / "submitted" / f"student-{number:04}" / TOPIC / f"{TOPIC}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook if isinstance(notebook, str) else nbformat.writes(notebook))


def evenly(notebooks: Sequence[NotebookNode | str], size: int) -> list[NotebookNode | str]:
    """A smaller class that is mixed alike: every so-manieth notebook."""
    return [notebooks[index * len(notebooks) // size] for index in range(min(size, len(notebooks)))]


# --- Both sides ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """One command that graded a class.

    Attributes:
        seconds: from its start to its end.
        ready_seconds: until the first submission could begin; 0 where that is not told apart.
        points: what each student earned.
        own_seconds: wall time of each submission less what its own cells and probes computed.
        ended: when each submission was done, in seconds after the first began.
        trusted_mb: the most memory that the trusted process held.
        private_mb: the most private memory of any kernel.
    """

    seconds: float
    points: dict[str, float]
    ready_seconds: float = 0.0
    own_seconds: tuple[float, ...] = ()
    ended: tuple[float, ...] = ()
    trusted_mb: float = 0.0
    private_mb: float = 0.0

    @property
    def per_minute(self) -> float:
        """Submissions a minute, start-up included."""
        return 60 * len(self.points) / self.seconds


def grade_ours(folder: Path, release: Path, jobs: int) -> Run:
    """Grade with this package's command."""
    for made in ("autograded", "feedback", "journal", "reports", "gradebook.db"):
        path = folder / made
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    began = time.time()
    words = ["-m", "autograder", "grade", TOPIC, f"--folder={folder}", f"--release={release}"]
    seconds, memory = _run([*words, f"--jobs={jobs}"], ROOT)
    with Journal(folder / "journal" / f"{TOPIC}.jsonl") as journal:
        results = journal.results()
    times = _times(folder / "journal" / f"{TOPIC}.jsonl")
    return Run(
        seconds=seconds,
        points={result.student: result.points for result in results},
        ready_seconds=min(times["attempt"]) - began,
        own_seconds=tuple(r.seconds - r.compute_seconds for r in results if r.failure is None),
        ended=tuple(sorted(end - min(times["attempt"]) for end in times["graded"])),
        trusted_mb=memory.trusted_mb,
        private_mb=memory.private_mb,
    )


def grade_stock(folder: Path) -> Run:
    """Grade with nbgrader's command under nbgrader's own configuration.

    Args:
        folder: holds ``source`` and ``submitted``.
    """
    for made in ("autograded", "release", "gradebook.db"):
        path = folder / made
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.course_id = 'stock'\n"
        f"c.CourseDirectory.root = {str(folder)!r}\n"
        "c.Execute.timeout = 120\n"
    )
    nbgrader = ["-m", "nbgrader"]
    _run([*nbgrader, "generate_assignment", TOPIC, "--create"], folder)
    seconds, _ = _run([*nbgrader, "autograde", TOPIC, "--create"], folder)
    points = dict.fromkeys((path.name for path in (folder / "submitted").iterdir()), 0.0)
    for score in Course(folder).scores(TOPIC):
        points[score.student] += score.points
    return Run(seconds, points)


def _run(words: Sequence[str], folder: Path) -> tuple[float, _Memory]:
    """Run a Python process to its end.

    Its output goes to a file, so that no pipe can hold it up.

    Returns:
        Its wall time and what memory it took.

    Raises:
        RuntimeError: it failed; carries what it said.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=folder,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=environment(),
        )
        with _Memory(process.pid) as memory:
            code = process.wait()
        seconds = time.monotonic() - began
        said.seek(0)
        # Stock nbgrader ends with 1 where a submission was broken, having graded the others.
        if code != 0 and (code != 1 or "autograde" not in words):
            raise RuntimeError(f"{' '.join(words)} ended with {code}:\n{said.read()}")
    return seconds, memory


class _Memory:
    """Watches the memory of a grading process and of the kernels below it."""

    def __init__(self, pid: int) -> None:
        self.trusted_mb = self.private_mb = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            for folder in Path("/proc").iterdir():
                with contextlib.suppress(OSError, ValueError):
                    if folder.name == str(self._pid):
                        peak = _kilobytes(folder / "status", "VmHWM")
                        self.trusted_mb = max(self.trusted_mb, peak / 1024)
                    elif folder.name.isdigit() and _is_kernel(folder):
                        private = _kilobytes(folder / "smaps_rollup", "Private_")
                        self.private_mb = max(self.private_mb, private / 1024)


def _is_kernel(process: Path) -> bool:
    """Whether a process was forked by the fork server into a process namespace of its own."""
    if b"forkserver.py" not in (process / "cmdline").read_bytes():
        return False
    return len((process / "status").read_text().split("NSpid:")[1].split("\n")[0].split()) > 1


def _kilobytes(path: Path, key: str) -> int:
    """The sum over the lines of a ``/proc`` file that start with a key."""
    lines = path.read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(key))


def _times(journal: Path) -> dict[str, list[float]]:
    """When each event was noted, by its kind."""
    times: dict[str, list[float]] = {}
    for line in journal.read_text().splitlines():
        entry = json.loads(line)
        times.setdefault(entry["event"], []).append(entry["time"])
    return times


# --- The table -----------------------------------------------------------------------------------


def compare(kind: str, notebooks: Sequence[NotebookNode | str], size: int) -> dict[str, Any]:
    """Grade one class with both sides, ours with two workers and with one."""
    chosen = evenly(notebooks, size)
    ours, stock = BENCH / kind / "ours", BENCH / kind / "stock"
    for folder in (ours, stock):
        hand_in(folder, chosen, len(chosen))
    release = _releases(kind, stock / "source")
    with console.status(f"{kind}: {len(chosen)} submissions, two workers ..."):
        two = grade_ours(ours, release, jobs=2)
    with console.status(f"{kind}: {len(chosen)} submissions, one worker ..."):
        one = grade_ours(ours, release, jobs=1)
    with console.status(f"{kind}: {len(chosen)} submissions, stock nbgrader ..."):
        theirs = grade_stock(stock)
    return {
        "submissions": len(chosen),
        "ours_per_minute": two.per_minute,
        "stock_per_minute": theirs.per_minute,
        "times_faster": two.per_minute / theirs.per_minute,
        "times_faster_after_start": _steady(two) / theirs.per_minute,
        "two_workers_over_one": _steady(two) / _steady(one),
        "start_seconds": two.ready_seconds,
        "own_seconds_median": statistics.median(one.own_seconds),
        "own_seconds_median_two_workers": statistics.median(two.own_seconds),
        "trusted_mb": two.trusted_mb,
        "kernel_private_mb": max(one.private_mb, two.private_mb),
        "same_points": two.points == one.points,
        "points_differ_from_stock": {
            student: [points, theirs.points.get(student, 0.0)]
            for student, points in two.points.items()
            if points != theirs.points.get(student, 0.0)
        },
    }


def otter_per_minute(size: int = 5) -> float:
    """Submissions a minute by otter-grader, on light notebooks that are right.

    Raises:
        OtterError: otter-grader cannot be installed.
    """
    from autograder import bench_otter

    with console.status("light: otter-grader ..."), tempfile.TemporaryDirectory() as scratch:
        python = bench_otter.install(BENCH / "otter")
        assignment = bench_otter.make_assignment(Path(scratch), python)
        right = assignment.submission({name: model_answers(TOPIC)[name] for name in LIGHT})
        paths = [Path(scratch) / f"student-{number}.ipynb" for number in range(size)]
        for path in paths:
            nbformat.write(right, path)
        seconds = bench_otter.grade(python, paths, assignment.archive)
    return 60 / statistics.mean(seconds)


def _steady(run: Run) -> float:
    """Submissions a minute once the workers stand."""
    return 60 * len(run.ended) / run.ended[-1]


def _releases(kind: str, source: Path) -> Path:
    """Write both sides' assignment.

    Returns:
        The folder of our release; the source that stock nbgrader releases from is ``source``.
    """
    release = BENCH / kind / "release"
    shutil.rmtree(release, ignore_errors=True)
    shutil.copytree(ROOT / "exercises" / TOPIC, release / TOPIC)
    build_source(TOPIC, source)
    if kind == "light":
        for folder in (release, source):
            path = folder / TOPIC / f"{TOPIC}.ipynb"
            nbformat.write(light(nbformat.read(path, as_version=4)), path)
    return release


def simulate(size: int) -> dict[str, Any]:
    """Grade a large class of copies of the mixed one, and watch whether the rate holds."""
    folder = BENCH / "simulated"
    hand_in(folder, mixed_class(), size)
    with console.status(f"simulated: {size} submissions ..."):
        run = grade_ours(folder, ROOT / "exercises", jobs=2)
    # A period of the class is 40 submissions; the first and last fifth hold whole periods.
    fifth = size // 5
    first = 60 * fifth / run.ended[fifth - 1]
    last = 60 * fifth / (run.ended[-1] - run.ended[-1 - fifth])
    return {
        "submissions": len(run.points),
        "minutes": run.seconds / 60,
        "per_minute_first_fifth": first,
        "per_minute_last_fifth": last,
        "last_over_first": last / first,
        "trusted_mb": run.trusted_mb,
        "kernel_private_mb": run.private_mb,
        "own_seconds_median": statistics.median(run.own_seconds),
    }


app = typer.Typer(add_completion=False)


@app.command()
def main(
    size: Annotated[int, typer.Option(help="Submissions in each class, at most 40.")] = 40,
    simulated: Annotated[int, typer.Option(help="A large class besides; 0 leaves it out.")] = 0,
    otter: Annotated[bool, typer.Option("--otter", help="Time otter-grader, too.")] = False,
    kind: Annotated[list[str] | None, typer.Option(help="Only 'light' or 'mixed'.")] = None,
) -> None:
    """Grade classes with this package and with stock nbgrader, and compare."""
    classes = {"light": light_class, "mixed": mixed_class}
    figures: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "python": sys.version.split()[0]},
    }
    BENCH.mkdir(parents=True, exist_ok=True)
    for name in kind or list(classes):
        figures[name] = compare(name, classes[name](), size)
        _save(figures)
    if otter:
        light_figures = figures.setdefault("light", {})
        light_figures["otter_per_minute"] = otter_per_minute(min(size, 5))
        _save(figures)
    if simulated:
        figures["simulated"] = simulate(simulated)
        _save(figures)
    table = Table("figure", *(name for name in figures if name != "machine"))
    rows = dict.fromkeys(key for name in figures if name != "machine" for key in figures[name])
    for row in rows:
        cells = (figures[name].get(row, "") for name in figures if name != "machine")
        table.add_row(row, *(f"{c:.2f}" if isinstance(c, float) else str(c) for c in cells))
    console.print(table)
    console.print(f"As JSON: {BENCH / 'grading.json'}")


def _save(figures: dict[str, Any]) -> None:
    (BENCH / "grading.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    app()
