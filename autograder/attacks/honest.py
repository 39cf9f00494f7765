"""Strange but honest: every one starts from the model answers and must not lose a point.

Each stands beside a class of attacks that it resembles; a grader that survives the attack by
refusing such work has lost an honest student's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.attacks.kit import (
    GRADED,
    NOTEBOOK,
    answer,
    code_cell,
    file,
    first_cell,
    graded,
    honest,
    insert,
    last_cell,
    rewrite,
    solved,
)

# ------------------------------------------------------------------------------ 32: noise


@honest(
    32, "Warnings, logs and prints go to stderr, from Python and from C, in cells and functions."
)
def noise_on_stderr(folder: Path) -> None:
    """Be loud, and right."""
    insert(
        folder,
        "parameter_count",
        r"""
        import logging, os, sys, warnings
        warnings.warn("a remark")
        print("honest noise", file=sys.stderr)
        os.write(2, b"honest noise, deeper\n")
        logging.warning("and more")
        tf.get_logger().setLevel("DEBUG")
        tf.get_logger().warning("and TensorFlow's")
        _count = parameter_count
        def parameter_count(n_features, n_units):
            print("counting", file=sys.stderr)
            os.write(2, b"counting\n")
            warnings.warn("still counting")
            return _count(n_features, n_units)
        """,
    )


@honest(32, "Functions print what they do, on stdout and as displays.")
def printing_functions(folder: Path) -> None:
    """Leave the debugging in."""
    for name in ("per_example_weight", "parameter_count"):
        insert(
            folder,
            name,
            f"""
            def _loud(function):
                def loud(*args, **kwargs):
                    print("called with", args, kwargs)
                    display(args)
                    result = function(*args, **kwargs)
                    print("[{{'answer': 5}}]", result)
                    return result
                return loud
            {name} = _loud({name})
            """,
        )


@honest(32, "Progress bars are drawn on stderr, thousands of updates long.")
def progress_bars(folder: Path) -> None:
    """Watch a loop."""
    last_cell(
        folder,
        r"""
        import sys
        from IPython.display import clear_output
        for step in range(2000):
            print(f"\r{step / 20:5.1f} %", end="", file=sys.stderr)
            if step % 200 == 0:
                clear_output(wait=True)
        """,
    )


@honest(32, "Cells of the student's own fail, exit, are interrupted, or are no Python at all.")
def failing_scratch_cells(folder: Path) -> None:
    """Leave the scribbles in."""
    for source in (
        "1 / 0",
        "def half(:",
        "import sys; sys.exit()",
        "raise KeyboardInterrupt",
        "input('your name? ')",
        "!pip install no-such-package-anywhere --no-index",
        "%no_such_magic",
        "assert parameter_count(3, 1) == 15",
        "%%bash\nls\nfalse",
        "import no_such_module",
        "quit_early = exit",
        "",
    ):
        insert(folder, "make_posterior", source)
    insert(folder, "imports", "1 / 0")


# ------------------------------------------------------------------- 5 to 11: style, not attack


@honest(5, "Answers come as NumPy scalars and float64 where the model gives plain numbers.")
def numpy_numbers(folder: Path) -> None:
    """Stay in NumPy."""
    insert(
        folder,
        "per_example_weight",
        """
        _weight = per_example_weight
        def per_example_weight(n_train, multiple=1.0):
            return np.float64(_weight(n_train, multiple))
        """,
    )
    insert(
        folder,
        "parameter_count",
        """
        _count = parameter_count
        def parameter_count(n_features, n_units):
            return np.int64(_count(n_features, n_units))
        """,
    )


@honest(6, "json, warnings and print options are imported, changed and shadowed by variables.")
def shadowed_names(folder: Path) -> None:
    """Call one's own things json, plain, probe, answers, inputs, sum and max."""
    insert(
        folder,
        "imports",
        """
        import warnings
        warnings.filterwarnings("ignore")
        np.set_printoptions(precision=2, suppress=True)
        np.random.seed(3)
        tf.random.set_seed(3)
        json = plain = probe = answers = inputs = student = scope = types = "mine"
        _json = 5
        """,
    )
    last_cell(folder, "sum = 3\nmax = 4\nlist = [1, 2]")


