"""``make demo``: the whole course once, small, on an empty machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from autograder.topics import ROOT

DEMO = ROOT / "build" / "demo"
TOPIC = "02_kl_weight"

BIN = Path(sys.executable).parent

STEPS = (
    (
        "Train a Bayesian CNN on synthetic X-rays",
        "bayescnn train --data phantom --epochs 12 --out build/demo/model",
    ),
    ("Build the assignments that students receive", "autograder release"),
    (
        "Make a class of four students",
        f"autograder demo-class {TOPIC} --folder build/demo/class",
    ),
    (
        "Grade the class, each submission in a sandbox of its own",
        f"autograder grade {TOPIC} --folder build/demo/class",
    ),
    ("Build the book, running every figure", "make --no-print-directory book"),
)

LOOK = """\
[bold]Look at[/]
  the book                book/_build/html/index.html
  what the model learned  build/demo/model/*.png
  how sure it is          build/demo/model/metrics.json
  an assignment           exercises/02_kl_weight/02_kl_weight.ipynb
  a student's feedback    build/demo/class/feedback/cleo/02_kl_weight/02_kl_weight.html
[bold]Try[/]
  .venv/bin/bayescnn train --help
  .venv/bin/jupyter lab exercises/02_kl_weight"""


def main() -> int:
    """Run the steps one after the other; stop at the first that fails."""
    console = Console(highlight=False)
    shutil.rmtree(DEMO, ignore_errors=True)
    began = time.monotonic()
    for number, (title, line) in enumerate(STEPS, 1):
        console.rule(f"{number} of {len(STEPS)}: {title}", align="left")
        console.print(f"$ {line}", style="dim")
        program, *words = line.split()
        found = BIN / program
        done = subprocess.run([str(found) if found.exists() else program, *words], cwd=ROOT)
        if done.returncode != 0:
            console.print(f"[red]This step failed (exit code {done.returncode}).[/]")
            return done.returncode
    minutes = (time.monotonic() - began) / 60
    console.print(Panel(f"Done in {minutes:.1f} minutes.\n\n{LOOK}", expand=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
