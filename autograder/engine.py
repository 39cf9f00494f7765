"""The grading engine: a preprocessor that runs a submission and has its answers judged elsewhere.

`ProbeAndJudge` takes the place of nbgrader's ``Execute`` step. It runs the student's cells in a
sandboxed kernel as ``Execute`` would. At a check's cell it runs nothing of that cell: it sends the
check's probes and freshly drawn inputs to the kernel, reads back plain data, and the judge, here
in the trusted process, decides. Whatever a submission prints, patches or forges, its points come
from the judge alone.
"""

from __future__ import annotations

import contextlib
import copy
import sys
import time
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory as Provisioners
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Enum, Instance, Integer, Type, Unicode

from autograder.checks import Check, checks_of
from autograder.judge import Verdict, ask, judge
from autograder.limits import Limits
from autograder.restore import is_demonstration
from autograder.sandbox import (
    KernelFault,
    KernelOrphanedError,
    KernelStartError,
    SandboxError,
    SandboxProvisioner,
    bubblewrap,
)
from bayescnn.selfcheck import ANSWERS_MIME

KERNEL_ARGV = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

MAX_MESSAGE_BYTES = 32 * 2**20
"""A kernel that sends a larger message is cut off; the largest honest figure has a few MB."""

SEND_MILLISECONDS = 2000
"""How long a message to a kernel may wait to be taken."""

MAX_RUNS = 3
"""So often does a submission run at most, should its kernel not start or be orphaned."""

SETTLE_SECONDS = 10
"""How long an interrupted cell may take to give way before its kernel counts as lost."""

FLOOD_FACTOR = 64
"""How often over its limit a cell may print before its kernel is ended."""

READ_MESSAGES = {"stream", "display_data", "execute_result", "error", "status", "clear_output"}
"""What a kernel may tell us: no widgets, and no changes to outputs of earlier cells."""


class OutputFloodError(Exception):
    """A cell printed far more than it may."""


class PromptClient(AsyncKernelClient):
    """Knows as soon as a forked kernel answers that it is ready.

    Jupyter's own client waits until a fifth of a second has passed without a message.
    """

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """Start all channels but the heartbeat: the provisioner knows whether a kernel lives."""
        super().start_channels(*args, **{**kwargs, "hb": False})

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or Limits.cell_seconds)
        while time.monotonic() < deadline:
            request = self.kernel_info()
            try:
                reply = await self.get_shell_msg(timeout=1)
                self._handle_kernel_info_reply(reply)
                # Messages get through once the subscription stands, some milliseconds later.
                while True:
                    status = await self.get_iopub_msg(timeout=0.05)
                    if status["parent_header"].get("msg_id") == request:
                        if status["content"].get("execution_state") == "idle":
                            return
            except Empty:
                if not await self.is_alive():
                    raise KernelStartError("The kernel died before its first cell.") from None
        raise KernelStartError("The kernel did not answer.")

    wait_for_ready = _async_wait_for_ready


class SandboxedKernelManager(AsyncKernelManager):
    """Starts this environment's Python kernel in a sandbox, whatever a notebook asks for."""

    client_factory = Type(PromptClient, klass=AsyncKernelClient)
    limits = Instance(Limits, args=())

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel to start, with the provisioner that isolates it."""
        provisioner = {
            "provisioner_name": "sandbox-provisioner",
            "config": {
                name: getattr(self.limits, name)
                for name in ("submission_seconds", "memory_mb", "processes", "disk_mb", "files")
            },
        }
        return KernelSpec(
            argv=KERNEL_ARGV,
            language="python",
            # The sandbox is a session of its own, so a signal to its process group would end it.
            interrupt_mode="message",
            metadata={"kernel_provisioner": provisioner},
        )

    async def _async_interrupt_kernel(self) -> None:
        # A kernel that has ruined its sockets takes no message; whoever asks will kill it next.
        with contextlib.suppress(zmq.Again):
            await super()._async_interrupt_kernel()

    interrupt_kernel = _async_interrupt_kernel


class PlainKernelManager(AsyncKernelManager):
    """Starts this environment's Python kernel with all of the caller's rights."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel to start."""
        return KernelSpec(argv=KERNEL_ARGV, language="python")


def _limit(name: str, text: str) -> Integer:
    """A trait for one of the limits, so that nbgrader's configuration can set it."""
    return Integer(getattr(Limits, name), min=1, help=text).tag(config=True)


