"""The command line: `bayescnn train`, `bayescnn predict`, `bayescnn check`.

TensorFlow takes many seconds to import, so each command imports what it needs when it runs, and
`bayescnn --help` answers at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Bayesian CNNs for chest X-rays that say what they don't know. Not for diagnosis.",
)
INTERRUPTED = 128 + signal.SIGINT  # what a shell reports for a program that Ctrl-C ended: 130


@app.callback()
def bayescnn() -> None:
    """Hold no state: the commands stand alone."""


def import_tensorflow() -> None:
    """Import TensorFlow without its remarks on processors and drivers; shown if the import fails.

    Part of them is printed before any logging level counts, so stderr itself is held back.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held_back:
        stderr = os.dup(2)
        os.dup2(held_back.fileno(), 2)
        try:
            import tensorflow as tf

            import bayescnn.train  # noqa: F401

            tf.get_logger().setLevel("ERROR")  # its warnings speak to programmers
            tf.config.list_physical_devices()  # the search for GPUs has remarks of its own
        except BaseException:
            held_back.seek(0)
            os.write(stderr, held_back.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def fail(message: str, exit_code: int) -> NoReturn:
    """Print a message to stderr and end with the exit code."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {message}", markup=False)
    raise typer.Exit(exit_code)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn errors that the user can put right into one message and an exit code."""
    from bayescnn.run_directory import RunError

    try:
        yield
    except RunError as error:
        fail(str(error), error.exit_code)
    except ValueError as error:
        from bayescnn.densenet import WeightsError
        from bayescnn.xray_files import XrayError

        if not isinstance(error, (WeightsError, XrayError)):
            raise
        fail(str(error), 1)
    except MemoryError:
        fail("out of memory; try a smaller --size", 1)
    except OSError as error:
        fail(str(error), 1)


# bayescnn train --------------------------------------------------------------------------------


@app.command()
def train(
    data: Annotated[
        str | None,
        typer.Option(
            help="Folder of class folders, .npz file, 'phantom' (synthetic) or 'pneumoniamnist' "
            "(fetched).",
            show_default="phantom",
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="'stem' (small, trained along) or 'densenet121' (frozen).", show_default="stem"
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Of DenseNet121: 'imagenet' (fetched) or a file.", show_default="imagenet"
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Side of the images, pixels.", show_default="64, with densenet121 224"),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="At most so many.", show_default="the recipe's")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of everything that is random.", show_default="0")
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            help="'mirrored' (all GPUs), 'multiworker' (the machines in TF_CONFIG), or 'auto'."
        ),
    ] = "auto",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results.", show_default="runs/ and the name of the data"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out; needs no other option.")
    ] = False,
) -> None:
    """Train the Bayesian ResNet, judge it on the test images, and write both down."""
    given = {
        "data": data,
        "backbone": backbone,
        "weights": weights,
        "size": size,
        "epochs": epochs,
        "seed": seed,
    }
    out = out or Path("runs") / Path(data or "phantom").stem.replace(":", "-")
    # A scheduler that takes the machine back says so with SIGTERM: stop as with Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with clear_errors():
            _train({k: v for k, v in given.items() if v is not None}, strategy, out, resume)
    except KeyboardInterrupt:
        _interrupted(out)
    finally:
        signal.signal(signal.SIGTERM, before)


def _train(given: dict[str, Any], strategy: str, out: Path, resume: bool) -> None:
    """Work out the configuration, from the options or the run to resume, and carry it out."""
    from bayescnn import run_directory
    from bayescnn.run_directory import CONFIG, METRICS, RunConfig, RunError, UsageError

    console = Console()
    worker = _worker_index()
    saved = run_directory.prepare(out, resume) if worker == 0 or resume else None
    if given.get("data") and Path(given["data"]).exists():
        given["data"] = str(Path(given["data"]).resolve())  # so that a resumed run finds it
    if given.get("weights") and given["weights"] != "imagenet":
        given["weights"] = str(Path(given["weights"]).resolve())
    asked: dict[str, Any]
    if saved is not None:
        asked = saved.get("run", {})
        changed = [f"--{k} {v} (was {asked.get(k)})" for k, v in given.items() if asked.get(k) != v]
        if changed:
            raise UsageError(
                f"{out}: this run was started otherwise: {', '.join(changed)}; leave these out, "
                "or start a new run with another --out"
            )
        if (out / METRICS).is_file():
            console.print(f"{out} is finished already.")
            _show_metrics(console, run_directory.read_json(out / METRICS), out)
            return
    else:
        densenet = given.get("backbone") == "densenet121"
        asked = {"data": "phantom", "size": 224 if densenet else RunConfig.size, **given}
        if densenet:
            asked.setdefault("weights", "imagenet")

    try:
        config = RunConfig(**asked)
    except TypeError as error:
        raise RunError(f"{out / CONFIG}: does not describe a run") from error
    if strategy not in ("auto", "mirrored", "multiworker"):
        raise UsageError(f"--strategy {strategy}: give auto, mirrored or multiworker")
    import_tensorflow()
    from bayescnn.train import train as run

    metrics = run(config, out, console, strategy)
    if metrics is not None:
        _show_metrics(console, metrics, out)


