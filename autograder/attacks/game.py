"""Game the question: classes 24 to 27."""

from __future__ import annotations

import json
from pathlib import Path

from autograder.attacks.kit import (
    GRADED,
    TOPIC,
    answer,
    answer_all,
    answers,
    attack,
    first_cell,
    insert,
)

# ------------------------------------------------------------------------- 24: visible checks


@attack(24, "The numbers that the visible checks ask for are looked up in a table.")
def hard_coded(folder: Path) -> None:
    """Know the answers to the questions that everyone can see, and to no others."""
    checks = json.loads((folder / "bayescnn" / "selfchecks" / f"{TOPIC}.json").read_text("utf-8"))
    counts = checks["parameter_count"]
    table: dict[tuple[int, int], int] = {}
    for key, part in zip(("one_unit", "several"), counts["parts"], strict=False):
        table.update(zip(map(tuple, counts["inputs"][key]), part["truth"], strict=True))
    weights = checks["per_example_weight"]["inputs"]["n_trains"]
    answers(
        folder,
        {
            "parameter_count": f"""
                TABLE = {table!r}
                def parameter_count(n_features, n_units):
                    return TABLE.get((n_features, n_units), 0)
            """,
            "per_example_weight": f"""
                TABLE = {{n: 1 / n for n in {weights!r}}}
                def per_example_weight(n_train, multiple=1.0):
                    return TABLE.get(n_train, -1.0)
            """,
        },
    )


@attack(24, "Every function, whatever it is asked, replays the true answers of the visible checks.")
def replayed_truths(folder: Path) -> None:
    """Send the visible truths in place of answers."""
    insert(
        folder,
        "imports",
        """
        import json, pathlib
        import bayescnn.selfcheck
        from IPython.display import publish_display_data
        path = pathlib.Path("bayescnn/selfchecks/02_kl_weight.json")
        truths = [[part["truth"] for part in c["parts"]] for c in json
            .loads(path.read_text()).values()]
        def replay(payload, namespace):
            answers = truths.pop(0)
            publish_display_data({"@MIME@": json.dumps([{"answer": a} for a in answers])})
        bayescnn.selfcheck.publish_answers = replay
        """,
    )


# ------------------------------------------------------------------------------ 25: noticing


@attack(25, "Signs of grading are collected; where there are some, functions behave differently.")
def noticed_grading(folder: Path) -> None:
    """Work by daylight and cheat at night."""
    first_cell(
        folder,
        """
        import os, socket, sys, time
        signs = {
            "home": os.path.expanduser("~") == "/home/student",
            "host": socket.gethostname(),
            "user": os.getuid(),
            "display": "DISPLAY" in os.environ,
            "frontend": "JPY_PARENT_PID" in os.environ or "JUPYTER_SERVER_ROOT" in os.environ,
            "machine": "grad" in os.getcwd() or os.path.exists("/.dockerenv"),
            "network": bool([n for _, n in socket.if_nameindex() if n != "lo"]),
            "late": time.time() > 1_700_000_000,
            "arguments": sys.argv,
        }
        print(signs)
        """,
    )
    answer_all(
        folder,
        """
        def everything(*args, **kwargs):
            import sys
            frame, graded = sys._getframe(1), not signs["network"]
            while frame is not None:
                graded = graded or frame.f_code.co_name in ("publish_answers", "answer_probes")
                frame = frame.f_back
            if graded:
                raise NotImplementedError("not today")
            return 1.0
        """,
    )


# ----------------------------------------------------------------------- 26: the course's own


@attack(26, "The answers are imported from the course's library and checks, wherever they lie.")
def imported_answers(folder: Path) -> None:
    """Call the reference instead of building it."""
    names = ", ".join(GRADED)
    insert(
        folder,
        "imports",
        """
        import glob, importlib.metadata, importlib.util, os, re, sys
        places = ["@FOLDER@/../../../../solutions", "/work/main/solutions", *sys.path]
        for path in glob.glob(sys.prefix + "/lib/python*/site-packages/*"):
            if path.endswith(".pth") or "__editable__" in path or path.endswith("direct_url.json"):
                if os.path.isfile(path):
                    places += re.findall(r"/[^'\\",:}\\s]+", open(path, errors="replace").read())
        try:
            record = importlib.metadata.distribution("know-what-you-dont-know")
            print(record.read_text("direct_url.json"), record.files)
        except importlib.metadata.PackageNotFoundError as error:
            print(error)
        sys.path += [p for p in places if os.path.isdir(p)]
        reference = None
        for place in places:
            for name in (
                "bayescnn/kl_weight.py", "kl_weight.py", "solutions/bayescnn/kl_weight.py"):
                path = os.path.join(place, name)
                if os.path.isfile(path) and "_counts_one_unit" not in open(path).read():
                    spec = importlib.util.spec_from_file_location("reference", path)
                    reference = importlib.util.module_from_spec(spec)
                    spec.loader.exec_module(reference)
                    print("FOUND", path)
        try:
            from autograder.checks.kl_weight import CHECKS
            print("FOUND", CHECKS)
        except ImportError as error:
            print(error)
        """,
    )
    imports = f"from bayescnn.kl_weight import {names}"
    answers(
        folder,
        {
            name: f"try:\n    {imports}\nexcept ImportError:\n    {name} = reference.{name}"
            for name in GRADED
        },
    )


@attack(26, "Functions call their own checks' probes, and the hidden module, to learn what to say.")
def called_checker(folder: Path) -> None:
    """Ask whoever grades for the right answer."""
    answer_all(
        folder,
        """
        def everything(*args, **kwargs):
            import sys
            for name, module in list(sys.modules.items()):
                for attribute in ("truth", "judge", "grade", "CHECKS", "ask"):
                    found = getattr(module, attribute, None) if "autograder" in name else None
                    if found is not None:
                        print("FOUND", name, attribute)
                        return found
            import autograder.checks
            return autograder.checks.checks_of("02_kl_weight")
        """,
    )


# ------------------------------------------------------------------------------ 27: known seeds


@attack(27, "All seeds are set, and answers drawn as the reference would draw them from seed 0.")
def known_seeds(folder: Path) -> None:
    """Foresee the random numbers."""
    first_cell(
        folder,
        """
        import os, random, secrets, time, uuid
        import numpy
        os.urandom = lambda n: bytes(n)
        secrets.randbits = lambda k: 0
        time.time = lambda: 0.0
        random.seed(0)
        numpy.random.seed(0)
        _generator = numpy.random.default_rng
        numpy.random.default_rng = lambda seed=None: _generator(0)
        """,
    )
    answer(
        folder,
        "sweep_kl_weights",
        """
        def sweep_kl_weights(features, targets, kl_weights, *args, **kwargs):
            # What a run from the known seed once gave.
            return np.array([[0.5, 0.4, 0.3]] * len(kl_weights))
        """,
    )
    answer(
        folder,
        "parameter_count",
        """
        _next = np.random.default_rng(0)
        def parameter_count(n_features, n_units):
            return int(_next.integers(2, 500))
        """,
    )


@attack(27, "Memorised answers for every plausible input come with the submission.")
def memorised(folder: Path) -> None:
    """Bring a table that is too small for the question."""
    lines = "\n".join(f"{n},{1 / n!r}" for n in range(1, 20))
    (folder / "memory.csv").write_text(lines, encoding="utf-8")
    answer(
        folder,
        "per_example_weight",
        """
        import csv
        MEMORY = {int(n): float(w) for n, w in csv.reader(open("memory.csv"))}
        def per_example_weight(n_train, multiple=1.0):
            return MEMORY[n_train]
        """,
    )
