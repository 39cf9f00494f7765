"""A whole run: its files, the sealed test split, stopping and resuming, prediction with the result.

One small run (100 phantom images of 32 x 32 pixels, 3 epochs) is interrupted, resumed and then
looked at by most tests.
"""

import io
import json
import math
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
import tf_keras as keras
from PIL import Image
from rich.console import Console
from sklearn import metrics as sk
from typer.testing import CliRunner

from bayescnn import chest_xrays, evaluation, phantom, progress, run_directory
from bayescnn import resume as resuming
from bayescnn import train as training
from bayescnn.cli import app
from bayescnn.run_directory import RunConfig, RunError

QUALITY = "accuracy sensitivity specificity auroc nll brier ece selective_accuracy_80".split()
OPTIONS = ["--data", "phantom:100", "--size", "32", "--epochs", "3", "--seed", "1"]


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "120"})


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that was interrupted in its third epoch and resumed; (folder, what was printed)."""
    out = tmp_path_factory.mktemp("runs") / "phantom"
    patch = pytest.MonkeyPatch()

    def interrupt(self, batch, logs=None):
        if self.epoch_name == "interrupt":
            raise KeyboardInterrupt

    def name_epoch(self, epoch, logs=None):
        self.first_epoch = self.first_epoch or 0
        self.epoch_name = "interrupt" if epoch == 2 else ""

    patch.setattr(progress.TrainingProgress, "on_epoch_begin", name_epoch)
    patch.setattr(progress.TrainingProgress, "on_train_batch_end", interrupt)
    first = call("train", *OPTIONS, "--out", out)
    patch.undo()
    left = sorted(f.name for f in out.iterdir())
    second = call("train", "--resume", "--out", out)
    return out, first, left, second


# --- stopping and resuming ------------------------------------------------------------------


def test_interruption_keeps_the_epochs_done_and_says_how_to_go_on(finished):
    out, first, left, _ = finished
    assert first.exit_code == 130
    assert f"bayescnn train --resume --out {out}" in first.stderr
    assert "Traceback" not in first.output
    assert left == ["config.json", "state.npz"]


def test_resumed_run_goes_on_where_it_stopped_and_reaches_all_epochs(finished):
    out, first, _, second = finished
    assert second.exit_code == 0, second.output
    epochs = [re.findall(r"^epoch (\d)/3 ", r.stdout, re.M) for r in (first, second)]
    assert epochs == [["1", "2"], ["3"]]
    assert json.loads((out / "metrics.json").read_text())["epochs"] == 3


def test_a_finished_run_is_shown_and_not_run_again(finished):
    out, *_ = finished
    before = {f.name: f.stat().st_mtime_ns for f in out.iterdir()}
    again = call("train", "--resume", "--out", out)
    assert again.exit_code == 0 and "finished already" in again.stdout
    assert before == {f.name: f.stat().st_mtime_ns for f in out.iterdir()}


def test_resuming_with_other_options_is_refused(finished):
    out, *_ = finished
    result = call("train", "--resume", "--out", out, "--size", "64", "--seed", "1")
    assert result.exit_code == 2
    assert "--size 64 (was 32)" in result.stderr and "--seed" not in result.stderr


def test_a_run_whose_data_changed_is_not_resumed(finished, tmp_path):
    out, *_ = finished
    saved = json.loads((out / "config.json").read_text())
    saved["model"]["n_train"] += 1
    (tmp_path / "config.json").write_text(json.dumps(saved))
    result = call("train", "--resume", "--out", tmp_path)
    assert result.exit_code == 1 and "no longer what this run began with" in result.stderr
    assert [f.name for f in tmp_path.iterdir()] == ["config.json"]


def deterministic_fit(path, epochs, stop_after=None, rate=0.5):
    """Least squares without any randomness, as a stand-in that can be compared bit by bit."""
    x = np.linspace(-1, 1, 24, dtype=np.float32)[:, None]
    model = keras.Sequential(
        [keras.layers.InputLayer((1,)), keras.layers.Dense(2, kernel_initializer="ones")]
    )
    optimizer = keras.optimizers.AdamW(rate, use_ema=True, ema_momentum=0.9)
    model.compile(optimizer, "mse")
    model.optimizer.build(model.trainable_variables)
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=40, restore_best_weights=True, start_from_epoch=1
    )
    callbacks = [stopping]
    if rate == 0.5:
        callbacks.append(keras.callbacks.ReduceLROnPlateau("val_loss", patience=2, factor=0.5))
    saver = resuming.EpochSaver(path, callbacks)
    saver.restore(model)
    fits = {"validation_data": (x, np.sin(3 * x) @ np.ones((1, 2))), "shuffle": False, "verbose": 0}

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch + 1 == stop_after:
                raise KeyboardInterrupt

    try:
        model.fit(
            x,
            np.sin(3 * x) @ np.ones((1, 2)),
            epochs=epochs,
            initial_epoch=saver.state.epoch,
            callbacks=[*callbacks, saver, Stop()],
            **fits,
        )
    except KeyboardInterrupt:
        pass
    return model, saver.state


@pytest.mark.parametrize("schedule", ["plateau", "cosine"])
def test_resuming_restores_weights_optimizer_and_callbacks_exactly(tmp_path, schedule):
    cosine = keras.optimizers.schedules.CosineDecay(0.4, 12)
    rate = 0.5 if schedule == "plateau" else cosine
    whole, state = deterministic_fit(tmp_path / "whole.npz", 12, rate=rate)
    path = tmp_path / "parts.npz"
    for stop_after in (3, 4, 9):
        deterministic_fit(path, 12, stop_after, rate)
    parts, resumed = deterministic_fit(path, 12, rate=rate)
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert resumed.history == state.history
    assert resumed.counters == state.counters
    assert resumed.best_epoch == state.best_epoch
    assert resumed.finished
    if schedule == "plateau":  # had something to remember
        assert len(set(state.history["lr"])) > 1


def test_a_finished_state_gives_the_best_weights_without_training(tmp_path):
    trained, _state = deterministic_fit(tmp_path / "state.npz", 6)
    again, resumed = deterministic_fit(tmp_path / "state.npz", 6)
    assert resumed.finished and resumed.epoch == 6
    for a, b in zip(trained.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive"])
def test_a_damaged_state_is_named(tmp_path, content):
    (tmp_path / "state.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"state\.npz: not a readable"):
        deterministic_fit(tmp_path / "state.npz", 2)


@pytest.mark.slow
def test_ctrl_c_in_a_real_process(tmp_path):
    out = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "bayescnn", "train", *OPTIONS[:4], "--epochs", "500", "--out", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    for line in process.stdout:
        if line.startswith("epoch   2/500"):
            process.send_signal(signal.SIGINT)
            break
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert f"bayescnn train --resume --out {out}" in stderr
    assert sorted(f.name for f in out.iterdir()) == ["config.json", "state.npz"]
    state = json.loads(str(run_directory.read_arrays(out / "state.npz")["state"]))
    assert state["epoch"] >= 2 and len(state["history"]["nll"]) == state["epoch"]


# --- what a run leaves ----------------------------------------------------------------------


def test_a_run_leaves_its_files_and_nothing_else(finished):
    out, *_ = finished
    figures = "augmentation calibration retention sure_and_unsure training uncertainty".split()
    assert sorted(f.name for f in out.iterdir()) == sorted(
        ["config.json", "weights.npz", "predictions.npz", "metrics.json"]
        + [f"{name}.png" for name in figures]
    )
    for name in figures:
        with Image.open(out / f"{name}.png") as image:
            assert image.format == "PNG" and min(image.size) > 200


def test_metrics_follow_from_the_predictions(finished):
    out, *_ = finished
    m = json.loads((out / "metrics.json").read_text())
    with np.load(out / "predictions.npz", allow_pickle=False) as file:
        p = dict(file)
    n = m["n_val"] + m["n_test"]
    assert p["samples"].shape == (100, n, 2) and p["probabilities"].shape == (n, 2)
    assert m["n_train"] + n == 100 and len(set(p["names"])) == n
    test = p["split"] == "test"
    assert test.sum() == m["n_test"] and (p["split"][~test] == "val").all()
    y, prob = p["labels"][test], p["samples"].mean(0)[test]
    decided = prob[:, 1] >= m["threshold"]
    assert m["accuracy"] == pytest.approx((decided == y).mean())
    assert m["sensitivity"] == pytest.approx(sk.recall_score(y, decided))
    assert m["specificity"] == pytest.approx(sk.recall_score(1 - y, ~decided))
    assert m["auroc"] == pytest.approx(sk.roc_auc_score(y, prob[:, 1]))
    assert m["nll"] == pytest.approx(sk.log_loss(y, prob, labels=[0, 1]), rel=1e-4)
    assert m["brier"] == pytest.approx(2 * np.mean((prob[:, 1] - y) ** 2), rel=1e-4)
    assert (m["seed"], m["backbone"], m["weights"]) == (1, "stem", "none")
    assert m["seconds"] > 0 and 0 <= m["threshold"] <= 1
    assert set(m["intervals"]) == set(QUALITY)
    for name in QUALITY:
        low, high = m["intervals"][name]
        assert math.isfinite(m[name]) and low <= high
    assert m["nll_of_the_truth"] > 0


def test_threshold_is_the_validation_images_own(finished):
    out, *_ = finished
    m = json.loads((out / "metrics.json").read_text())
    p = run_directory.read_arrays(out / "predictions.npz")
    val = p["split"] == "val"
    chosen = training.uncertainty.choose_threshold(p["probabilities"][val, 1], p["labels"][val])
    assert m["threshold"] == chosen


def test_weights_load_back_and_give_the_same_predictions(finished):
    out, *_ = finished
    model, config, _ = evaluation.load_model(out)
    data, _ = training.load_data(RunConfig(**config["run"]))
    samples = evaluation.posterior_predictive(
        model, evaluation.model_inputs(data.val.images, "stem", None)
    )
    p = run_directory.read_arrays(out / "predictions.npz")
    np.testing.assert_allclose(samples, p["samples"][:, p["split"] == "val"], atol=1e-4)


def test_foreign_or_damaged_weights_are_refused(finished, tmp_path):
    out, *_ = finished
    for name in ("config.json", "metrics.json"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    arrays = run_directory.read_arrays(out / "weights.npz")
    whole = (out / "weights.npz").read_bytes()
    (tmp_path / "weights.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunError, match="not a readable"):
        evaluation.load_model(tmp_path)
    np.savez(tmp_path / "weights.npz", **{"weights/0": np.zeros(3)})
    with pytest.raises(RunError, match="holds 1 arrays"):
        evaluation.load_model(tmp_path)
    np.savez(tmp_path / "weights.npz", **(arrays | {"weights/0": np.zeros(3)}))
    with pytest.raises(RunError, match="weight 0 has shape"):
        evaluation.load_model(tmp_path)
    np.savez(tmp_path / "weights.npz", a=np.array([object()]))
    with pytest.raises(RunError):
        evaluation.load_model(tmp_path)


# --- the sealed test split ------------------------------------------------------------------


def test_a_sealed_split_opens_once():
    sealed = evaluation.SealedSplit(chest_xrays.load_xrays("phantom:30", 28).test)
    assert sealed.n_images == len(sealed.open())
    with pytest.raises(RuntimeError, match="opened already"):
        sealed.open()


def test_nothing_is_learnt_or_chosen_from_the_test_split(tmp_path, monkeypatch):
    """With other test images, everything up to the opening comes out the same; it comes once."""
    order = []

    def learn(config, model_config, *_):
        order.append("learn")
        state = resuming.EpochState(
            epoch=1,
            history={key: [1.0] for key in ["nll", "val_nll", "kl", "accuracy", "val_accuracy"]},
        )
        return training.build_model(model_config).get_weights(), state

    def open_and_note(self, real=evaluation.SealedSplit.open):
        order.append("open")
        return real(self)

    def choose(p, y, real=training.uncertainty.choose_threshold):
        order.append("choose")
        return real(p, y)

    monkeypatch.setattr(training, "learn", learn)
    monkeypatch.setattr(evaluation.SealedSplit, "open", open_and_note)
    monkeypatch.setattr(training.uncertainty, "choose_threshold", choose)
    config, console = RunConfig("phantom:100", size=32), Console(file=io.StringIO())
    first = training.train(config, tmp_path / "a", console)
    assert order == ["learn", "choose", "open"]

    def other_test(source, size, seed, real=chest_xrays.load_xrays):
        data = real(source, size, seed)
        rng = np.random.default_rng(7)
        test = data.test.take(rng.permutation(len(data.test))[:12])
        images = rng.integers(256, size=test.images.shape, dtype=np.uint8)
        labels = np.arange(12) % 2
        return chest_xrays.XrayData(
            data.train,
            data.val,
            chest_xrays.Split(images, labels, test.patients, test.names),
            data.class_names,
            data.source,
        )

    monkeypatch.setattr(chest_xrays, "load_xrays", other_test)
    second = training.train(config, tmp_path / "b", console)
    assert first["threshold"] == second["threshold"]
    assert first["validation"] == second["validation"]
    assert first["n_test"] != second["n_test"] and first["nll"] != second["nll"]


# --- frozen features ------------------------------------------------------------------------


def test_densenet_backbone_trains_on_features_and_predicts_from_images(tmp_path, monkeypatch):
    """The plumbing, with block means for features; the network itself is tested with its module."""

    def features(images, weights, *_):
        assert weights == "imagenet"
        n, size, _ = images.shape
        blocks = images.reshape(n, 4, size // 4, 4, size // 4).mean((2, 4)) / 255
        return np.stack([blocks, blocks**2], -1).astype(np.float32)

    monkeypatch.setattr(chest_xrays, "densenet_features", features)
    monkeypatch.setattr(chest_xrays, "cached_features", features)
    out = tmp_path / "run"
    done = call("train", *OPTIONS[:4], "--epochs", 1, "--backbone", "densenet121", "--out", out)
    assert done.exit_code == 0, done.output
    m = json.loads((out / "metrics.json").read_text())
    assert (m["backbone"], m["weights"]) == ("densenet121", "imagenet")
    Image.fromarray(phantom.phantom_xrays(1, 64, 0)[0][0]).save(tmp_path / "x.png")
    assert call("predict", "--model", out, tmp_path / "x.png").exit_code == 0


# --- predict --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def xrays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xrays")
    images, *_ = phantom.phantom_xrays(2, 64, 0)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")
    (folder / "notes.txt").write_text("no image")
    (folder / "empty.png").touch()
    return folder


def test_predict_shows_probabilities_intervals_and_both_uncertainties(finished, xrays):
    result = call("predict", "--model", finished[0], xrays / "0.png", xrays / "1.png")
    assert result.exit_code == 0
    text = result.stdout.lower()
    for word in (
        "not for diagnosis",
        "95 % interval",
        "aleatoric",
        "epistemic",
        "nats",
        "pneumonia",
    ):
        assert word in text


def test_predict_goes_on_past_files_that_are_no_images(finished, xrays):
    names = ["0.png", "notes.txt", "missing.png", "1.png", "empty.png"]
    result = call("predict", "--model", finished[0], "--json", *(xrays / n for n in names))
    assert result.exit_code == 1
    errors = result.stderr.strip().splitlines()
    assert len(errors) == 3 and all(e.startswith("error: ") for e in errors)
    answer = json.loads(result.stdout)
    assert "not for diagnosis" in answer["note"]
    assert [p["image"] for p in answer["predictions"]] == [
        str(xrays / n) for n in ("0.png", "1.png")
    ]
    for p in answer["predictions"]:
        assert sum(p["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert p["total"] == pytest.approx(p["aleatoric"] + p["epistemic"])
        assert all(0 <= p["lower"][c] <= p["upper"][c] <= 1 for c in p["probabilities"])
        assert p["class"] in p["probabilities"]


def test_predict_with_no_usable_file_only_complains(finished, xrays):
    result = call("predict", "--model", finished[0], xrays / "notes.txt")
    assert result.exit_code == 1 and "not an image" in result.stderr and not result.stdout


# --- progress -------------------------------------------------------------------------------


LOGS = {"loss": 0.5, "nll": 0.3, "kl": 0.2, "accuracy": 0.9, "val_nll": 0.4, "val_accuracy": 0.8}


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_shows_likelihood_kl_and_time_left(terminal):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=140)
    callback = progress.TrainingProgress(console)
    callback.set_params({"epochs": 4, "steps": 2})
    callback.on_train_begin()
    for epoch in (2, 3):
        callback.on_epoch_begin(epoch)
        callback.on_train_batch_end(0, LOGS)
        callback.on_train_batch_end(1, LOGS)
        callback.on_epoch_end(epoch, LOGS)
    callback.on_train_end()
    callback.close()  # as after an interruption
    text = screen.getvalue()
    assert "epoch 4/4  loss 0.500 (nll 0.300, kl 0.200)" in text
    assert "left" in text and ("━" in text) == terminal
    if terminal:
        assert "8/8" in text


def test_durations():
    assert [progress.duration(s) for s in (0, 59.6, 600, 3725)] == [
        "0:00",
        "1:00",
        "10:00",
        "1:02:05",
    ]
