"""Shared by the grader's tests: one release and one graded class a session."""

from __future__ import annotations

import os

# Quiet before anything imports TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
