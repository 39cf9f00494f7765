"""A warm process that kernels are forked from: importing TensorFlow costs seconds, a fork none.

Run as a script of its own, ``python -I -S forkserver.py FD PACKAGES ...``, and never imported:
what this process holds in memory, every submission inherits. So it holds the libraries that
students import, and nothing of this course.

The trusted process asks for a kernel by a line of JSON on the socket FD, together with two open
files: where to report, and the lifeline of the sandbox that the kernel shall live in. One *keeper*
is forked for each kernel. It joins the namespaces of that sandbox, lays out the submission's
folder in memory, forks the kernel inside, and stays behind to watch it; when the kernel ends, or
takes more than it may, the keeper ends too, and the lifeline with it, and the sandbox dies.

Two rules were measured: a fork after TensorFlow's import works, a fork after its first operation
hangs; and a process with a second thread cannot enter a user namespace. The imports below start
no thread, and that is checked.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import random
import resource
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

PRELOADED = (
    "numpy",
    "scipy.stats",
    "sklearn",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "sqlite3",
    "tornado.platform.asyncio",
    "tensorflow",
    "tf_keras",
    "tensorflow_probability",
)

NS_GET_USERNS = 0xB701  # ioctl_ns(2): the user namespace that owns a namespace
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
TICK_SECONDS = 0.1

_libc = ctypes.CDLL(None, use_errno=True)


def _call(function: str, *args: Any) -> None:
    """Call the C library; raise what it reports."""
    if getattr(_libc, function)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def preload() -> None:
    """Import what students import, and check that nothing runs beside this thread."""
    for name in PRELOADED:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    # TFP and TensorFlow import their parts when first asked for them.
    tfp = sys.modules.get("tensorflow_probability")
    if tfp is not None:
        _ = (tfp.distributions.Normal, tfp.bijectors.Softplus, tfp.layers.DenseReparameterization)
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise RuntimeError(f"the imports left {threads - 1} threads running; a fork would hang")
    gc.collect()
    gc.freeze()  # the collector of a child shall not write to, and so copy, what it inherited


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Read one request and its open files; None when the trusted process has gone."""
    data, files = b"", array.array("i")
    while not data.endswith(b"\n"):
        piece, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(2 * files.itemsize))
        if not piece:
            return None
        data += piece
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files.frombytes(payload)
    return json.loads(data), files.tolist()


def serve(connection: socket.socket) -> None:
    """Fork a keeper for every request until the trusted process goes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are nobody's to wait for
    connection.sendall(b"ready\n")
    while (received := receive(connection)) is not None:
        request, files = received
        if os.fork() == 0:
            connection.close()
            keep(request, *files)
        for file in files:
            os.close(file)


def keep(request: dict[str, Any], report: int, lifeline: int) -> NoReturn:
    """Be the keeper of one kernel, from its sandbox' first moment to its last.

    Args:
        request: ``process`` of the sandbox, ``argv`` of the kernel, ``home`` and ``submission``
            folders, ``connection`` folder, ``variables`` and ``limits``; see
            `autograder.sandbox.SandboxProvisioner`.
        report: where to write lines of JSON: ``{"ready": true}``, then why the kernel ended.
        lifeline: closing it ends the sandbox.
    """
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # A crowd of processes must not get the processor before their keeper does.
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, -15)
        user = _enter(request)
        # Should the fork server die, so shall its kernels: nobody would watch them. Joining a
        # user namespace clears this, so it comes after.
        _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        up, down = os.pipe(), os.pipe()
        kernel = os.fork()
        if kernel == 0:
            _limit_namespaces(request["limits"]["processes"])
            _call("setns", user, 0)
            _run_kernel(request, up[1], down[0])
        os.close(up[1])
        os.close(down[0])
        if os.read(up[0], 1) == b"!":
            _close_folders(request["connection"])
            os.write(report, b'{"ready": true}\n')
            os.write(down[1], b"!")
        status, why = _watch(kernel, request["limits"])
        os.write(report, json.dumps({"ended": why}).encode() + b"\n")
    except BaseException as error:
        text = f"{type(error).__name__}: {error}"
        with contextlib.suppress(OSError):
            os.write(report, json.dumps({"error": text}).encode() + b"\n")
    finally:
        os._exit(status)


def _enter(request: dict[str, Any]) -> int:
    """Join the sandbox' namespaces, limit its writable folders, lay out the submission.

    Returns:
        The user namespace that the kernel shall join. Bubblewrap nests two: the outer one, which
        the keeper joins, owns the mounts and all else; the inner one owns nothing.
    """
    process, limits = request["process"], request["limits"]

    def namespace(name: str) -> int:
        return os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY)

    user, mount = namespace("user"), namespace("mnt")
    others = [namespace(name) for name in ("net", "ipc", "uts", "cgroup", "pid")]
    owner = fcntl.ioctl(mount, NS_GET_USERNS)
    for joined in (owner, *others, mount):
        _call("setns", joined, 0)
        os.close(joined)
    options = f"size={limits['disk']},nr_inodes={limits['files']}".encode()
    for folder in (request["home"], "/tmp", "/dev/shm"):
        flags = MS_REMOUNT | MS_NOSUID | MS_NODEV
        _call("mount", None, folder.encode(), None, flags, options)
    shutil.copytree(request["submission"], request["home"], dirs_exist_ok=True)
    return user


def _run_kernel(request: dict[str, Any], up: int, down: int) -> NoReturn:
    """Become the kernel: give up every right, start, and tell the keeper before the first cell."""
    try:
        os.setsid()
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, 0)
        _limit(request["limits"])
        _give_up_rights()
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.closerange(3, min(up, down))
        os.closerange(min(up, down) + 1, max(up, down))
        os.closerange(max(up, down) + 1, 4096)
        os.environ.clear()
        os.environ.update(request["variables"])
        _reseed()
        _start_kernel(request, up, down)
    finally:
        os._exit(1)


def _close_folders(connection: str) -> None:
    """Make read-only what a kernel needed writable until it stood.

    That is the folder of its sockets, and ``/proc``: where root grades, the kernel runs as root's
    user, without any right, but that user owns the settings of the whole system there.
    """
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
    _call("mount", None, connection.encode(), None, flags, None)
    _call("mount", None, b"/proc", None, flags | MS_NOEXEC, None)


def _limit_namespaces(n_processes: int) -> None:
    """Let no crowd fit into the sandbox, and no further sandbox either.

    `RLIMIT_NPROC` limits the crowd, too, but not where root grades; a highest process id does so
    everywhere, from Linux 6.14 on. Within a user namespace of its own, a kernel would have rights.
    """
    lowest = 512  # the system reserves the first 300
    with contextlib.suppress(OSError):
        Path("/proc/sys/kernel/pid_max").write_text(str(max(n_processes, lowest)))
    Path("/proc/sys/user/max_user_namespaces").write_text("1")  # the one that there is


def _limit(limits: dict[str, int]) -> None:
    """Set the limits that the system enforces; the keeper watches over the others."""
    for kind, value in (
        (resource.RLIMIT_DATA, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["disk"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def _give_up_rights() -> None:
    """Drop every capability, for good: joining a user namespace granted them all."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(last + 1):
        _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    _call("capset", header, (ctypes.c_uint32 * 6)())


