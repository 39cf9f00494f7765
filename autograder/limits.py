"""How much one submission may take: `Limits`."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """What grading grants a submission; the defaults leave honest work a wide margin.

    Attributes:
        cell_seconds: wall time of one cell, or of one check. No graded cell takes five seconds,
            but a laptop that grades beside other work may be slow.
        submission_seconds: wall time of the whole notebook.
        memory_mb: memory that its processes take together, without what all kernels share.
        processes: processes and threads. TensorFlow starts a few dozen.
        disk_mb: files, in each of the working folder, ``/tmp`` and ``/dev/shm``.
        files: how many files and folders each of these may hold.
        output_kb: what one cell may print or show; more is cut off, and costs no points.
    """

    cell_seconds: int = 120
    submission_seconds: int = 900
    memory_mb: int = 2048
    processes: int = 256
    disk_mb: int = 256
    files: int = 10_000
    output_kb: int = 1024

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"the limit {name} must be positive, not {value}")
