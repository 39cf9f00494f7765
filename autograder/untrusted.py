"""Folders and archives that strangers sent, read without believing them.

A submission may hold links to its neighbours or to the gradebook, pipes that never answer, names
that are no text, archives that unpack to terabytes or onto other people's files. `Folder` and
`unpack` hand out nothing but the bytes of plain files, and no more of them than they were told.
Both only read: what they yield was never written to where an archive wished.
"""

from __future__ import annotations

import errno
import gzip
import os
import re
import stat
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, cast

MAX_DEPTH = 12
"""Folders within folders: an honest submission has two or three."""

MAX_NAME_BYTES = 200
"""For one step of a path: file systems take 255, and some of ours is spent on replacements."""

JUNK = frozenset(
    {"__MACOSX", "__pycache__", ".DS_Store", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini"}
)
"""What systems and editors leave behind; nobody means to hand it in."""

ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")

Refuse = Callable[[str, str], None]
"""Told the name of each file that is left out, and why in plain words."""

_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe waits for somebody to write into it: for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ArchiveError(ValueError):
    """An archive cannot be unpacked; the message completes the sentence "It cannot be read: …"."""


def printable(name: str) -> str:
    """A name that any terminal, file and database takes: no escapes, no broken encoding."""
    text = name.encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def is_junk(path: str) -> bool:
    """Whether a file came along unasked; ``._`` begins the companions that macOS makes."""
    return any(part in JUNK or part.startswith("._") for part in PurePosixPath(path).parts)


def is_archive(name: str) -> bool:
    """Whether a file is one that `unpack` understands, by its name."""
    return name.lower().endswith(ARCHIVES)


def is_notebook(name: str) -> bool:
    """Whether a file is a notebook, by its name."""
    return name.lower().endswith(".ipynb")


def safe_path(name: str) -> str | None:
    """The path that a name means below some folder, or None if it may lead elsewhere.

    Backslashes separate as well: some Windows programs write them into archives.
    """
    parts = [part for part in printable(name).replace("\\", "/").split("/") if part != "."]
    if (
        not 0 < len(parts) <= MAX_DEPTH
        or any(part in ("", "..") or len(part.encode()) > MAX_NAME_BYTES for part in parts)
        or re.match("[A-Za-z]:", parts[0])
    ):
        return None
    return "/".join(parts)


@dataclass(frozen=True)
class Listing:
    """What lies below a folder.

    Attributes:
        plain: paths of plain files, as the system spells them, in order.
        other: links, devices, pipes and what could not be opened.
        complete: False if there were too many entries, or too deep ones, to list them all.
    """

    plain: tuple[str, ...]
    other: tuple[str, ...]
    complete: bool


class Folder:
    """The plain files below a folder.

    Each step of a path is opened from the one before and no step follows a link, so a link leads
    nowhere, not even one that is put there between the listing and the reading.
    """

    def __init__(self, path: Path) -> None:
        """Open a folder.

        Raises:
            OSError: it is none, or a link to one, or may not be read.
        """
        self._root = os.open(path, _FOLDER)

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._root)

    def _open(self, parts: Sequence[str], flags: int) -> int:
        """A descriptor of what lies at a path below the folder."""
        at = os.dup(self._root)
        for index, part in enumerate(parts):
            try:
                step = os.open(part, flags if index == len(parts) - 1 else _FOLDER, dir_fd=at)
            finally:
                os.close(at)
            at = step
        return at

    def listing(self, max_entries: int) -> Listing:
        """List what lies below the folder, junk left out."""
        plain: list[str] = []
        other: list[str] = []
        complete = True
        count = 0
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            parts = waiting.pop()
            try:
                descriptor = self._open(parts, _FOLDER)
            except OSError:
                other.append("/".join(parts))
                continue
            try:
                with os.scandir(descriptor) as entries:
                    for entry in entries:
                        if is_junk(entry.name):
                            continue
                        count += 1
                        if count > max_entries:
                            return Listing(tuple(sorted(plain)), tuple(sorted(other)), False)
                        path = (*parts, entry.name)
                        if entry.is_file(follow_symlinks=False):
                            plain.append("/".join(path))
                        elif not entry.is_dir(follow_symlinks=False):
                            other.append("/".join(path))
                        elif len(path) < MAX_DEPTH:
                            waiting.append(path)
                        else:
                            complete = False
            finally:
                os.close(descriptor)
        return Listing(tuple(sorted(plain)), tuple(sorted(other)), complete)

    def read(self, name: str, limit: int) -> bytes:
        """Read a plain file, but at most one byte more than ``limit``.

        The one byte tells the caller that the file is too large, even if it grows meanwhile.

        Raises:
            OSError: it is not a plain file, or may not be read.
        """
        descriptor = self._open(name.split("/"), _FILE)
        with open(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a plain file")
            return stream.read(limit + 1)


@dataclass
class Room:
    """What may still be unpacked. It counts what came out: what headers promise is worth nothing.

    Attributes:
        space: bytes for everything together.
        files: how many.
        member: bytes for a single file; a larger one is left out.
    """

    space: int
    files: int
    member: int

    def __post_init__(self) -> None:
        self._megabytes = self.space / 2**20

    def read(self, stream: IO[bytes]) -> bytes | None:
        """One member's content, or None if it is too large for a single file.

        Raises:
            ArchiveError: there is no room left.
        """
        self.files -= 1
        if self.files < 0:
            raise ArchiveError("it holds too many files.")
        data = stream.read(min(self.space, self.member) + 1)
        self.space -= len(data)
        if self.space < 0:
            raise ArchiveError(f"it unpacks to more than {self._megabytes:.3g} MB.")
        return data if len(data) <= self.member else None


@dataclass(frozen=True)
class Member:
    """A plain file from an archive.

    Attributes:
        path: where it belongs, below wherever one unpacks; safe to join.
        data: its content.
        modified: seconds since 1970, as the archive claims; 0 if it does not say.
    """

    path: str
    data: bytes
    modified: float


def unpack(stream: IO[bytes], name: str, room: Room, refuse: Refuse) -> Iterator[Member]:
    """Read an archive's plain files, one at a time.

    Args:
        stream: the archive, at its beginning.
        name: its file name, which tells the kind.
        room: what may come out; it shrinks.
        refuse: is told of each file that is left out.

    Yields:
        The plain files. What follows an error was not read; what came before it is sound.

    Raises:
        ArchiveError: the archive is damaged, or there is no room for what it holds.
    """
    try:
        yield from (_unzip if name.lower().endswith(".zip") else _untar)(stream, room, refuse)
    except ArchiveError:
        raise
    except Exception as error:
        # Over damaged input, zipfile, tarfile and the decompressors raise a dozen kinds of error.
        raise ArchiveError(f"the archive is damaged ({type(error).__name__}).") from error


def _admitted(name: str, refuse: Refuse) -> str | None:
    """Where a member belongs; None for junk and for names that lead out of the archive."""
    path = safe_path(name)
    if path is None:
        refuse(printable(name), "its name leads out of the archive, or is too long or too deep")
        return None
    return None if is_junk(path) else path


def _unzip(stream: IO[bytes], room: Room, refuse: Refuse) -> Iterator[Member]:
    """The plain files of a zip archive."""
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            path = _admitted(info.filename, refuse)
            if path is None:
                continue
            # Only Unix programs fill these bits in; elsewhere they are 0.
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                refuse(path, "is a link or a device, not a file")
            elif info.flag_bits & 1:
                refuse(path, "is encrypted; ask for it without a password")
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # The other methods give out megabytes at a time before anybody can count them.
                refuse(path, "is compressed in an unusual way; ask for an ordinary zip")
            else:
                data = _member_of_zip(archive, info, room, path, refuse)
                if data is not None:
                    yield Member(path, data, _modified(info))


def _member_of_zip(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: Room, path: str, refuse: Refuse
) -> bytes | None:
    """One member's content; a damaged or too large one spoils only itself."""
    try:
        with archive.open(info) as member:
            data = room.read(member)
    except ArchiveError:
        raise
    except Exception as error:
        refuse(path, f"is damaged ({type(error).__name__})")
        return None
    if data is None:
        refuse(path, f"is larger than {room.member / 2**20:.3g} MB")
    return data


def _modified(info: zipfile.ZipInfo) -> float:
    """When a zip says that a member was changed."""
    try:
        return _sane(time.mktime((*info.date_time, 0, 0, -1)))
    except (ValueError, OverflowError):
        return 0.0


def _sane(seconds: float) -> float:
    """A time that any file system can store; 0 for others, and for none at all."""
    return float(seconds) if 0 <= seconds < 2**32 else 0.0


class _Counted:
    """A stream that ends in an error when it has given out too much."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream = stream
        self._left = most

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError("it unpacks to more than it may.")
        return data


def _untar(stream: IO[bytes], room: Room, refuse: Refuse) -> Iterator[Member]:
    """The plain files of a tar archive, compressed or not."""
    compressed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    plain = cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if compressed else stream
    # tarfile itself skips and gathers as many bytes as a header claims: those count, too. A
    # member's header and padding take up to three blocks of 512 bytes.
    counted = _Counted(plain, room.space + 2048 * room.files)
    with tarfile.open(fileobj=cast(IO[bytes], counted), mode="r|") as archive:
        for info in archive:
            if info.isdir():
                continue
            path = _admitted(info.name, refuse)
            if path is None:
                continue
            member = archive.extractfile(info) if info.isreg() else None
            if member is None:
                refuse(path, "is a link or a device, not a file")
                continue
            data = room.read(member)
            if data is None:
                refuse(path, f"is larger than {room.member / 2**20:.3g} MB")
            else:
                yield Member(path, data, _sane(info.mtime))
