"""Whose a file is, told by its name.

Learning platforms and people put the author into the names of files that they give out. nbgrader
has an extension point for reading them, `FileNameCollectorPlugin`; `SubmissionNames` is one, and
so serves ``nbgrader zip_collect --collector=autograder.filenames.SubmissionNames`` as well.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from nbgrader.plugins.zipcollect import FileNameCollectorPlugin
from traitlets import List, Unicode

from autograder.topics import TOPICS
from autograder.untrusted import ARCHIVES

PATTERNS = (
    # Moodle: a folder for each participant, or, if so chosen, the same as a prefix.
    r"(?P<name>[^/]+)_(?P<number>\d+)_assignsubmission_file_?/?(?P<file_id>[^/].*)",
    # Canvas: the author, both by number, and the file's own name. In anonymous work a code stands
    # for the author; that is tried first, for our topics' names begin with a number, too.
    r"(?:LATE_)?(?P<name>anon)_(?P<number>\w{5})_(?P<order>\d+)_(?P<file_id>[^/]+)",
    r"(?P<name>\w+?)_(?:LATE_)?(?P<number>\d+)_(?P<order>\d+)_(?P<file_id>[^/]+)",
    # Blackboard; also the example in nbgrader's documentation.
    r"[^/]*_(?P<student_id>[^/_]+)_attempt_(?P<timestamp>\d{4}(?:-\d\d){5})_(?P<file_id>[^/]+)",
)
"""How platforms name what students upload: the ends of paths."""

# A browser's "name (1)" and JupyterLab's "name-Copy1"; Canvas adds "-1" to what comes again.
_COPY = re.compile(r"(?: ?\((\d{1,9})\)|-Copy(\d{1,9}))$")
_COPY_ON_PLATFORM = re.compile(r"(?: ?\((\d{1,9})\)|-Copy(\d{1,9})|-(\d{1,9}))$")


class SubmissionNames(FileNameCollectorPlugin):
    """Reads off a file's path who handed it in, as Canvas, Moodle and Blackboard write it."""

    patterns = List(
        Unicode(),
        default_value=list(PATTERNS),
        help="Regular expressions for the ends of paths, tried in turn. Each has the group "
        "'file_id' and either 'student_id' or 'name' and 'number'; 'order' and 'timestamp' tell "
        "later uploads from earlier ones.",
    ).tag(config=True)

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose a file is.

        Args:
            submitted_file: its path.

        Returns:
            ``student_id`` and ``file_id`` (its name, without the platform's additions), and
            where known ``order`` and ``timestamp``; None if no pattern fits.
        """
        for pattern in self.patterns:
            match = re.search(rf"(?:^|/){pattern}$", submitted_file)
            if match is not None:
                found = {key: text for key, text in match.groupdict().items() if text is not None}
                if "student_id" not in found:
                    # The name is for people; the number keeps namesakes apart.
                    author = f"{found.pop('name')}_{found.pop('number')}"
                    found["student_id"] = student_id(author, numbered=True)
                return found
        return None


def owner(name: str, topic: str) -> str | None:
    """Whose a notebook or archive is that a person named.

    Args:
        name: its name without suffix: ``STUDENT``, ``STUDENT_TOPIC`` or ``TOPIC_STUDENT``.
        topic: the assignment.

    Returns:
        The student, or None where the name leaves it open.
    """
    affixed = [
        re.fullmatch(pattern, name)
        for pattern in (rf"(.+?)[ _-]+{re.escape(topic)}", rf"{re.escape(topic)}[ _-]+(.+)")
    ]
    owners = [match[1] for match in affixed if match is not None] or [name]
    open_to_doubt = len(owners) > 1 or any(one in owners[0] for one in (topic, *TOPICS))
    return None if open_to_doubt else owners[0]


def split_name(name: str, on_platform: bool) -> tuple[str, int, str]:
    """Take the number of a copy out of a notebook's or archive's name.

    Other files keep their names: ``data-1.csv`` is no later version of ``data.csv``.

    Args:
        name: such as ``02_kl_weight (1).ipynb``.
        on_platform: a learning platform stored it, and may have added ``-1``; where a person
            named it, that may belong to the student: ``group-1.ipynb``.

    Returns:
        The name without copy and suffix, the copy's number or 0, and the suffix; the whole name,
        0 and "" for other files.
    """
    for suffix in (".ipynb", *ARCHIVES):
        if name.lower().endswith(suffix):
            stem = name[: -len(suffix)]
            match = (_COPY_ON_PLATFORM if on_platform else _COPY).search(stem)
            if match is None:
                return stem, 0, suffix
            return stem[: match.start()], int(next(filter(None, match.groups()))), suffix
    return name, 0, ""


def student_id(raw: str, numbered: bool = False) -> str:
    """A name that nbgrader, shells and file systems take for a student's folder.

    nbgrader uses it as a file glob, splits lists of it at commas and its exchange's names at "+".

    Args:
        raw: what the source calls the student.
        numbered: it ends in a number that is the student's own.

    Returns:
        The name itself where nothing speaks against it. Names that differ stay different.
    """
    raw = unicodedata.normalize("NFC", raw)
    clean = re.sub(r"[^\w .@-]+", "_", raw).strip(" .")
    clean = re.sub(r"^-+", "_", clean)
    if len(clean.encode()) <= 120 and clean and (clean == raw or numbered):
        return clean
    mark = hashlib.sha256(raw.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{clean[:30] or 'student'}-{mark}"