def _worker_index() -> int:
    """This process' place in the cluster of TF_CONFIG; 0 where there is none."""
    try:
        task = json.loads(os.environ.get("TF_CONFIG") or "{}").get("task", {})
        return int(task.get("index", 0)) if task.get("type") == "worker" else 0
    except (ValueError, AttributeError):
        from bayescnn.run_directory import UsageError

        raise UsageError("TF_CONFIG is not the JSON that TensorFlow expects") from None


def _interrupted(out: Path) -> NoReturn:
    """Say what is kept and how to go on."""
    from bayescnn.run_directory import CONFIG, STATE

    message = "stopped; nothing was written"
    if (out / CONFIG).is_file():
        kept = (
            "the epochs done are kept" if (out / STATE).is_file() else "no epoch was complete yet"
        )
        message = f"stopped; {kept}. Go on with:\n  bayescnn train --resume --out {out}"
    print(message, file=sys.stderr)
    raise typer.Exit(INTERRUPTED)


def _show_metrics(console: Console, metrics: dict[str, Any], out: Path) -> None:
    """Print the quality figures with their intervals."""
    table = Table(title=f"Test: {metrics['n_test']} images, seen once, at the end")
    for column in ("measure", "value", "95 % interval"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for name, (low, high) in metrics["intervals"].items():
        table.add_row(name, f"{metrics[name]:.3f}", f"{low:.3f} – {high:.3f}")
    console.print(table)
    console.print(
        f"Results, weights and figures: {out}\n"
        f"Try: bayescnn predict --model {out} IMAGE\n"
        "A teaching model: not for diagnosis.",
        highlight=False,
        soft_wrap=True,
    )


# bayescnn predict ------------------------------------------------------------------------------


@app.command()
def predict(
    images: Annotated[list[Path], typer.Argument(help="Chest X-rays (JPEG, PNG, TIFF, ...).")],
    model: Annotated[Path, typer.Option(help="The --out folder of a finished training.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document to stdout.")] = False,
) -> None:
    """Predict X-rays, each with its 95 % interval and what makes the model unsure."""
    with clear_errors():
        import_tensorflow()
        from bayescnn.evaluation import predict_images

        predictions, problems = predict_images(model, images)
    if as_json:
        note = "A teaching model: not for diagnosis."
        print(json.dumps({"note": note, "predictions": predictions}, indent=2))
    elif predictions:
        _show_predictions(predictions)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        raise typer.Exit(1)


def _show_predictions(predictions: list[dict[str, Any]]) -> None:
    """Print a row per image and class."""
    console = Console()
    table = Table(title="Not for diagnosis: a teaching model", show_lines=True)
    for column in ("image", "class", "probability", "95 % interval"):
        table.add_column(column, overflow="fold")
    for column in ("aleatoric (nats)", "epistemic (nats)"):
        table.add_column(column, justify="right")
    for p in predictions:
        classes = list(p["probabilities"])
        table.add_row(
            p["image"],
            "\n".join(f"[bold]{c}[/bold]" if c == p["class"] else c for c in classes),
            "\n".join(f"{p['probabilities'][c]:.3f}" for c in classes),
            "\n".join(f"{p['lower'][c]:.3f} – {p['upper'][c]:.3f}" for c in classes),
            f"{p['aleatoric']:.3f}",
            f"{p['epistemic']:.3f}",
        )
    console.print(table)
    console.print("In bold: the class decided on. Not for diagnosis.", highlight=False)


# bayescnn check --------------------------------------------------------------------------------


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="An assignment, such as 02_kl_weight.ipynb.")],
) -> None:
    """Run an assignment's visible self-checks and say, question by question, what holds."""
    from bayescnn.selfcheck import NotebookError, check_notebook

    console = Console(highlight=False)
    try:
        with console.status("Running the notebook; TensorFlow takes a moment to load ..."):
            findings = check_notebook(notebook)
    except NotebookError as error:
        fail(str(error), 2)
    for name, parts in findings.items():
        for right, text in parts:
            console.print(f"{'✓' if right else '✗'} {name}: {text}", markup=False)
    done = sum(all(right for right, _ in parts) for parts in findings.values())
    console.print(f"{done} of {len(findings)} functions pass their visible checks.")
    raise typer.Exit(0 if done == len(findings) else 1)


if __name__ == "__main__":
    app()
