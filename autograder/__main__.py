"""``python -m autograder`` is the command ``autograder``."""

from autograder.cli import app

if __name__ == "__main__":
    app(prog_name="autograder")
