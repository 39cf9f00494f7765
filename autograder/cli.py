"""The command line: ``autograder build | release | grade | mutants``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
console = Console()

Topic = Annotated[str, typer.Argument(help="A topic of the course, such as 02_kl_weight.")]


@app.command()
def mutants(topics: Annotated[list[str], typer.Argument(help="Topics to test.")]) -> None:
    """Grade every right and wrong variant; fail if a check accepts or rejects the wrong ones."""
    from autograder.variants import matrix

    table = Table("function", "variant", "should earn", "earned", "")
    wrong_verdicts = 0
    for topic in topics:
        for outcome in matrix(topic):
            wrong_verdicts += not outcome.ok
            kind = "right" if outcome.variant.right else "wrong"
            table.add_row(
                outcome.variant.function,
                f"{kind}: {outcome.variant.title}",
                f"{outcome.expected:g}",
                f"{outcome.verdict.points:g}",
                "" if outcome.ok else "←",
            )
    console.print(table)
    console.print(f"{wrong_verdicts} false verdicts in {table.row_count} variants")
    raise typer.Exit(1 if wrong_verdicts else 0)
