"""Tables that end a report of the tests."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def printed(table: Table) -> str:
    """A table as text, as wide as a report."""
    console = Console(width=100)
    with console.capture() as captured:
        console.print(table)
    return captured.get()
