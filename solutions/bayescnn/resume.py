"""Stopping and resuming: the state of a training at its last epoch boundary.

Keras' own BackupAndRestore brings back weights and optimizer, but not how long early stopping has
been waiting, nor the best weights so far; and it writes several files. Here all of it is one file.
A resumed run takes new random numbers from there on: it is the same in law, not bit by bit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

from bayescnn import run_directory
from bayescnn.run_directory import RunError, pack, unpack


@dataclass
class EpochState:
    """Where training stands at the end of an epoch, besides the weights.

    Attributes:
        epoch: epochs done.
        finished: all epochs done, or stopped early.
        best_epoch: the epoch kept, counted from 1; 0 while none is.
        seconds: of training so far, all sittings together.
        history: one number per epoch and name.
        counters: the callbacks' own, in their order.
    """

    epoch: int = 0
    finished: bool = False
    best_epoch: int = 0
    seconds: float = 0.0
    history: dict[str, list[float]] = field(default_factory=dict)
    counters: list[dict[str, float]] = field(default_factory=list)


COUNTERS = ("wait", "best", "best_epoch", "cooldown_counter", "stopped_epoch")


def _optimizer_variables(model: keras.Model) -> list[tf.Variable]:
    """The optimizer's state, and the learning rate, unless that follows from the step."""
    rate = model.optimizer.learning_rate  # no part of `variables`, though the plateau changes it
    return [*model.optimizer.variables, *([rate] if isinstance(rate, tf.Variable) else [])]


class EpochSaver(keras.callbacks.Callback):
    """Saves weights, optimizer, callbacks and history after every epoch, and takes them up again.

    Args:
        path: state.npz of the run.
        callbacks: all others; this one comes after them, when they have done their part.
        chief: whether to write. Other workers must still *read* their variables, since reading
            one that is kept in parts is a joint operation.
    """

    def __init__(
        self, path: Path, callbacks: Sequence[keras.callbacks.Callback], chief: bool = True
    ) -> None:
        super().__init__()
        self.path = path
        self.callbacks = callbacks
        self.chief = chief
        self.state = EpochState()
        self._best: list[np.ndarray] | None = None
        self._epoch_started = 0.0

    def _early_stopping(self) -> keras.callbacks.EarlyStopping:
        return next(c for c in self.callbacks if isinstance(c, keras.callbacks.EarlyStopping))

    def restore(self, model: keras.Model) -> None:
        """Bring a compiled model, whose optimizer is built, to the saved epoch.

        Raises:
            RunError: the file is damaged or another model's.
        """
        if not self.path.is_file():
            return  # stopped within the first epoch
        arrays = run_directory.read_arrays(self.path)
        try:
            self.state = EpochState(**json.loads(str(arrays["state"])))
        except (KeyError, ValueError, TypeError) as error:
            raise RunError(f"{self.path}: not a saved state ({error})") from error
        weights = model.get_weights()
        variables = _optimizer_variables(model)
        model.set_weights(unpack("weights", arrays, weights, self.path))
        saved = unpack("optimizer", arrays, [v.numpy() for v in variables], self.path)
        for variable, value in zip(variables, saved, strict=True):
            variable.assign(value)
        if self.state.best_epoch:
            self._best = unpack("best", arrays, weights, self.path)
        if self.state.finished and self._best is not None:
            model.set_weights(self._best)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Sets the callbacks' counters again; each has just reset its own."""
        for callback, counters in zip(self.callbacks, self.state.counters, strict=False):
            for name, value in counters.items():
                setattr(callback, name, value)
        self._early_stopping().best_weights = self._best

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Starts the clock."""
        self._epoch_started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Saves, as one file in one step, so that it is never half of two epochs."""
        state, stopping = self.state, self._early_stopping()
        state.epoch = epoch + 1
        state.seconds += time.monotonic() - self._epoch_started
        state.finished = bool(self.model.stop_training) or state.epoch == self.params["epochs"]
        for name, value in (logs or {}).items():
            state.history.setdefault(name, []).append(float(value))
        state.counters = [
            {name: float(vars(c)[name]) for name in COUNTERS if name in vars(c)}
            for c in self.callbacks
        ]
        if stopping.best_weights is not None:
            self._best, state.best_epoch = stopping.best_weights, int(stopping.best_epoch) + 1
        arrays = pack("weights", self.model.get_weights())
        arrays |= pack("optimizer", [v.numpy() for v in _optimizer_variables(self.model)])
        arrays |= pack("best", self._best or [])
        arrays["state"] = np.array(json.dumps(asdict(state)))
        if self.chief:
            run_directory.write_arrays(self.path, arrays)
