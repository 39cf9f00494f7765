"""The visible self-checks: is this function right, and if not, what may be wrong?

A check asks a function a few questions and looks at the answers. Two halves do that. A *probe*
calls the function on given inputs and returns plain data: numbers, strings, lists. A *judge*
compares that data with the truth. In this module both halves run in the notebook, on inputs that
everyone can see. When an assignment is graded, the same probes run on inputs drawn afresh, and
the judge sits in another process; passing here is therefore a good sign, and no promise.

The questions, their inputs and their true answers lie in ``selfchecks/NN_topic.json`` beside this
module, written when the assignment was built.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import os
import re
import subprocess
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ANSWERS_MIME = "application/vnd.know-what-you-dont-know.answers+json"
"""Kernel messages that carry probes' answers to a judge have this MIME type."""

EMPTY = "this function is still empty"
"""What is said of a stub."""


def plain(value: Any) -> Any:
    """Turn an answer into plain data: numbers, strings, booleans, lists and dicts of these.

    Args:
        value: what a probe returned; tensors and arrays become nested lists.

    Raises:
        TypeError: for anything else, since only data may travel to a judge.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf":
        return value.tolist()
    raise TypeError(f"expected numbers, text or arrays of numbers, got {type(value).__name__}")


def same(answer: Any, truth: Any, rtol: float, atol: float) -> bool:
    """Whether an answer equals the truth: same structure, same shape, values within tolerance.

    Args:
        answer: plain data of unknown origin.
        truth: plain data; its form decides how ``answer`` is read.
        rtol: relative tolerance for numbers.
        atol: absolute tolerance for numbers, in their own unit.
    """
    if isinstance(truth, Mapping):
        return (
            isinstance(answer, Mapping)
            and answer.keys() == truth.keys()
            and all(same(answer[key], truth[key], rtol, atol) for key in truth)
        )
    if truth is None or isinstance(truth, (bool, str)):
        return type(answer) is type(truth) and answer == truth
    if isinstance(truth, list):
        return (
            isinstance(answer, list)
            and len(answer) == len(truth)
            and all(same(a, t, rtol, atol) for a, t in zip(answer, truth, strict=True))
        )
    if isinstance(answer, bool) or not isinstance(answer, (int, float)):
        return False
    try:
        given, wanted = float(answer), float(truth)
    except OverflowError:  # an integer beyond every float
        return False
    # An infinity is close to itself alone, and what is no number to nothing.
    finite = math.isfinite(given) and math.isfinite(wanted)
    return given == wanted or (finite and abs(given - wanted) <= atol + rtol * abs(wanted))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow what a function under test prints.

    TensorFlow's C++ code writes to the process' file descriptor 2, past Python's ``sys.stderr``;
    stock nbgrader gives 0 points to a test that wrote there.
    """
    logged = logging.root.manager.disable
    saved = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        logging.disable(logging.CRITICAL)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logged)
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def answer_probes(
    probes: Sequence[str], inputs: Mapping[str, Any], namespace: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Run probes on a student's names and collect what they answer.

    Args:
        probes: source texts; the last function that each defines is its probe and is called as
            ``probe(student, inputs)``.
        inputs: plain data handed to every probe.
        namespace: the notebook's ``globals()``.

    Returns:
        One dict a probe: ``{"answer": plain data}``, or ``{"error": "NameError: …"}`` where the
        function under test (or its absence) raised.
    """
    student = types.SimpleNamespace(**{k: v for k, v in namespace.items() if k.isidentifier()})
    results: list[dict[str, Any]] = []
    for source in probes:
        scope: dict[str, Any] = {}
        exec(source, scope)  # the probe's own text, from the course
        probe = [item for item in scope.values() if isinstance(item, types.FunctionType)][-1]
        try:
            with quiet():
                results.append({"answer": plain(probe(student, json.loads(json.dumps(inputs))))})
        except AttributeError as error:
            if error.obj is student:
                results.append({"error": f"NameError: name {error.name!r} is not defined"})
            else:
                results.append({"error": one_line(error)})
        except Exception as error:
            results.append({"error": one_line(error)})
    return results


def one_line(error: BaseException) -> str:
    """An exception in one line of at most 300 characters."""
    if isinstance(error, NotImplementedError) and not str(error):  # TFP's own have a text
        return EMPTY
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:300]


def publish_answers(payload: str, namespace: Mapping[str, Any]) -> None:
    """Answer the probes in ``payload`` and send the answers to whoever runs this kernel."""
    from IPython.display import publish_display_data

    asked = json.loads(payload)
    answers = answer_probes(asked["probes"], asked["inputs"], namespace)
    publish_display_data({ANSWERS_MIME: json.dumps(answers)})


class SelfCheck:
    """The self-checks of one assignment, bound to a notebook's names.

    Call it with a function's name to check that function::

        check = SelfCheck("02_kl_weight", globals())
        check("parameter_count")

    Args:
        topic: the assignment.
        namespace: the notebook's ``globals()``.
        folder: of the self-checks; that beside this module by default.

    Raises:
        FileNotFoundError: there are none for this assignment.
    """

    def __init__(
        self, topic: str, namespace: Mapping[str, Any], folder: Path | None = None
    ) -> None:
        path = (folder or Path(__file__).parent / "selfchecks") / f"{topic}.json"
        if not path.is_file():
            raise FileNotFoundError(
                f"There are no self-checks for {topic!r} in {path.parent}. Unpack the assignment "
                "again and start the notebook in its own folder, next to the folder 'bayescnn'."
            )
        self._checks: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        self._namespace = namespace

    @property
    def names(self) -> list[str]:
        """The functions that have a check, in the assignment's order."""
        return list(self._checks)

    def findings(self, name: str) -> list[tuple[bool, str]]:
        """Whether each part of a function's check holds, and what to say about it.

        A function that fails in the same way in every part (it is empty, say) is told so once.
        """
        if name not in self._checks:
            known = ", ".join(self._checks)
            raise KeyError(f"No check is called {name!r}; there are: {known}.")
        check = self._checks[name]
        parts = check["parts"]
        results = answer_probes([p["probe"] for p in parts], check["inputs"], self._namespace)
        error = results[0].get("error")
        if error and all(result.get("error") == error for result in results):
            hints = [hint for part in parts for hint in _error_hints(part, error)]
            return [(False, " ".join([f"{error}.", *hints[:1]]))]
        return [_finding(part, result) for part, result in zip(parts, results, strict=True)]

    def __call__(self, name: str, say: Callable[[str], None] = print) -> None:
        """Check one function and print what holds and what does not."""
        for right, text in self.findings(name):
            say(f"{'✓' if right else '✗'} {name}: {text}")


def _finding(part: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[bool, str]:
    """Judge one part: right or not, with a sentence for the student."""
    if "error" in result:
        said = f"{part['expects']} Instead: {result['error']}"
        return False, " ".join([said, *_error_hints(part, result["error"])[:1]])
    answer = result["answer"]

    def equals(value: Any) -> bool:
        return same(answer, value, part["rtol"], part["atol"])

    if equals(part["truth"]):
        return True, str(part["expects"])
    hints = [m["hint"] for m in part["mistakes"] if "answer" in m and equals(m["answer"])]
    said = f"You gave {_short(answer)}."
    if answer is None:
        said += " Did you forget `return`?"
    elif not hints:
        said += f" Right would be {_short(part['truth'])}."
    return False, " ".join([part["expects"], said, *hints[:1]])


def error_kind(error: str) -> str:
    """How an error begins, without what differs from run to run: layers' numbers, addresses."""
    return re.sub(r"0x[0-9a-f]+|\d+", "0", error)[:60]


def _error_hints(part: Mapping[str, Any], error: str) -> list[str]:
    """What is known about mistakes that end in an error of this kind."""
    return [m["hint"] for m in part["mistakes"] if m.get("error") == error_kind(error)]


def _short(value: Any) -> str:
    """A value in a few characters, numbers to five digits."""
    text = json.dumps(rounded(value, digits=5), ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "…"


def rounded(value: Any, digits: int) -> Any:
    """Plain data with numbers of so many significant digits."""
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


class NotebookError(ValueError):
    """A file that cannot be checked; says why, and what to do."""


def check_notebook(path: Path, timeout: int = 300) -> dict[str, list[tuple[bool, str]]]:
    """Run a notebook from top to bottom, in its own folder, and self-check its functions.

    Args:
        path: the assignment, ``NN_topic.ipynb``, beside the folder ``bayescnn`` it came with.
        timeout: seconds that one cell may take.

    Returns:
        The findings of `SelfCheck` for every function.

    Raises:
        NotebookError: the file is no notebook, belongs to no assignment, or its kernel died.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    try:
        notebook = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise NotebookError(f"There is no file {path}.") from None
    except Exception as error:
        raise NotebookError(f"{path} is not a Jupyter notebook ({one_line(error)}).") from None
    if not (path.parent / "bayescnn" / "selfchecks" / f"{path.stem}.json").is_file():
        raise NotebookError(
            f"There are no self-checks for {path.name} beside it. Keep the notebook's name, and "
            "keep it in the folder in which you received it."
        )
    ask = nbformat.v4.new_code_cell(
        "import json as _json\n"
        "from bayescnn.selfcheck import SelfCheck as _SelfCheck\n"
        f"_check = _SelfCheck({path.stem!r}, globals())\n"
        "print(_json.dumps({name: _check.findings(name) for name in _check.names}))"
    )
    notebook.cells.append(ask)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        # A kernel's remarks (on encryption, on processors) are for people who run servers.
        client.execute(stderr=subprocess.DEVNULL)
    except CellTimeoutError:
        raise NotebookError(f"A cell of {path.name} ran for more than {timeout} s.") from None
    except DeadKernelError:
        raise NotebookError(f"The kernel died while it ran {path.name}.") from None
    printed = "".join(o.text for o in ask.outputs if o.get("name") == "stdout")
    try:
        found = json.loads(printed)
    except ValueError:
        failed = "".join(f"{o.ename}: {o.evalue}" for o in ask.outputs if o.get("ename"))
        said = failed or printed or "the kernel said nothing"
        raise NotebookError(f"{path.name} could not be checked: {said[-300:]}") from None
    return {name: [(right, text) for right, text in parts] for name, parts in found.items()}
