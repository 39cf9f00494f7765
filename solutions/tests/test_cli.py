"""The command line: help at once, clear errors with exit codes, and nothing half written."""

import errno
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bayescnn import chest_xrays, run_directory
from bayescnn import train as training
from bayescnn.cli import app

TINY = ["train", "--data", "phantom:100", "--size", "32", "--epochs", "1"]


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "100"})


def assert_clear(result, exit_code, *words):
    """One message on stderr that has the words, and no traceback."""
    assert result.exit_code == exit_code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.output
    for word in words:
        assert str(word) in result.stderr.replace("\n", " "), result.stderr


def test_help_comes_without_tensorflow():
    code = "import sys, bayescnn.cli; assert not {'tensorflow', 'tf_keras'} & set(sys.modules)"
    started = time.process_time()
    subprocess.run([sys.executable, "-c", code], check=True)
    assert time.process_time() - started < 5  # of this process only: a sanity bound
    assert "not for diagnosis" in call("--help").output.lower()


def test_defaults_in_the_help_are_those_of_the_configuration():
    config, text = run_directory.RunConfig(data="phantom"), call("train", "--help").output
    text = re.sub(r"[\s│]", "", text)  # the table breaks lines where it likes
    for default in (config.data, config.backbone, config.size, config.seed):
        assert f"[default:({default}" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--size", "5"], ["--size 5", "28 to 1024"]),
        (["--size", "4000"], ["--size 4000"]),
        (["--epochs", "0"], ["--epochs 0"]),
        (["--seed", "-1"], ["--seed -1"]),
        (["--backbone", "resnet"], ["stem or densenet121"]),
        (["--weights", "imagenet"], ["--backbone densenet121"]),
        (["--strategy", "tpu"], ["auto, mirrored or multiworker"]),
        (["--strategy", "multiworker"], ["TF_CONFIG"]),
        (["--resume"], ["no run to resume"]),
    ],
)
def test_bad_usage_exits_with_2_and_writes_nothing(tmp_path, options, words, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    out = tmp_path / "run"
    assert_clear(call("train", "--data", "phantom:100", "--out", out, *options), 2, *words)
    assert not out.exists()


def test_unparsable_tf_config_is_bad_usage(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{worker")
    assert_clear(call(*TINY, "--out", tmp_path / "run"), 2, "TF_CONFIG")


def test_a_run_or_a_full_folder_is_never_written_over(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert_clear(call(*TINY, "--out", tmp_path), 2, "--resume", tmp_path)
    (tmp_path / "config.json").rename(tmp_path / "thesis.txt")
    assert_clear(call(*TINY, "--out", tmp_path), 2, "not empty")
    assert_clear(call(*TINY, "--out", tmp_path / "thesis.txt"), 2, "is a file")
    assert [f.name for f in tmp_path.iterdir()] == ["thesis.txt"]


def class_folder(root, **classes):
    """A folder of class folders with noise for images; 4 patients or so a class."""
    rng = np.random.default_rng(0)
    for name, count in classes.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(256, size=(40, 40), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


def damage(kind, root):
    """A data source that is broken in one way."""
    if kind == "missing":
        return root / "nowhere"
    if kind == "no classes":
        root.mkdir()
    elif kind == "one class":
        class_folder(root, NORMAL=10)
    elif kind == "three classes":
        class_folder(root, NORMAL=20, BACTERIA=20, VIRUS=20)
    elif kind == "too few":
        class_folder(root, NORMAL=2, PNEUMONIA=20)
    else:
        class_folder(root, NORMAL=10, PNEUMONIA=10)
        content = b"" if kind == "zero bytes" else b"no image at all"
        (root / "NORMAL" / "3.png").write_bytes(content)
    return root


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", ["no such folder or file"]),
        ("no classes", ["at least two classes"]),
        ("one class", ["only NORMAL"]),
        ("three classes", ["3 classes (BACTERIA, NORMAL, VIRUS)"]),
        ("too few", ["all of one class"]),
        ("zero bytes", ["3.png", "0 bytes"]),
        ("no image", ["3.png", "not an image"]),
    ],
)
def test_bad_data_exits_with_1_and_writes_nothing(tmp_path, kind, words):
    source, out = damage(kind, tmp_path / "xrays"), tmp_path / "run"
    assert_clear(call("train", "--data", source, "--size", 32, "--out", out), 1, *words)
    assert not out.exists()


def test_weights_that_are_none_stop_the_run_before_it_writes(tmp_path, monkeypatch):
    monkeypatch.setenv("BAYESCNN_CACHE", str(tmp_path / "cache"))
    wrong = tmp_path / "weights.h5"
    wrong.write_text("not weights")
    densenet = [*TINY, "--backbone", "densenet121", "--out", tmp_path / "run"]
    assert_clear(call(*densenet, "--weights", wrong), 1, wrong, "--backbone stem")
    assert_clear(call(*densenet, "--weights", tmp_path / "none.h5"), 1, "no such weights file")

    def no_network(weights):
        raise chest_xrays.WeightsError("could not be fetched; give a file with --weights FILE")

    monkeypatch.setattr(chest_xrays, "find_weights", no_network)
    assert_clear(call(*densenet), 1, "could not be fetched", "--weights FILE")
    assert [f.name for f in tmp_path.iterdir()] == ["weights.h5"]


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_at_the_start_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full_disk)
    assert_clear(call(*TINY, "--out", tmp_path / "run"), 1, "disk is full", "config.json")
    assert not (tmp_path / "run").exists()


def test_a_full_disk_keeps_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    run_directory.write_arrays(path, {"a": np.arange(3)})
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(run_directory.RunError, match="disk is full"):
        run_directory.write_arrays(path, {"a": np.arange(5)})
    assert run_directory.read_arrays(path)["a"].tolist() == [0, 1, 2]
    assert [f.name for f in tmp_path.iterdir()] == ["state.npz"]


def test_an_interruption_before_anything_is_written_says_so(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "load_data", interrupt)
    result = call(*TINY, "--out", tmp_path / "run")
    assert result.exit_code == 130
    assert "nothing was written" in result.stderr


def test_predict_without_a_run_says_what_to_give(tmp_path):
    image = tmp_path / "x.png"
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(image)
    assert_clear(call("predict", "--model", tmp_path, image), 1, "holds no run", "--out")
    (tmp_path / "config.json").write_text("{}")
    assert_clear(call("predict", "--model", tmp_path, image), 1, "not finished", "--resume")
    (tmp_path / "metrics.json").write_text("{}")
    assert_clear(call("predict", "--model", tmp_path, image), 1, "does not describe a model")
    (tmp_path / "config.json").write_text("{")
    assert_clear(call("predict", "--model", tmp_path, image), 1, "config.json: cannot be read")
