"""What a training run shows while it runs: a bar on a terminal, a line per epoch in a log."""

from __future__ import annotations

import time
from collections.abc import Mapping

import tf_keras as keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def duration(seconds: float) -> str:
    """Format a number of seconds as m:ss or h:mm:ss."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def loss_parts(logs: Mapping[str, float]) -> str:
    """Format the loss with its two parts, likelihood and KL, in nats per example."""
    return f"loss {logs['loss']:.3f} (nll {logs['nll']:.3f}, kl {logs['kl']:.3f})"


class TrainingProgress(keras.callbacks.Callback):
    """Shows likelihood, KL, validation and the time left.

    The time left is that of all epochs; early stopping may end the training before.

    Args:
        console: where to; a bar is drawn only if it is a terminal.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self.bar: Progress | None = None
        self.task: TaskID | None = None
        self.first_epoch: int | None = None
        self.epoch_name = ""
        self.started = self.epoch_started = 0.0

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Starts the clock and, on a terminal, the bar."""
        self.started = time.monotonic()
        if self.console.is_terminal:
            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self.console,
            )
            self.bar.start()

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Notes where a resumed run began."""
        self.epoch_started = time.monotonic()
        if self.first_epoch is None:
            self.first_epoch = epoch
        if self.bar is not None:
            steps = self.params["steps"]
            total = steps * self.params["epochs"] if steps else None
            completed = epoch * steps if steps else 0
            self.epoch_name = f"epoch {epoch + 1}/{self.params['epochs']}"
            if self.task is None:  # A resumed run's earlier steps are no sign of its speed.
                self.task = self.bar.add_task(self.epoch_name, total=total, completed=completed)
            self.bar.update(self.task, total=total, description=self.epoch_name)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Moves the bar by one step."""
        if self.bar is not None and self.task is not None:
            text = f"{self.epoch_name}  {loss_parts(logs or {})}"
            self.bar.update(self.task, advance=1, description=text)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Prints the epoch's line."""
        logs, now, epochs = logs or {}, time.monotonic(), self.params["epochs"]
        done = epoch + 1 - (self.first_epoch or 0)
        left = (now - self.started) / done * (epochs - epoch - 1)
        line = (
            f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}  {loss_parts(logs)}  "
            f"accuracy {logs['accuracy']:.3f}  val nll {logs['val_nll']:.3f}  "
            f"val accuracy {logs['val_accuracy']:.3f}  {now - self.epoch_started:.1f} s"
        )
        if self.bar is None:
            line += f"  left {duration(left)}"
        self.console.print(line, highlight=False, soft_wrap=True)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Takes the bar away."""
        self.close()

    def close(self) -> None:
        """Takes the bar away, also after an interruption; may be called twice."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