@honest(7, "Keras and TensorFlow are configured: sessions cleared, functions run eagerly.")
def configured_tensorflow(folder: Path) -> None:
    """Follow an advice from a forum."""
    insert(
        folder,
        "imports",
        """
        keras.backend.clear_session()
        tf.config.run_functions_eagerly(True)
        tf.config.run_functions_eagerly(False)
        keras.utils.set_random_seed(42)
        print(tf.config.list_physical_devices())
        """,
    )


@honest(11, "Magics time cells, reload modules and set plots up.")
def magics(folder: Path) -> None:
    """Use the notebook as a notebook."""
    insert(
        folder,
        "imports",
        """
        %load_ext autoreload
        %autoreload 2
        %config InlineBackend.figure_format = "retina"
        %precision 3
        """,
    )
    last_cell(folder, "%%time\n_ = [parameter_count(n, 2) for n in range(1, 50)]")
    last_cell(folder, "%timeit -n 3 -r 1 parameter_count(3, 1)\n!ls\n?parameter_count")

    def change(notebook: dict[str, Any]) -> None:
        cell = graded(notebook, "per_example_weight")
        cell["source"] = "%%time\n" + cell["source"]

    rewrite(folder, change)


# ------------------------------------------------------------------------ 15 to 17: other editors


@honest(15, "Cells were added everywhere: Markdown, code, raw; some carry tags.")
def added_cells(folder: Path) -> None:
    """Take notes."""

    def change(notebook: dict[str, Any]) -> None:
        cells = []
        for index, cell in enumerate(notebook["cells"]):
            note = {
                "cell_type": "markdown",
                "id": f"note-{index}",
                "metadata": {},
                "source": "Note.",
            }
            raw = {"cell_type": "raw", "id": f"raw-{index}", "metadata": {}, "source": "to do"}
            own = code_cell(f"note_{index} = {index}", f"own-{index}")
            own["metadata"] = {"tags": ["mine", "raises-exception"], "collapsed": True}
            cells += [cell, [note, raw, own][index % 3]]
        notebook["cells"] = cells

    rewrite(folder, change)


@honest(15, "Cells ran out of order, many times, and their old outputs are saved.")
def out_of_order(folder: Path) -> None:
    """Save in the middle of work."""

    def change(notebook: dict[str, Any]) -> None:
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for index, cell in enumerate(code):
            cell["execution_count"] = 400 - 7 * index
            cell["outputs"] = [
                {"output_type": "stream", "name": "stderr", "text": "an old warning\n"},
                {
                    "output_type": "error",
                    "ename": "NotImplementedError",
                    "evalue": "",
                    "traceback": ["NotImplementedError: "],
                },
            ]

    rewrite(folder, change)


@honest(15, "A graded cell was split: a helper stands in a cell of its own before it.")
def helper_cells(folder: Path) -> None:
    """Divide the work."""
    insert(folder, "imports", "def _triangle(n):\n    return n * (n + 1) // 2")
    answer(
        folder,
        "parameter_count",
        """
        def _check(n_features, n_units):
            if min(n_features, n_units) < 1:
                raise ValueError("sizes start at 1")
        def parameter_count(n_features: int, n_units: int) -> int:
            _check(n_features, n_units)
            n_weights = (n_features + 1) * n_units
            return n_weights + _triangle(n_weights)
        """,
    )


@honest(15, "A function was written twice: first wrong in its cell, then right in the next.")
def corrected_later(folder: Path) -> None:
    """Change one's mind further down."""
    right = solved(["per_example_weight"])["per_example_weight"]
    answer(folder, "per_example_weight", "def per_example_weight(n, multiple=1.0):\n    return 1.0")
    insert(folder, "per_example_weight", right)


@honest(15, "The given cells were edited: comments, blank lines, a number changed to play with.")
def edited_given_cells(folder: Path) -> None:
    """Play with what was locked, in an editor that knows no locks."""

    def change(notebook: dict[str, Any]) -> None:
        for grade_id in ("run-04", "run-09", "check-make_prior"):
            cell = graded(notebook, grade_id)
            cell["source"] = "# my comment\n" + "".join(cell["source"]) + "\n\nprint('seen')\n"
            cell["metadata"].pop("editable", None)
            cell["metadata"].pop("deletable", None)

    rewrite(folder, change)