def _reseed() -> None:
    """Give this kernel randomness of its own: a fork inherits the state of every generator."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _start_kernel(request: dict[str, Any], up: int, down: int) -> None:
    """Run an IPython kernel in this process until it ends."""
    os.chdir("/")  # until the kernel stands, files of the submission cannot shadow a module
    sys.argv = ["ipykernel_launcher", *request["argv"]]
    sys.path_importer_cache.clear()  # the file system is another one now
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(request["argv"])
    os.chdir(request["home"])
    sys.path.insert(0, "")
    os.write(up, b"!")
    os.read(down, 1)
    os.close(up)
    os.close(down)
    app.start()


def _watch(kernel: int, limits: dict[str, int]) -> tuple[int, str]:
    """Wait until the kernel ends or its sandbox takes too much.

    Returns:
        An exit status and why, in words.
    """
    end = time.monotonic() + limits["seconds"]
    while True:
        pid, status = os.waitpid(kernel, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            return code & 0xFF, f"signal {-code}" if code < 0 else f"exit status {code}"
        if time.monotonic() > end:
            return 1, f"more than {limits['seconds']} s"
        processes = [name for name in os.listdir("/proc") if name.isdigit()]
        # Counting the processes is quick even when there are too many to look at each.
        crowd = len(processes) > limits["processes"]
        if crowd or sum(map(_n_tasks, processes)) > limits["processes"]:
            return 1, f"more than {limits['processes']} processes and threads"
        # What is cheap to read is an upper bound: a fork shares most of its memory.
        if sum(map(_resident, processes)) > limits["memory"]:
            if sum(map(_proportional, processes)) > limits["memory"]:
                return 1, f"more than {limits['memory'] // 2**20} MB of memory"
        time.sleep(TICK_SECONDS)


def _n_tasks(process: str) -> int:
    """How many threads a process has; none if it has just ended."""
    with contextlib.suppress(OSError):
        return len(os.listdir(f"/proc/{process}/task"))
    return 0


def _resident(process: str) -> int:
    """Bytes of a process' memory that no file backs."""
    with contextlib.suppress(OSError, IndexError):
        pages = Path(f"/proc/{process}/statm").read_text().split()
        return (int(pages[1]) - int(pages[2])) * resource.getpagesize()
    return 0


def _proportional(process: str) -> int:
    """The same, with what is shared by a fork divided among those who share it."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    return 0


def main() -> None:
    """Preload, then serve."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    sys.path += sys.argv[2:]
    os.chdir("/")
    preload()
    serve(connection)


if __name__ == "__main__":
    main()
