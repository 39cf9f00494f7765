"""The zips that students download: one for each assignment, and one that holds all of them.

Every zip has the same root folder, so that assignments unpacked one after the other come to lie
side by side. The zip of all is for those who learn on their own: assignment NN brings the modules
of the assignments before it, which are the answers to those.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from autograder.environment import PYTHON, pins, requested
from autograder.topics import COURSE_ID, ROOT, written_topics

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ZIPS = ROOT / "build" / "release"
"""Where the zips are written."""

EDITOR = "jupyterlab"
"""What a student works in; the library itself does not need it."""

DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file in a zip (the earliest there is): the same files make the same zip."""


def student_files() -> dict[str, str]:
    """The texts that lie beside the assignments in every zip, by name."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pinned = pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    ranges = tomllib.loads(project)["project"]["dependencies"]
    packages = [*requested(project, groups=()), EDITOR]
    environment = {
        "name": COURSE_ID,
        "channels": ["conda-forge"],
        "dependencies": [
            f"python={PYTHON}",
            "pip",
            {"pip": [f"{name}=={pinned[name]}" for name in packages]},
        ],
    }
    readme = Path(__file__).parent / "templates" / "student_readme.md"
    return {
        "README.md": readme.read_text(encoding="utf-8"),
        "environment.yml": yaml.safe_dump(environment, sort_keys=False),
        "requirements.txt": "".join(f"{line}\n" for line in [*ranges, EDITOR]),
    }


def write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a zip of the given files under the course's folder; the same files, the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{COURSE_ID}/{name}", DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])


def zip_assignments(topics: Sequence[str], release: Path, folder: Path = ZIPS) -> list[Path]:
    """Write one zip for each assignment, and one of all that have been released.

    Args:
        topics: the assignments whose own zip is written.
        release: holds TOPIC/TOPIC.ipynb and its files, of all assignments.
        folder: gets TOPIC.zip, and COURSE.zip for all of them.

    Returns:
        The zips, that of all assignments last.
    """
    beside = {name: text.encode() for name, text in student_files().items()}

    def assignment(topic: str) -> dict[str, bytes]:
        return {
            path.relative_to(release).as_posix(): path.read_bytes()
            for path in (release / topic).rglob("*")
            if path.is_file()
            and not any(part[0] in "._" for part in path.relative_to(release).parts[:-1])
        }

    written = []
    for topic in topics:
        written.append(folder / f"{topic}.zip")
        write_zip(written[-1], beside | assignment(topic))
    everything = dict(beside)
    for path in sorted(release.glob("[0-9][0-9]_*")):
        everything |= assignment(path.name)
    written.append(folder / f"{COURSE_ID}.zip")
    write_zip(written[-1], everything)
    return written


if __name__ == "__main__":
    for path in zip_assignments(written_topics(), ROOT / "exercises"):
        print(path.relative_to(ROOT))