@honest(16, "The notebook was saved by VS Code.")
def saved_by_vscode(folder: Path) -> None:
    """Bear the marks of another editor."""

    def change(notebook: dict[str, Any]) -> None:
        notebook["metadata"] = {
            "kernelspec": {"display_name": ".venv (3.12.3)", "language": "python", "name": ".venv"},
            "language_info": {
                "codemirror_mode": {"name": "ipython", "version": 3},
                "file_extension": ".py",
                "mimetype": "text/x-python",
                "name": "python",
                "nbconvert_exporter": "python",
                "pygments_lexer": "ipython3",
                "version": "3.12.3",
            },
            "vscode": {"interpreter": {"hash": "0" * 64}},
        }
        notebook["nbformat_minor"] = 2
        for cell in notebook["cells"]:
            del cell["id"]
            if cell["cell_type"] == "code":
                cell["metadata"]["vscode"] = {"languageId": "python"}

    rewrite(folder, change)


@honest(16, "The notebook was saved by Google Colab.")
def saved_by_colab(folder: Path) -> None:
    """Bear Colab's marks, on one line, without identities but in the metadata."""

    def change(notebook: dict[str, Any]) -> None:
        notebook["nbformat_minor"] = 0
        notebook["metadata"] = {
            "accelerator": "GPU",
            "colab": {"provenance": [], "gpuType": "T4", "toc_visible": True},
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
        }
        for index, cell in enumerate(notebook["cells"]):
            del cell["id"]
            cell["metadata"]["id"] = f"aBcDeF{index:06d}"
            cell["metadata"]["colab"] = {"base_uri": "https://localhost:8080/", "height": 35}
            if cell["cell_type"] == "code":
                cell["metadata"]["outputId"] = "0" * 36

    rewrite(folder, change)
    path = folder / NOTEBOOK
    path.write_text(json.dumps(json.loads(path.read_text("utf-8"))), encoding="utf-8")


@honest(16, "The notebook was saved by JupyterLab with a conda kernel and new cell identities.")
def saved_by_jupyterlab(folder: Path) -> None:
    """Bear the marks of the usual editor."""

    def change(notebook: dict[str, Any]) -> None:
        notebook["metadata"]["kernelspec"] = {
            "display_name": "Python [conda env:bayes]",
            "language": "python",
            "name": "conda-env-bayes-py",
        }
        for index, cell in enumerate(notebook["cells"]):
            cell["id"] = f"{index:08x}-0000-4000-8000-000000000000"
            cell["metadata"]["editable"] = True
            cell["metadata"]["slideshow"] = {"slide_type": ""}
            cell["metadata"]["jp-MarkdownHeadingCollapsed"] = True
            if cell["cell_type"] == "code":
                cell["metadata"]["execution"] = {"iopub.status.busy": "2025-01-01T00:00:00.000000Z"}

    rewrite(folder, change)


@honest(16, "The notebook lacks a kernelspec, or any metadata.")
def no_kernelspec(folder: Path) -> None:
    """Come from a tool that writes the least it can."""
    rewrite(folder, lambda notebook: notebook.update(metadata={}))


@honest(17, "A module, a table and a picture of the student's own lie beside the notebook.")
def own_files(folder: Path) -> None:
    """Keep helpers in a file."""
    file(folder, "my_helpers.py", "def triangle(n):\n    return n * (n + 1) // 2")
    file(folder, "data/numbers.csv", "n,weight\n1,1.0\n")
    (folder / ".DS_Store").write_bytes(bytes(100))
    (folder / "Thumbs.db").write_bytes(bytes(100))
    answer(
        folder,
        "parameter_count",
        """
        import csv
        from my_helpers import triangle
        with open("data/numbers.csv") as table:
            one = int(next(csv.DictReader(table))["n"])
        def parameter_count(n_features: int, n_units: int) -> int:
            if n_features < one or n_units < one:
                raise ValueError("sizes start at 1")
            n_weights = (n_features + one) * n_units
            return n_weights + triangle(n_weights)
        """,
    )
    insert(
        folder,
        "imports",
        """
        with open("notes.txt", "w") as notes:
            notes.write("written while running")
        print(open("notes.txt").read())
        """,
    )


