"""Sphinx extension: the environment in which the chapters' cells run.

The kernels inherit the environment of the build. It is set here, once, and not in a cell of every
chapter, where a reader would have to skip it.
"""

from __future__ import annotations

import os
from typing import Any

ENVIRONMENT = {
    # TensorFlow's C++ side reports its start-up on stderr, which a page does not need.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # The models here are tiny: a CPU is faster, and gives everyone the same numbers.
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


def setup(app: Any) -> dict[str, bool]:
    """Set the environment before the first notebook is run."""
    os.environ.update(ENVIRONMENT)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
