"""A training run's folder: what lies in it, and how it stays whole whatever happens.

    config.json        what was asked for and how the model is built; written first
    state.npz          the last epoch boundary, while training lasts
    weights.npz        the weights of the best epoch
    predictions.npz    samples, probabilities, labels, names and split of every judged image
    *.png              the figures
    metrics.json       the results; written last, so a run that has it is complete

Every file is written under another name and then renamed, so that a power cut, Ctrl-C or a full
disk leaves the earlier file or none, never half of one.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

CONFIG, STATE, WEIGHTS = "config.json", "state.npz", "weights.npz"
PREDICTIONS, METRICS = "predictions.npz", "metrics.json"


class RunError(Exception):
    """Something the user can put right; the message says what, where, and what to do.

    Attributes:
        exit_code: of the command line: 1.
    """

    exit_code = 1


class UsageError(RunError):
    """The command cannot be carried out as it was given; exit code 2."""

    exit_code = 2


SMALLEST, LARGEST = 28, 1024  # pixels: PneumoniaMNIST, and what fits into memory by the thousand


@dataclass(frozen=True)
class RunConfig:
    """What a run was asked for; a resumed run must agree with it.

    Attributes:
        data: folder, .npz file, "phantom" or "pneumoniamnist".
        backbone: "stem" or "densenet121".
        weights: of DenseNet121: "imagenet" or a file; None for the stem, which starts untrained.
        size: side of the images, pixels.
        epochs: at most so many; None for the recipe's own number.
        seed: of the split, the initial weights, the order and the augmentation.
    """

    data: str
    backbone: Literal["stem", "densenet121"] = "stem"
    weights: str | None = None
    size: int = 64
    epochs: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.backbone not in ("stem", "densenet121"):
            raise UsageError(f"--backbone {self.backbone}: give stem or densenet121")
        if self.backbone == "stem" and self.weights is not None:
            raise UsageError(
                "--weights belongs to --backbone densenet121; the stem is trained here"
            )
        if self.backbone == "densenet121" and self.weights is None:
            raise UsageError("--backbone densenet121 needs --weights imagenet or --weights FILE")
        if not SMALLEST <= self.size <= LARGEST:
            raise UsageError(f"--size {self.size}: give {SMALLEST} to {LARGEST} pixels")
        if self.epochs is not None and self.epochs < 1:
            raise UsageError(f"--epochs {self.epochs}: give at least 1")
        if not 0 <= self.seed < 2**31:
            raise UsageError(f"--seed {self.seed}: give a number from 0 to {2**31 - 1}")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Args:
        path: the file; its folder exists.
        content: all of it.

    Raises:
        RunError: no space, no permission, or another failure of the disk.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunError(
                f"{path}: the disk is full ({len(content) / 1e6:.1f} MB needed); free some space"
            ) from error
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; see `write_bytes`."""
    write_bytes(path, (json.dumps(value, indent=2) + "\n").encode())


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write an .npz file whole or not at all; see `write_bytes`."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        RunError: no such file, or not a JSON object.
    """
    try:
        value = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise RunError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read ({error})") from error
    if not isinstance(value, dict):
        raise RunError(f"{path}: does not hold a JSON object")
    return value


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of an .npz file; nothing in it is ever executed.

    Raises:
        RunError: no such file, or not an .npz file of plain arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except FileNotFoundError as error:
        raise RunError(f"{path}: no such file") from error
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise RunError(f"{path}: not a readable .npz file ({error})") from error


def pack(prefix: str, values: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Name a list of arrays prefix/0, prefix/1, ... for an .npz file."""
    return {f"{prefix}/{i}": value for i, value in enumerate(values)}


def unpack(
    prefix: str, arrays: Mapping[str, np.ndarray], like: Sequence[np.ndarray], where: Path
) -> list[np.ndarray]:
    """Take the list that `pack` named out again.

    Args:
        prefix: given to `pack`.
        arrays: from `read_arrays`.
        like: arrays of the shapes that are wanted.
        where: the file, for the message.

    Returns:
        As many arrays as `like` has, of the same shapes.

    Raises:
        RunError: the file belongs to another model.
    """
    count = sum(key.startswith(f"{prefix}/") for key in arrays)
    if count != len(like):
        raise RunError(f"{where}: holds {count} arrays, but this model has {len(like)} weights")
    found = [arrays[f"{prefix}/{i}"] for i in range(count)]
    for i, (array, wanted) in enumerate(zip(found, like, strict=True)):
        if array.shape != wanted.shape:
            raise RunError(
                f"{where}: weight {i} has shape {array.shape}, but this model needs "
                f"{wanted.shape}; the weights are another model's"
            )
    return found


def prepare(out: Path, resume: bool) -> dict[str, Any] | None:
    """Check the folder that a run shall be written to, without writing anything.

    Args:
        out: the folder; it need not exist.
        resume: take up an earlier run.

    Returns:
        The earlier run's configuration to resume, or None for a new run.

    Raises:
        UsageError: a run is there but not to be resumed, or none is there to resume, or the
            folder holds other things.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; give a folder with --out")
    if resume:
        if not (out / CONFIG).is_file():
            raise UsageError(f"{out}: holds no run to resume; leave out --resume to start one")
        return read_json(out / CONFIG)
    if (out / CONFIG).exists():
        raise UsageError(
            f"{out}: holds a run already; continue it with --resume, or give another --out"
        )
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out}: is not empty and holds no run; give another --out")
    return None


def create(out: Path, config: Mapping[str, Any]) -> None:
    """Make a run's folder with its configuration; where that fails, no folder stays behind.

    Args:
        out: the folder.
        config: contents of config.json.

    Raises:
        RunError: the folder or the file cannot be written.
    """
    existed = out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{out}: cannot be made ({error.strerror})") from error
    try:
        write_json(out / CONFIG, config)
    except RunError:
        if not existed:
            with contextlib.suppress(OSError):
                out.rmdir()
        raise