@honest(17, "Copies and checkpoints of the notebook lie in the folder, as JupyterLab leaves them.")
def checkpoints(folder: Path) -> None:
    """Zip the whole folder."""
    text = (folder / NOTEBOOK).read_bytes()
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "02_kl_weight-checkpoint.ipynb").write_bytes(text)
    (folder / "bayescnn" / "__pycache__").mkdir(exist_ok=True)


@honest(17, "The folder bayescnn was not handed in: only the notebook was.")
def notebook_alone(folder: Path) -> None:
    """Hand in what was asked for."""
    package = folder / "bayescnn"
    for path in sorted(package.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    package.rmdir()


# --------------------------------------------------------------------- 28 to 33: time and form


@honest(28, "The first cell takes a few seconds, and a thread goes on in the background.")
def slow_first_cell(folder: Path) -> None:
    """Take one's time."""
    first_cell(
        folder,
        """
        import threading, time
        time.sleep(3)
        def tick():
            for _ in range(600):
                time.sleep(0.5)
        threading.Thread(target=tick, daemon=True).start()
        """,
    )


@honest(29, "Pictures, tables and ten thousand lines of output are displayed.")
def rich_outputs(folder: Path) -> None:
    """Look at the data closely."""
    last_cell(
        folder,
        """
        import matplotlib.pyplot as plt
        from IPython.display import HTML, Markdown, display
        for _ in range(3):
            plt.plot(np.random.default_rng(0).normal(size=1000))
            plt.show()
        display(HTML("<b>bold</b> &amp; <table><tr><td>1</td></tr></table>"), Markdown("$a < b$"))
        for line in range(10_000):
            print(line, "x" * 20)
        """,
    )


@honest(31, "The file begins with a byte order mark.")
def byte_order_mark(folder: Path) -> None:
    """Come through a Windows editor."""
    path = folder / NOTEBOOK
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


@honest(31, "Lines end as on Windows, in the file and within sources.")
def windows_line_ends(folder: Path) -> None:
    """Come from Windows."""

    def change(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")

    rewrite(folder, change)
    path = folder / NOTEBOOK
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


@honest(31, "Sources indent with tabs, hold emoji and names in Greek, and end in blanks.")
def unicode_and_tabs(folder: Path) -> None:
    """Write as one likes."""
    answer(
        folder,
        "per_example_weight",
        """
        def per_example_weight(n_train, multiple=1.0):
        \tλ, Ν = multiple, n_train   # 🙂 наука 数学
        \tif Ν < 1 or λ < 0: raise ValueError("só números positivos 🙃")
        \treturn λ / Ν   \t
        """,
    )

    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"].append(code_cell("print('Ünïcödé \u202e עברית \u2028')", "uni"))

    rewrite(folder, change)


@honest(31, "The written answer is long, and holds a pasted picture.")
def long_written_answer(folder: Path) -> None:
    """Write more than was asked for."""

    def change(notebook: dict[str, Any]) -> None:
        index = notebook["cells"].index(graded(notebook, "why-one-over-n")) + 1
        cell = notebook["cells"][index]
        picture = (  # one pixel
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YA"
            "AAAASUVORK5CYII="
        )
        cell["attachments"] = {"image.png": {"image/png": picture}}
        cell["source"] = "The colleague is too sure. " * 500 + "\n\n![](attachment:image.png)"

    rewrite(folder, change)


@honest(33, "Angle brackets, braces and dollar signs stand in comments, texts and errors.")
def innocent_markup(folder: Path) -> None:
    """Write a < b and mean it."""
    first_cell(
        folder, "# if a < b and b > c: <b>bold</b> [red] {x} $n$ %d\nprint('<none>', {}, '[x]')"
    )
    insert(folder, GRADED[0], "raise ValueError('expected <int> & got [float] {x}')")
