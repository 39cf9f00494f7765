"""One program for one device, several, or several machines.

`MirroredStrategy` spreads each batch over the devices of a machine, `MultiWorkerMirroredStrategy`
over machines; every worker runs the same command with its own TF_CONFIG and the same `--out` on a
shared disk, and only the chief writes.

What stays the same, and is tested: the batch size is that of all replicas together, batch
normalisation sees the whole batch, and Keras divides the KL by the number of replicas, so loss and
KL are those of a single device. What cannot: the noise of the weights is each replica's own. That
means more draws per step and the same expectation.
"""

from __future__ import annotations

import os

import tensorflow as tf

from bayescnn.run_directory import UsageError


def make_strategy(name: str) -> tf.distribute.Strategy:
    """Choose how to spread the training over devices. Call it before any TensorFlow operation.

    Args:
        name: "mirrored" (all GPUs of this machine, else all its logical CPUs), "multiworker" (the
            machines in TF_CONFIG), or "auto": multiworker where TF_CONFIG is set, mirrored where
            there are several GPUs, else one device, which TensorFlow chooses.

    Returns:
        The strategy.

    Raises:
        UsageError: unknown name, or "multiworker" without TF_CONFIG.
    """
    cluster = os.environ.get("TF_CONFIG")
    if name == "multiworker" or (name == "auto" and cluster):
        if not cluster:
            raise UsageError(
                "--strategy multiworker needs the cluster in TF_CONFIG, for example "
                '\'{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
                '"task": {"type": "worker", "index": 0}}\''
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name not in ("auto", "mirrored"):
        raise UsageError(f"--strategy {name}: give auto, mirrored or multiworker")
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or len(gpus) > 1:
        devices = gpus or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes: always, but for workers other than the first."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    if resolver.task_type == "worker" and "chief" not in resolver.cluster_spec().jobs:
        return resolver.task_id == 0
    return resolver.task_type == "chief"
