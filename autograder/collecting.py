"""Submissions as a learning platform gives them out, brought into nbgrader's tree.

`collect` takes a folder or an archive in which Canvas, Moodle, Blackboard or a person has put a
class's work, finds out whose each file is, and writes ``submitted/STUDENT/TOPIC/TOPIC.ipynb``.
`autograder.filenames` reads the names.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from nbgrader.plugins.zipcollect import FileNameCollectorPlugin

from autograder.filenames import SubmissionNames, owner, split_name, student_id
from autograder.submissions import (
    TIMESTAMP,
    SubmissionLimits,
    beside,
    choose_notebook,
    parse_timestamp,
)
from autograder.topics import TOPICS
from autograder.untrusted import (
    MAX_DEPTH,
    ArchiveError,
    Folder,
    Refuse,
    Room,
    is_archive,
    is_junk,
    is_notebook,
    printable,
    safe_path,
    unpack,
)

CLASS_BYTES = 10 * 2**30
"""What a class's archive may unpack to: a thousand students with ten megabytes each."""

CLASS_FILES = 200_000
"""What a class's archive may hold: a thousand students with two hundred files each."""


class CollectionError(ValueError):
    """Nothing can be collected; the message says what was expected."""


@dataclass(frozen=True)
class Collection:
    """What collecting a class's work came to.

    Attributes:
        students: whose work now lies in the tree for this topic, in alphabetical order. Who handed
            in something without a notebook is among them, and learns so from the grading.
        replaced: those of them whose former submission gave way to a different one.
        ignored: files that were left out, each with why.
    """

    students: tuple[str, ...]
    replaced: tuple[str, ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Upload:
    """One file that a student handed in.

    Attributes:
        student: the name of the folder that it goes to.
        path: where it lies below the source, as the system spells it.
        name: its name within the submission.
        rank: later uploads rank higher; the surest sign comes first.
        slot: uploads of a student with the same slot are versions of one another.
        submitted: when, if its name says so.
        arranged: an instructor or nbgrader put it there, so that its timestamp.txt is true.
    """

    student: str
    path: str
    name: str
    rank: tuple[str, int, int, float, str]
    slot: str
    submitted: datetime | None = None
    arranged: bool = False


def collect(
    source: Path,
    topic: str,
    submitted: Path,
    limits: SubmissionLimits | None = None,
    names: FileNameCollectorPlugin | None = None,
) -> Collection:
    """Bring a class's submissions into nbgrader's tree.

    A student's files are written beside the tree and then moved into it, so a submission is never
    half there. Collecting the same source again changes nothing.

    Args:
        source: a folder or an archive with what students handed in; see `CollectionError`'s
            message for what it may look like. If it is ``submitted``, nothing is copied.
        topic: the assignment.
        submitted: nbgrader's folder ``submitted``; made if need be.
        limits: how much one submission may hold.
        names: reads file names of a platform that `SubmissionNames` does not know.

    Returns:
        Whose work was collected, and what was left out.

    Raises:
        CollectionError: nothing in the source can be a submission.
    """
    limits = limits or SubmissionLimits()
    if not source.is_dir() and not (source.is_file() and is_archive(source.name)):
        raise CollectionError(_expected(source, topic, "is neither a folder nor an archive"))
    if submitted.resolve() in (source.resolve(), _class_folder(source, topic).resolve()):
        return _in_place(source, topic, submitted)
    ignored: list[tuple[str, str]] = []

    def refuse(name: str, why: str) -> None:
        ignored.append((name, why))

    submitted.mkdir(parents=True, exist_ok=True)
    replaced = []
    with tempfile.TemporaryDirectory(prefix=".collecting-", dir=submitted) as folder:
        work = Path(folder)
        root = source if source.is_dir() else work / "source"
        if root != source:
            _unpack_class(source, topic, root, limits, refuse)
        root = _class_folder(root, topic)
        students = _find(root, topic, names or SubmissionNames(), limits, refuse)
        for student, uploads in students.items():
            latest = _latest(uploads, refuse)
            files = _assemble(student, root, latest, topic, limits, refuse)
            if _store(files, submitted / student / topic, work):
                replaced.append(student)
    if not students:
        raise CollectionError(_expected(source, topic, "holds no submission", ignored))
    return Collection(tuple(sorted(students)), tuple(sorted(replaced)), tuple(sorted(ignored)))


def _expected(source: Path, topic: str, but: str, ignored: Iterable[tuple[str, str]] = ()) -> str:
    """What to tell an instructor who named a wrong source."""
    lines = [
        f"{source} {but}. Name a folder, a .zip or a .tar.gz that holds one of these:",
        f"  STUDENT/{topic}/{topic}.ipynb   nbgrader's own folders",
        f"  STUDENT/{topic}.ipynb   a folder for each student, as from Moodle",
        "  STUDENT.ipynb   a file for each student, also as Canvas, Moodle and Blackboard name it",
        *[f"Left out: {name}: {why}" for name, why in sorted(ignored)[:5]],
    ]
    return "\n".join(lines)


def _in_place(source: Path, topic: str, submitted: Path) -> Collection:
    """The students of a tree that is already where it should be."""
    students = sorted(path.parent.name for path in submitted.glob(f"*/{topic}"))
    if not students:
        raise CollectionError(_expected(source, topic, f"holds no submission for {topic}"))
    return Collection(tuple(students))


# --- The source -------------------------------------------------------------------------------


def _unpack_class(
    source: Path, topic: str, root: Path, limits: SubmissionLimits, refuse: Refuse
) -> None:
    """Unpack a class's archive into a folder of ours."""
    root.mkdir()
    room = Room(CLASS_BYTES, CLASS_FILES, member=limits.notebook_bytes + limits.files_bytes)
    try:
        with source.open("rb") as stream:
            for member in unpack(stream, source.name, room, refuse):
                path = root / member.path
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open("xb") as file:
                        file.write(member.data)
                except (FileExistsError, NotADirectoryError):
                    refuse(member.path, "is in the archive twice; the first one counts")
                    continue
                os.utime(path, (member.modified, member.modified))
    except ArchiveError as error:
        but = f"cannot be read: {error} Please download it again"
        raise CollectionError(_expected(source, topic, but)) from None


def _class_folder(root: Path, topic: str) -> Path:
    """The folder that holds the students', past any that merely wrap it."""
    while root.is_dir():
        if (root / "submitted").is_dir():  # a whole course folder
            return root / "submitted"
        entries = [entry for entry in os.scandir(root) if not is_junk(entry.name)]
        if len(entries) != 1 or not entries[0].is_dir(follow_symlinks=False):
            return root
        if _is_students(Path(entries[0]), topic):
            return root
        root = Path(entries[0])
    return root


def _is_students(folder: Path, topic: str) -> bool:
    """Whether the only folder there is belongs to a student, rather than wrapping a class."""
    with os.scandir(folder) as entries:
        folders = {entry.name: entry.is_dir() for entry in entries}
    topics = (topic, *TOPICS)
    if any(folders.get(one) for one in topics):
        return True
    if any((folder / name / one).is_dir() for name in folders for one in topics):
        return False
    works = [
        name
        for name, is_folder in folders.items()
        if not is_folder and (is_notebook(name) or is_archive(name))
    ]
    platform = SubmissionNames()
    if not works or any(platform.collect(name) for name in works):
        return False
    if len(works) == 1 or f"{topic}.ipynb" in works:
        return True
    return platform.collect(f"{folder.name}/{works[0]}") is not None


def _find(
    root: Path,
    topic: str,
    names: FileNameCollectorPlugin,
    limits: SubmissionLimits,
    refuse: Refuse,
) -> dict[str, list[_Upload]]:
    """What each student handed in for a topic, by whatever way it is arranged."""
    students: dict[str, list[_Upload]] = {}
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        name = entry.name
        if is_junk(name) or name.startswith(".collecting-"):
            continue
        if entry.is_dir(follow_symlinks=False):
            if _in_tree(root, name, topic, names):
                # Who has nbgrader's folder has handed in, even if nothing in it can be read.
                students.setdefault(student_id(name), [])
            uploads = _in_folder(root, name, topic, names, limits, refuse)
        elif not entry.is_file(follow_symlinks=False):
            refuse(printable(name), "is a link or a device, not a file or folder")
            continue
        else:
            uploads = _by_name(root, name, names) or _by_owner(root, name, topic, refuse)
        for upload in uploads:
            students.setdefault(upload.student, []).append(upload)
    return dict(sorted(students.items()))


def _in_tree(root: Path, folder: str, topic: str, names: FileNameCollectorPlugin) -> bool:
    """Whether a folder is a student's of nbgrader's tree, with one for this topic in it.

    A platform's folder is not: there, it is the student who called a folder like the topic.
    """
    by_platform = names.collect(str(root / folder / f"{topic}.ipynb")) is not None
    return not by_platform and os.path.lexists(root / folder / topic)


def _in_folder(
    root: Path,
    folder: str,
    topic: str,
    names: FileNameCollectorPlugin,
    limits: SubmissionLimits,
    refuse: Refuse,
) -> list[_Upload]:
    """What lies in a folder that bears a student's name, or a platform's names for its files."""
    in_tree = _in_tree(root, folder, topic, names)
    base = f"{folder}/{topic}" if in_tree else folder
    try:
        with Folder(root / base) as opened:
            listing = opened.listing(limits.files + 2)
    except OSError:
        refuse(printable(base), "is a link, or cannot be opened")
        return []
    for other in listing.other:
        refuse(printable(f"{base}/{other}"), "is a link or a device, or cannot be opened")
    if not listing.complete:
        refuse(printable(base), f"has more than {limits.files} files; some were left out")
    plain = listing.plain
    if not in_tree:
        named = [upload for one in plain for upload in _by_name(root, f"{folder}/{one}", names)]
        if named:
            return named
        # A student who handed in other topics only has nothing to do with this one.
        plain = tuple(one for one in plain if one.split("/")[0] not in TOPICS)
        if not any(is_notebook(one) or is_archive(one) for one in plain):
            if plain:
                refuse(printable(folder), "is a folder without a notebook")
            return []
    student = student_id(folder)
    return [
        _Upload(student, path, one, _rank(root, path), one, arranged=True)
        for one in plain
        for path in [f"{base}/{one}"]
    ]


def _rank(
    root: Path, path: str, time: datetime | None = None, order: int = 0, copy: int = 0
) -> tuple[str, int, int, float, str]:
    """What orders the uploads of a student: the surest sign first."""
    stamp = "" if time is None else time.isoformat()
    return stamp, order, copy, (root / path).lstat().st_mtime, path


def _by_name(root: Path, path: str, names: FileNameCollectorPlugin) -> list[_Upload]:
    """The file, if a platform named it."""
    found = names.collect(str(root / path))
    if not found:
        return []
    name = found["file_id"]
    suffix = PurePosixPath(path).suffix
    if not name.endswith(suffix):
        name += suffix  # nbgrader lets patterns leave it out
    stem, copy, suffix = split_name(name, on_platform=True)
    time = parse_timestamp(found.get("timestamp") or "")
    rank = _rank(root, path, time, int(found.get("order") or 0), copy)
    student = student_id(found["student_id"])
    slot = f"{stem}.ipynb" if suffix else stem
    return [_Upload(student, path, stem + suffix, rank, slot, time)]


def _by_owner(root: Path, path: str, topic: str, refuse: Refuse) -> list[_Upload]:
    """The file, if a person named it after its author."""
    stem, copy, suffix = split_name(path, on_platform=False)
    student = owner(stem, topic)
    if not suffix:
        refuse(printable(path), "is neither a notebook nor an archive")
    elif student is None:
        refuse(
            printable(path),
            "does not say whose it is: name it STUDENT.ipynb, or put it into a folder STUDENT",
        )
    else:
        rank = _rank(root, path, copy=copy)
        slot = f"{topic}.ipynb"
        return [_Upload(student_id(student), path, topic + suffix, rank, slot)]
    return []


def _latest(uploads: Iterable[_Upload], refuse: Refuse) -> list[_Upload]:
    """A student's uploads, without those that a later one took the place of."""
    slots: dict[str, _Upload] = {}
    for upload in sorted(uploads, key=lambda upload: upload.rank):
        former = slots.get(upload.slot)
        if former is not None:
            now = printable(upload.path)
            refuse(printable(former.path), f"{upload.student} has handed in {now} later")
        slots[upload.slot] = upload
    return list(slots.values())


# --- A student's files ------------------------------------------------------------------------


def _assemble(
    student: str,
    root: Path,
    uploads: Iterable[_Upload],
    topic: str,
    limits: SubmissionLimits,
    refuse: Refuse,
) -> dict[str, bytes]:
    """A submission's files by their place in the student's folder."""
    files: dict[str, bytes] = {}
    times: list[datetime] = []
    room = limits.notebook_bytes + limits.files_bytes
    with Folder(root) as folder:
        # The notebook first: if there is too much, let it be the rest that is left out.
        for upload in sorted(uploads, key=lambda upload: not is_notebook(upload.name)):
            name = safe_path(upload.name)
            if PurePosixPath(upload.name).name == TIMESTAMP and not upload.arranged:
                continue  # The student's own word for when it was handed in.
            try:
                data = folder.read(upload.path, room)
            except OSError:
                refuse(printable(upload.path), "cannot be opened")
                continue
            if name is None or len(data) > room:
                why = "is too large" if name else "has a name that is too long, or a strange one"
                refuse(printable(upload.path), why)
                continue
            room -= len(data)
            files[name] = data
            if upload.submitted is not None:
                times.append(upload.submitted)
    if not any(is_notebook(name) for name in files):
        files = _unpacked(files, student, limits, refuse)
    files = _arranged(files, topic)
    if TIMESTAMP in files and parse_timestamp(files[TIMESTAMP].decode("latin-1")) is None:
        refuse(f"{student}: {TIMESTAMP}", "holds no time")
        del files[TIMESTAMP]
    if times:
        files[TIMESTAMP] = f"{max(times):%Y-%m-%d %H:%M:%S.%f} UTC".encode()
    return {name: files[name] for name in files if not _hidden(student, name, files, refuse)}


def _unpacked(
    files: Mapping[str, bytes], student: str, limits: SubmissionLimits, refuse: Refuse
) -> dict[str, bytes]:
    """A submission with its archives opened; one that cannot be opened stays as it is."""
    room = Room(
        limits.notebook_bytes + limits.files_bytes,
        limits.files + 1,
        member=limits.notebook_bytes + limits.files_bytes,
    )
    result = {name: data for name, data in files.items() if not is_archive(name)}
    for name in filter(is_archive, files):

        def refuse_member(member: str, why: str, name: str = name) -> None:
            refuse(f"{student}: {name}: {member}", why)

        try:
            # Each entry has this signature; zipfile would list them all before anybody can count.
            if files[name].count(b"PK\x01\x02") > 10 * limits.files:
                raise ArchiveError("it holds too many files.")
            members = {
                member.path: member.data
                for member in unpack(io.BytesIO(files[name]), name, room, refuse_member)
                # Within an archive it is the student who says when it was handed in.
                if PurePosixPath(member.path).name != TIMESTAMP
            }
        except ArchiveError as error:
            refuse(f"{student}: {name}", f"cannot be read: {error}")
            members = {name: files[name]}
        result.update(members)
    return result


def _arranged(files: Mapping[str, bytes], topic: str) -> dict[str, bytes]:
    """A submission with its notebook, under the topic's name, at the top."""
    chosen, _ = choose_notebook(list(files), topic)
    if chosen is None:
        return dict(files)
    others = {beside(name, chosen): data for name, data in files.items() if name != chosen}
    return {**others, f"{topic}.ipynb": files[chosen]}


def _hidden(student: str, name: str, files: Mapping[str, bytes], refuse: Refuse) -> bool:
    """Whether a file of the same name lies where this one's folder should be."""
    above = next((str(one) for one in PurePosixPath(name).parents if str(one) in files), None)
    if above is not None:
        refuse(
            f"{student}: {name}", f"lies in a folder {above}, but there is a file of that name, too"
        )
    return above is not None


# --- nbgrader's tree --------------------------------------------------------------------------


def _store(files: Mapping[str, bytes], target: Path, work: Path) -> bool:
    """Write a submission into the tree, unless it is there already.

    Returns:
        Whether it took the place of a different one.
    """
    former = target.is_symlink() or target.exists()
    if former and _same(files, target):
        return False
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=work)) / target.name
    for name, data in files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    fresh.mkdir(exist_ok=True)
    target.parent.mkdir(exist_ok=True)
    if former:
        # Folders cannot be exchanged in one step; between these two a reader finds none, and a
        # further run sets it right.
        target.rename(Path(tempfile.mkdtemp(prefix="old-", dir=work)) / target.name)
    fresh.rename(target)
    return former


def _same(files: Mapping[str, bytes], target: Path) -> bool:
    """Whether a folder holds just these files."""
    try:
        with Folder(target) as folder:
            listing = folder.listing(MAX_DEPTH * (len(files) + 1))
            return (
                listing.complete
                and not listing.other
                and set(listing.plain) == set(files)
                and all(folder.read(name, len(data)) == data for name, data in files.items())
            )
    except OSError:
        return False
