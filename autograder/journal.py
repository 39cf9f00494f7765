"""What has been attempted and what came of it, kept so that nothing is done twice or lost.

A journal is a file of JSON lines, written by one process at a time and only ever appended to.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from autograder.results import Result

MAX_ATTEMPTS = 3
"""So often may grading be cut off during one submission before a person should look at it."""


class JournalError(RuntimeError):
    """Another process is grading this class."""


class Journal:
    """The journal of one topic in one class.

    Args:
        path: the file; it is made if there is none.

    Raises:
        JournalError: another process has it open.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise JournalError(
                f"Another process is grading this class: it holds {path}. Wait for it to end."
            ) from None
        self._results: dict[str, tuple[str, str]] = {}  # student: digest, result as JSON
        self._written: set[str] = set()
        self._attempts: dict[tuple[str, str], int] = {}
        self._open: set[tuple[str, str]] = set()  # what this process has attempted
        self._read()

    def _read(self) -> None:
        self._file.seek(0)
        last = b"\n"
        for last in self._file:
            try:
                self._take(json.loads(last))
            except (ValueError, KeyError, TypeError):
                continue  # a line that was being written when the power went
        if not last.endswith(b"\n"):
            self._file.write(b"\n")

    def _take(self, entry: dict[str, Any]) -> None:
        student, digest = entry["student"], entry["digest"]
        if entry["event"] == "attempt":
            self._attempts[student, digest] = self._attempts.get((student, digest), 0) + 1
        elif entry["event"] == "withdrawn":
            self._attempts[student, digest] = max(0, self._attempts.get((student, digest), 0) - 1)
        elif entry["event"] == "graded":
            self._attempts.pop((student, digest), None)
            self._results[student] = digest, json.dumps(entry["result"])
            self._written.discard(student)
        elif entry["event"] == "written":
            self._written.add(student)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _append(self, event: str, student: str, digest: str, **more: Any) -> None:
        entry = {"event": event, "student": student, "digest": digest, "time": time.time(), **more}
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()
        self._take(entry)

    def attempt(self, student: str, digest: str) -> None:
        """Note that a submission is about to be graded."""
        self._append("attempt", student, digest)
        self._open.add((student, digest))

    def withdraw_attempts(self) -> None:
        """Take back this process' open attempts: they are ended for a reason of ours, as Ctrl-C."""
        with contextlib.suppress(OSError):  # a full disk may be the reason
            for student, digest in list(self._open):
                self._append("withdrawn", student, digest)

    def graded(self, digest: str, result: Result) -> None:
        """Note a result, and see it safely on disk."""
        self._append("graded", result.student, digest, result=json.loads(result.to_json()))
        os.fsync(self._file.fileno())
        self._open.discard((result.student, digest))

    def written(self, student: str, digest: str) -> None:
        """Note that a result is in the gradebook."""
        self._append("written", student, digest)

    def result(self, student: str, digest: str | None = None) -> Result | None:
        """A student's last result; with a digest, only if it belongs to it."""
        held, text = self._results.get(student, (None, ""))
        if held is None or digest not in (None, held):
            return None
        return Result.from_json(text)

    def digest(self, student: str) -> str | None:
        """What a student's last result belongs to."""
        return self._results.get(student, (None, ""))[0]

    def is_written(self, student: str) -> bool:
        """Whether a student's last result is in the gradebook."""
        return student in self._written

    def is_hopeless(self, student: str, digest: str) -> bool:
        """Whether grading was cut off during this submission too often to try again unasked."""
        return self._attempts.get((student, digest), 0) >= MAX_ATTEMPTS

    def results(self) -> list[Result]:
        """Every student's last result, in alphabetical order."""
        return [Result.from_json(self._results[student][1]) for student in sorted(self._results)]
