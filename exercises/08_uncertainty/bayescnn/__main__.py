"""``python -m bayescnn``: the command line where no console script is installed."""

from bayescnn.cli import app

app()