class ProbeAndJudge(Execute):
    """Runs a submission's cells; its checks are probed in the kernel and judged here.

    Attributes:
        verdicts: after `preprocess`, the judge's verdict on every question, by name.
        failure: why the kernel did not last until the notebook's end; None if it did.
        compute_seconds: how long the notebook's cells and the checks' probes took together.
    """

    isolation = Enum(
        ("bubblewrap", "none"),
        default_value="bubblewrap",
        help="How kernels are kept apart from this machine. With 'none' a submission can read and "
        "write whatever you can.",
    ).tag(config=True)

    cell_seconds = _limit("cell_seconds", "Seconds that one cell, or one check, may take.")
    submission_seconds = _limit("submission_seconds", "Seconds that a notebook may take.")
    memory_mb = _limit("memory_mb", "Memory of all its processes together, in MB.")
    processes = _limit("processes", "Processes and threads.")
    disk_mb = _limit("disk_mb", "Files it may write, in MB.")
    files = _limit("files", "Files and folders it may make.")
    output_kb = _limit("output_kb", "What one cell may print, in KB; more is cut off.")

    only = Unicode("", help="Judge this question alone and stop after it.").tag(config=True)

    # Nothing in a kernel is worth a polite goodbye.
    shutdown_kernel = "immediate"
    iopub_timeout = SETTLE_SECONDS

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._begin({})

    def _begin(self, checks: dict[str, Check]) -> None:
        """Forget the last notebook."""
        self._checks = checks
        self._last: int | None = None
        self._output_bytes = 0
        self._deadline = time.monotonic() + self.submission_seconds
        self.verdicts: dict[str, Verdict] = {}
        self.failure: str | None = None
        self.compute_seconds = 0.0

    @property
    def limits(self) -> Limits:
        """The limits as configured."""
        return Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Choose the kernel ourselves: a notebook's own kernelspec is only a wish."""
        self.km: AsyncKernelManager
        if self.isolation == "bubblewrap":
            bubblewrap()  # refuses, with advice, where there is no sandbox
            self.km = SandboxedKernelManager(config=self.config, limits=self.limits)
            if not Provisioners.instance().is_provisioner_available(self.km.kernel_spec):
                raise SandboxError(
                    "No sandbox: Jupyter does not find this package's kernel provisioner. The "
                    "installation is incomplete: install the package again."
                )
        else:
            self.km = PlainKernelManager(config=self.config)
        self.km.context.maxmsgsize = MAX_MESSAGE_BYTES
        self.km.context.sndtimeo = SEND_MILLISECONDS
        return self.km

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        """Run a notebook from top to bottom."""
        for again in reversed(range(MAX_RUNS)):
            self._begin(self._load_checks(resources))
            self._last = max(
                (i for i, cell in enumerate(nb.cells) if self._check_in(cell)), default=None
            )
            self.timeout_func = lambda cell: min(self.cell_seconds, max(1.0, self._time_left()))
            submitted = copy.deepcopy(nb.cells)
            try:
                super().preprocess(nb, resources, km)
                break
            except KernelFault:
                if not again:
                    raise
                nb.cells = submitted
        # An instructor will open this notebook in a browser.
        return SanitizeHTML().preprocess(nb, resources)

    @staticmethod
    def _load_checks(resources: Any) -> dict[str, Check]:
        try:
            return dict(checks_of(resources["nbgrader"]["assignment"]))
        except ValueError:
            return {}  # not an assignment of this course: its test cells run as they stand

    def _time_left(self) -> float:
        return self._deadline - time.monotonic()

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, Any]:
        """Run a cell, or probe and judge where it is a check."""
        if cell.cell_type != "code" or self._is_settled(index):
            return cell, resources
        check = self._check_in(cell)
        if check is not None:
            if self.only in ("", check.name):
                self.verdicts[check.name] = self._examine(check, index)
                _write_verdict(cell, self.verdicts[check.name])
        elif is_demonstration(cell):
            text = "This cell shows what your functions can do. It is not run for grading.\n"
            cell.outputs = [new_output("stream", name="stdout", text=text)]
        elif self.failure is not None:
            cell.outputs = [_error("KernelStopped", self.failure)]
        else:
            self._run(cell, index)
        return cell, resources

    def _is_settled(self, index: int) -> bool:
        """Whether no cell from here on can change a grade: then it need not run."""
        return self.only in self.verdicts or (self._last is not None and index > self._last)

    def _check_in(self, cell: NotebookNode) -> Check | None:
        if not utils.is_grade(cell) or utils.is_solution(cell):
            return None
        return self._checks.get(cell.metadata.nbgrader["grade_id"].removeprefix("check-"))

    def _run(self, cell: NotebookNode, index: int) -> None:
        """Execute one cell; a kernel that fails is remembered and stops nothing else."""
        began = time.monotonic()
        self._output_bytes = 0
        try:
            self.execute_cell(cell, index, store_history=True)
            if any(map(_is_timeout, cell.outputs)):
                self._note_timeout(cell)
        except DeadKernelError:
            provisioner = getattr(self.km, "provisioner", None)
            if isinstance(provisioner, SandboxProvisioner) and provisioner.orphaned:
                raise KernelOrphanedError(
                    "The process that kernels are forked from ended."
                ) from None
            self._fail(cell, "KernelDied", f"The kernel died while it ran this cell{self._why()}.")
        except CellTimeoutError:
            text = f"This cell ran for more than {self.cell_seconds} s and did not give way."
            self._fail(cell, "Timeout", text)
        except OutputFloodError:
            self._fail(cell, "OutputFlood", "This cell did not stop printing.")
        except Exception as error:
            # A submission can make its kernel send anything, also what is no Jupyter message.
            self.log.warning("unreadable message from a kernel: %r", error)
            self._fail(cell, "KernelGarbled", "The kernel's answer could not be read.")
        finally:
            self.compute_seconds += time.monotonic() - began

    def _note_timeout(self, cell: NotebookNode) -> None:
        """Say in a cell that it ran out of time and was interrupted; the kernel goes on."""
        if self._time_left() <= 0:
            text = f"The notebook ran for more than {self.submission_seconds} s."
            self._fail(cell, "Timeout", text)
        else:
            text = f"This cell ran for more than {self.cell_seconds} s and was interrupted."
            cell.outputs = [
                _error("Timeout", text) if _is_timeout(output) else output
                for output in cell.outputs
            ]

    def _why(self) -> str:
        """Why the kernel ended, where its provisioner knows."""
        provisioner = getattr(self.km, "provisioner", None)
        if not isinstance(provisioner, SandboxProvisioner):
            return ""
        why = provisioner.why_it_ended()
        return f" ({why})" if why else ""

    def _fail(self, cell: NotebookNode, name: str, text: str) -> None:
        """Record that the kernel is of no more use, and why."""
        self.failure = f"An earlier cell ended the kernel: {text}"
        cell.outputs = [_error(name, text)]

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Take a kernel's message, unless its cell has said more than it may."""
        kind = msg["msg_type"]
        if kind not in READ_MESSAGES:
            return None
        if kind not in ("status", "clear_output"):
            within = self._output_bytes <= self.output_kb * 1024
            self._output_bytes += _text_length(msg["content"])
            if self._output_bytes > FLOOD_FACTOR * self.output_kb * 1024:
                raise OutputFloodError
            if self._output_bytes > self.output_kb * 1024:
                if within:
                    note = f"[More than {self.output_kb} KB: the rest was cut off.]\n"
                    cell.outputs.append(new_output("stream", name="stdout", text=note))
                return None
        return super().process_message(msg, cell, cell_index)

    def _examine(self, check: Check, index: int) -> Verdict:
        """Send a check's probes into the kernel and judge what comes back."""
        question = ask(check)
        if self.failure is not None:
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
    text = "".join(f"{message}\n" for message in verdict.messages)
    cell.execution_count = None
    cell.outputs = [
        new_output("stream", name="stdout", text=text),
        new_output("execute_result", data={"text/plain": f"{verdict.points:g}"}),
    ]


def _is_timeout(output: NotebookNode) -> bool:
    """Whether an output is what nbclient notes when it interrupts a cell."""
    return bool(output.get("ename") == "CellTimeoutError")


def _error(name: str, text: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])


def _text_length(content: Any) -> int:
    """How many characters a message carries, at any depth of plain data."""
    if isinstance(content, str):
        return len(content)
    if isinstance(content, dict):
        return sum(len(str(key)) + _text_length(value) for key, value in content.items())
    if isinstance(content, list):
        return sum(map(_text_length, content))
    return 8
