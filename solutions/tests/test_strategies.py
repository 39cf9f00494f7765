"""One device, two and two workers give the same loss and the same KL; only the chief writes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from bayescnn import strategies
from bayescnn.run_directory import UsageError

SCRIPT = Path(__file__).with_name("strategy_worker.py")


def start(arguments, tf_config=None):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CONFIG"}
    environment |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    if tf_config:
        environment["TF_CONFIG"] = json.dumps(tf_config)
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(*processes, timeout=400):
    try:
        outputs = [process.communicate(timeout=timeout)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, output in zip(processes, outputs, strict=True):
        assert process.returncode == 0, output[-3000:]
    return outputs


def cluster_of_two():
    """TF_CONFIG of two workers on free loopback ports."""
    sockets = [socket.socket() for _ in range(2)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    workers = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    return [
        {"cluster": {"worker": workers}, "task": {"type": "worker", "index": i}} for i in range(2)
    ]


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    """The results of one device and of two."""
    out = tmp_path_factory.mktemp("devices") / "result.json"
    finish(start([SCRIPT, "devices", out]))
    return json.loads(out.read_text())


def assert_same(result, single):
    """Float tolerance.

    Sums of 16 examples are associated differently, a relative 1e-7 a step, which a dozen steps of
    Adam (whose normalised steps magnify the rounding of small gradients) raise; 1e-6 was seen. A
    KL divided twice or not at all by the replicas would be wrong by a factor of two. Validation
    differs by 3e-4: Keras' moving variance is the unbiased one on a single device, the biased one
    over several.
    """
    assert (single["replicas"], result["replicas"]) == (1, 2)
    assert result["kl_at_start"] == pytest.approx(single["kl_at_start"], rel=1e-6)
    assert result["kl_at_end"] == pytest.approx(single["kl_at_end"], rel=1e-5)
    for key in ("loss", "nll", "kl"):
        np.testing.assert_allclose(result[key], single[key], rtol=1e-4, err_msg=key)
    for key in ("val_loss", "val_nll"):
        np.testing.assert_allclose(result[key], single[key], rtol=3e-3, err_msg=key)
    assert single["kl"][-1] > 100 * single["nll"][-1]  # the KL did take part


@pytest.mark.slow
def test_two_devices_equal_one(devices):
    assert_same(devices["two"], devices["one"])


@pytest.mark.slow
def test_two_workers_equal_one_device(tmp_path, devices):
    outs = [tmp_path / "chief.json", tmp_path / "worker.json"]
    finish(
        *(
            start([SCRIPT, "workers", out], tf_config)
            for out, tf_config in zip(outs, cluster_of_two(), strict=True)
        )
    )
    assert not outs[1].exists()
    assert_same(json.loads(outs[0].read_text()), devices["one"])


@pytest.mark.slow
def test_two_workers_carry_out_the_whole_command(tmp_path):
    out = tmp_path / "run"
    arguments = ["-m", "bayescnn", "train", "--data", "phantom:100", "--size", "32"]
    arguments += ["--epochs", "1", "--out", out]
    chief, worker = finish(*(start(arguments, config) for config in cluster_of_two()))
    assert "2 replica(s)" in chief
    assert "epoch 1/1" in chief and "epoch 1/1" not in worker
    assert json.loads((out / "metrics.json").read_text())["epochs"] == 1
    assert not list(out.glob(".*")) and len(list(out.glob("*.json"))) == 2


def test_one_device_is_left_to_tensorflow(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [])
    strategy = strategies.make_strategy("auto")
    assert strategy is tf.distribute.get_strategy()
    assert strategies.is_chief(strategy)


def test_several_gpus_are_mirrored(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    gpus = [tf.config.LogicalDevice(f"/device:GPU:{i}", "GPU") for i in range(2)]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: gpus)
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda devices: devices)
    assert strategies.make_strategy("auto") == ["/device:GPU:0", "/device:GPU:1"]


def test_a_cluster_in_the_environment_means_several_workers(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", lambda: "several workers")
    assert strategies.make_strategy("auto") == "several workers"


def test_multiworker_without_a_cluster_says_what_is_missing(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UsageError, match="TF_CONFIG"):
        strategies.make_strategy("multiworker")
    with pytest.raises(UsageError, match="auto, mirrored or multiworker"):
        strategies.make_strategy("tpu")
