"""The grading engine: a preprocessor that runs a submission and has its answers judged elsewhere.

`ProbeAndJudge` takes the place of nbgrader's ``Execute`` step. It runs the student's cells in a
sandboxed kernel as ``Execute`` would. At a check's cell it runs nothing of that cell: it sends the
check's probes and freshly drawn inputs to the kernel, reads back plain data, and the judge, here
in the trusted process, decides. Whatever a submission prints, patches or forges, its points come
from the judge alone.
"""

from __future__ import annotations

import sys
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Enum, Integer

from autograder.checks import Check, checks_of
from autograder.judge import Verdict, ask, judge
from autograder.sandbox import bubblewrap
from bayescnn.selfcheck import ANSWERS_MIME

KERNEL_ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


class SandboxedKernelManager(AsyncKernelManager):
    """Starts this environment's Python kernel in a sandbox, whatever a notebook asks for."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel to start, with the provisioner that isolates it."""
        return KernelSpec(
            argv=KERNEL_ARGV,
            language="python",
            # The sandbox is a session of its own, so a signal to its process group would end it.
            interrupt_mode="message",
            metadata={"kernel_provisioner": {"provisioner_name": "sandbox-provisioner"}},
        )


class PlainKernelManager(AsyncKernelManager):
    """Starts this environment's Python kernel with all of the caller's rights."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel to start."""
        return KernelSpec(argv=KERNEL_ARGV, language="python")


class ProbeAndJudge(Execute):
    """Runs a submission's cells; its checks are probed in the kernel and judged here."""

    timeout = Integer(
        120, allow_none=True, help="Seconds that one cell, or one check, may take."
    ).tag(config=True)

    isolation = Enum(
        ("bubblewrap", "none"),
        default_value="bubblewrap",
        help="How kernels are kept apart from this machine. With 'none' a submission can read and "
        "write whatever you can.",
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._failure: str | None = None

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Choose the kernel ourselves: a notebook's own kernelspec is only a wish."""
        isolated = self.isolation == "bubblewrap"
        if isolated:
            bubblewrap()  # refuses, with advice, where there is no sandbox
        manager = SandboxedKernelManager if isolated else PlainKernelManager
        self.km = manager(config=self.config)
        return self.km

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        """Run a notebook from top to bottom."""
        self._failure = None
        self._checks = self._load_checks(resources)
        return super().preprocess(nb, resources, km)

    @staticmethod
    def _load_checks(resources: Any) -> dict[str, Check]:
        try:
            return dict(checks_of(resources["nbgrader"]["assignment"]))
        except ValueError:
            return {}  # not an assignment of this course: its test cells run as they stand

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, Any]:
        """Run a cell, or probe and judge where it is a check."""
        if cell.cell_type != "code":
            return cell, resources
        check = self._check_in(cell)
        if check is not None:
            _write_verdict(cell, self._examine(check, index))
        elif self._failure is not None:
            cell.outputs = [_error("KernelStopped", self._failure)]
        else:
            self._run(cell, index)
        return cell, resources

    def _check_in(self, cell: NotebookNode) -> Check | None:
        if not utils.is_grade(cell) or utils.is_solution(cell):
            return None
        return self._checks.get(cell.metadata.nbgrader["grade_id"].removeprefix("check-"))

    def _run(self, cell: NotebookNode, index: int) -> None:
        """Execute one cell; a kernel that fails is remembered and stops nothing else."""
        try:
            self.execute_cell(cell, index, store_history=True)
        except DeadKernelError:
            self._fail(cell, "KernelDied", "The kernel died while it ran this cell.")
        except CellTimeoutError:
            self._fail(cell, "Timeout", f"This cell ran for more than {self.timeout} s.")
        except Exception as error:
            # A submission can make its kernel send anything, also what is no Jupyter message.
            self.log.warning("unreadable message from a kernel: %r", error)
            self._fail(cell, "KernelGarbled", "The kernel's answer could not be read.")

    def _fail(self, cell: NotebookNode, name: str, text: str) -> None:
        """Record that the kernel is of no more use, and why."""
        self._failure = f"An earlier cell ended the kernel: {text}"
        cell.outputs = [_error(name, text)]

    def _examine(self, check: Check, index: int) -> Verdict:
        """Send a check's probes into the kernel and judge what comes back."""
        question = ask(check)
        if self._failure is not None:
            return judge(question, None)
        probe = new_code_cell(
            "__import__('bayescnn.selfcheck').selfcheck.publish_answers("
            f"{question.payload!r}, globals())"
        )
        held = self.nb.cells[index]
        self._run(probe, index)
        self.nb.cells[index] = held  # execute_cell puts what it ran into the notebook
        answers = [o.data[ANSWERS_MIME] for o in probe.outputs if ANSWERS_MIME in o.get("data", {})]
        if not answers or not isinstance(answers[-1], str):
            return judge(question, None)
        return judge(question, answers[-1])


def _write_verdict(cell: NotebookNode, verdict: Verdict) -> None:
    """Put a verdict where nbgrader looks for it: the cell's result is its partial credit."""
    cell.execution_count = None
    cell.outputs = [
        new_output("stream", name="stdout", text="\n".join(verdict.messages) + "\n"),
        new_output("execute_result", data={"text/plain": f"{verdict.points:g}"}),
    ]


def _error(name: str, text: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
