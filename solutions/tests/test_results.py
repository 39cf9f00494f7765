"""The committed results of real runs: complete, of one recipe, and true to themselves."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bayescnn import phantom, results, uncertainty
from bayescnn.chest_xrays import N_PHANTOM, PHANTOM_SEED
from bayescnn.results import RUNS, load_result

# Those that have been computed; a chapter that reads another one does not build.
COMPUTED = [name for name in RUNS if (results.FOLDER / f"{name}.json").is_file()]


@pytest.mark.parametrize("name", COMPUTED)
def test_a_result_says_where_it_comes_from(name: str) -> None:
    result = load_result(name)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", result["date"])
    assert {"tensorflow", "tensorflow-probability", "tf-keras", "numpy"} <= set(result["versions"])
    assert result["command"].startswith("make results")
    assert result["seed"] == RUNS[name].seed
    assert result["kl_weight"] == RUNS[name].model.get("kl_weight", 0.1)
    assert result["augment"] is RUNS[name].training.get("augment", True)
    assert len(result["history"]["nll"]) == result["epochs"] >= result["best_epoch"]
    assert ("test" in result) == RUNS[name].test


@pytest.mark.parametrize("name", [name for name in COMPUTED if RUNS[name].test])
def test_measures_follow_from_the_predictions(name: str) -> None:
    """What was written beside the predictions can be computed from them again."""
    result = load_result(name)
    test = result["test"]
    p, labels = test["mean"], test["labels"]
    accuracy = ((p >= result["threshold"]) == labels).mean()
    # Probabilities are kept to four digits: one image may lie on the threshold.
    assert abs(accuracy - result["metrics"]["accuracy"]) < 1.5 / len(labels)
    nll = uncertainty.log_loss(np.stack([1 - p, p], axis=-1), labels)
    assert nll == pytest.approx(result["metrics"]["nll"], rel=0.02)
    auroc = uncertainty.out_of_distribution_auroc(p[labels == 0], p[labels == 1])
    assert auroc == pytest.approx(result["metrics"]["auroc"], abs=2e-3)
    for name_, (low, high) in result["intervals"].items():
        assert low <= result["metrics"][name_] + 1e-3 and result["metrics"][name_] - 1e-3 <= high


@pytest.mark.parametrize("name", COMPUTED)
def test_parts_of_the_uncertainty_fit_together(name: str) -> None:
    for split in ("val", "test") if RUNS[name].test else ("val",):
        judged = load_result(name)[split]
        assert set(judged["labels"]) == {0, 1}
        assert (judged["lower"] <= judged["upper"]).all()
        total = uncertainty.entropy(np.stack([1 - judged["mean"], judged["mean"]], axis=-1))
        np.testing.assert_allclose(
            judged["aleatoric"] + judged["epistemic"], total, rtol=0, atol=3e-3
        )


def test_every_file_is_a_result_that_can_be_computed_again() -> None:
    names = {path.stem for path in results.FOLDER.glob("*.json")}
    assert names <= {*RUNS, results.XRAY_SET}


def test_the_xrays_are_described() -> None:
    described = load_result(results.XRAY_SET)
    counts = {
        (part, name): (found["images"], len(found["brightness"]))
        for part in ("train", "test")
        for name, found in described[part].items()
    }
    # The numbers that everybody who uses this set reports.
    assert counts == {
        ("train", "NORMAL"): (1341, 1341),
        ("train", "PNEUMONIA"): (3875, 3875),
        ("test", "NORMAL"): (234, 234),
        ("test", "PNEUMONIA"): (390, 390),
    }
    for part in ("train", "test"):
        for found in described[part].values():
            n_images = np.arange(1, 1 + len(found["images_per_patient"]))
            assert found["images_per_patient"] @ n_images == found["images"]
            assert found["images_per_patient"].sum() == found["patients"]


def test_names_that_are_no_run() -> None:
    with pytest.raises(KeyError, match="no run is called 'nothing'; there are: chest_xrays"):
        load_result("nothing")


def test_a_run_that_was_not_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match="run make results"):
        load_result("phantom")


def test_what_the_command_refuses() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bayescnn.results", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    assert "no run is called 'nothing'" in run("nothing").stderr
    assert "chest_xrays needs --data FOLDER" in run("chest_xrays").stderr


def test_pictures_are_those_that_were_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A synthetic X-ray looks the same, drawn alone or with its whole set."""
    together = phantom.render(phantom.sample_parameters(N_PHANTOM, PHANTOM_SEED), 28, PHANTOM_SEED)
    found = results.pictures(["phantom[7]", "phantom[2999]"], size=28)
    np.testing.assert_array_equal(found, together[[7, 2999]])
    monkeypatch.delenv("BAYESCNN_XRAYS", raising=False)
    assert results.pictures(["test/NORMAL/IM-0001-0001.jpeg"]) is None


def test_pictures_of_real_xrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAYESCNN_XRAYS", str(tmp_path))
    assert results.pictures(["a.png"], size=28) is None
    Image.fromarray(np.full((28, 28), 200, np.uint8)).save(tmp_path / "a.png")
    found = results.pictures(["a.png"], size=28)
    assert found is not None and found.shape == (1, 28, 28) and (found == 200).all()
