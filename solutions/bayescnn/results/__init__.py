"""Results of real training runs, which the book reads instead of training for an hour.

Each file ``NAME.json`` here holds what one run has predicted, with the command, the seed, the
versions and the date of the run. `load_result` reads one; ``make results`` computes all of them
anew (about ten minutes each on two CPU cores, and each can be interrupted and taken up again).

A run without ``test`` is a comparison: it is judged on the validation images, so that the test
images are looked at by the course's own model alone.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
N_DRAWS = 400  # kept of a sure and an unsure image each, to show what the number of draws does


@dataclass(frozen=True)
class Run:
    """A run of the book: the course's recipe, but for what is named here.

    Attributes:
        data: "chest_xray", the folder that the command is given, or "phantom".
        says: what the run is for, in a few words.
        model: fields of `ModelConfig` that differ.
        training: fields of `TrainingConfig` that differ.
        test: whether the test images are judged, too.
        seed: of the run.
    """

    data: str
    says: str
    model: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    test: bool = False
    seed: int = 0


RUNS = {
    "chest_xrays": Run("chest_xray", "the course's recipe", test=True),
    "phantom": Run("phantom", "the course's recipe on synthetic X-rays", test=True),
    "chest_xrays_kl_weight_1": Run(
        "chest_xray", "the KL weight of Bayes' rule, λ = 1", model={"kl_weight": 1.0}
    ),
    "chest_xrays_no_augmentation": Run(
        "chest_xray", "every picture as it is, in every epoch", training={"augment": False}
    ),
}


XRAY_SET = "xray_set"
"""The result that describes the real X-rays themselves: how many, of how many, how bright."""


def load_result(name: str) -> dict[str, Any]:
    """Read the result of a run; lists of numbers become arrays.

    Args:
        name: one of `RUNS`, or `XRAY_SET` for what `describe_xrays` returns.

    Returns:
        command, date, seed, versions: where it comes from;
        seconds, epochs, best_epoch (counted from 1), n_train, kl_weight, augment;
        history: loss, nll, kl, accuracy and val_… of these per epoch, nats per example;
        classes: two names, the second is the positive one;
        threshold: decide for the second class from this probability on; chosen on validation;
        val, test (where judged): dicts of arrays (n,): names, labels, and of the second class'
        probability over 100 draws its mean, lower and upper (95 % interval); aleatoric and
        epistemic (nats); on the phantom true_probability;
        metrics, intervals (where judged): of the test images, see `evaluation.quality`;
        draws (where judged): "sure" and "unsure", each with the image's index in test and
        probability (400,), the second class' in each draw;
        augmentation: see `evaluation.augmentation_curve`;
        strange (where judged): kind of picture to dict of arrays (m,): mean, aleatoric, epistemic
        of pictures that are no chest X-rays, or altered ones (200 of each kind).

    Raises:
        KeyError: no run has this name.
        FileNotFoundError: it has not been computed.
    """
    if name not in (*RUNS, XRAY_SET):
        raise KeyError(f"no run is called {name!r}; there are: {', '.join(RUNS)}, {XRAY_SET}")
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not computed yet; run make results")
    return _to_arrays(json.loads(path.read_text(encoding="utf-8")))


def _to_arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _to_arrays(item) for key, item in value.items()}
    return np.array(value) if isinstance(value, list) else value


def _to_lists(value: Any) -> Any:
    """Plain data, numbers to four significant digits: more would be noise of the draws."""
    if isinstance(value, dict):
        return {key: _to_lists(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_to_lists(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.4g}") if isinstance(value, float) else value


def pictures(names: Sequence[str], size: int = 224) -> np.ndarray | None:
    """The X-rays of a result, to be shown beside what the model says of them.

    Args:
        names: as in the result.
        size: side of the pictures, pixels.

    Returns:
        (n, size, size) uint8. Synthetic X-rays are drawn anew; real ones are read from the folder
        that the environment variable BAYESCNN_XRAYS names, and where it names none, or one
        without these files, the answer is None.
    """
    from bayescnn import phantom
    from bayescnn.chest_xrays import N_PHANTOM, PHANTOM_SEED
    from bayescnn.xray_files import read_images

    drawn = [re.fullmatch(r"phantom\[(\d+)\]", name) for name in names]
    if all(drawn):
        parameters = phantom.sample_parameters(N_PHANTOM, PHANTOM_SEED)
        places = [int(found[1]) for found in drawn if found]
        alone = [parameters.take(slice(place, place + 1)) for place in places]
        images = [
            phantom.render(chest, size, PHANTOM_SEED, first=place)
            for chest, place in zip(alone, places, strict=True)
        ]
        return np.concatenate(images)
    folder = os.environ.get("BAYESCNN_XRAYS")
    paths = [Path(folder or "") / name for name in names]
    if folder is None or not all(path.is_file() for path in paths):
        return None
    return read_images(paths, size)


# Computing them --------------------------------------------------------------------------------


def judged(samples: np.ndarray, split: Any) -> dict[str, Any]:
    """What is kept of the predictions of a split.

    Args:
        samples: (s, n, 2).
        split: the n images.
    """
    from bayescnn import uncertainty

    lower, upper = uncertainty.predictive_interval(samples)
    parts = uncertainty.decompose_uncertainty(samples)
    kept = {
        "names": split.names,
        "labels": split.labels,
        "mean": samples.mean(axis=0)[:, 1],
        "lower": lower[:, 1],
        "upper": upper[:, 1],
        "aleatoric": parts.aleatoric,
        "epistemic": parts.epistemic,
    }
    if split.true_probability is not None:
        kept["true_probability"] = split.true_probability
    return kept


def describe_xrays(folder: str) -> dict[str, Any]:
    """Count the real X-rays, and measure their brightness.

    Args:
        folder: with train/ and test/.

    Returns:
        command, date, and for "train" and "test" per class: images, patients (by file name),
        images_per_patient (how many patients have 1, 2, ... images), brightness (n,): the mean
        grey value of each picture, 0 to 255.
    """
    from bayescnn.chest_xrays import list_images, patient_of
    from bayescnn.xray_files import read_images

    described: dict[str, Any] = {
        "command": "make results DATA=chest_xray",
        "date": datetime.date.today().isoformat(),
    }
    for part in ("train", "test"):
        paths, labels, class_names = list_images(Path(folder) / part)
        brightness = read_images(paths, 64).mean(axis=(1, 2))
        patients = np.array([patient_of(path.name) for path in paths])
        described[part] = {}
        for label, name in enumerate(class_names):
            of_class = labels == label
            _, images_of_each = np.unique(patients[of_class], return_counts=True)
            described[part][name] = {
                "images": int(of_class.sum()),
                "patients": len(images_of_each),
                "images_per_patient": np.bincount(images_of_each)[1:],
                "brightness": brightness[of_class],
            }
    return dict(_to_lists(described))


def strange_pictures(images: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Pictures unlike those that the model has learnt from, or altered ones.

    Args:
        images: (n, size, size) uint8 X-rays to alter, n at least 200.
        seed: of the choice.

    Returns:
        Kind to (200, size, size) uint8.
    """
    from PIL import Image
    from scipy import ndimage
    from sklearn.datasets import load_digits

    from bayescnn import phantom

    random = np.random.default_rng(seed)
    n, size = 200, images.shape[1]
    chosen = images[random.permutation(len(images))[:n]]
    digits = load_digits().images[random.permutation(1797)[:n]] * (255 / 16)
    return {
        "X-rays, turned by 90°": np.rot90(chosen, axes=(1, 2)),
        "X-rays, upside down": chosen[:, ::-1],
        "X-rays, negative": 255 - chosen,
        "X-rays, blurred": np.stack([ndimage.gaussian_filter(x, size / 16) for x in chosen]),
        "synthetic X-rays": phantom.phantom_xrays(n, size, seed)[0],
        "handwritten digits": np.stack(
            [np.asarray(Image.fromarray(x.astype(np.uint8)).resize((size, size))) for x in digits]
        ),
        "noise": random.integers(0, 256, (n, size, size)).astype(np.uint8),
    }


def compute(name: str, data: str, work: Path, epochs: int | None = None) -> dict[str, Any]:
    """Carry out a run.

    Args:
        name: one of `RUNS`.
        data: the folder of X-rays, for the runs that need it.
        work: folder for what is needed to take an interrupted run up again.
        epochs: fewer than the recipe's, to try this out.

    Returns:
        Plain data, as `load_result` describes it.
    """
    from rich.console import Console

    from bayescnn import evaluation, train, uncertainty
    from bayescnn.bayesian_resnet import SCHEDULE_FOR, TrainingConfig, build_model
    from bayescnn.evaluation import model_inputs, posterior_predictive
    from bayescnn.run_directory import RunConfig
    from bayescnn.strategies import make_strategy

    run, console = RUNS[name], Console()
    config = RunConfig(data if run.data == "chest_xray" else run.data, seed=run.seed)
    learning, sealed = train.load_data(config)
    training = TrainingConfig(schedule=SCHEDULE_FOR[config.backbone], **run.training)
    training = replace(training, epochs=epochs or training.epochs)
    model_config, contents = train.configure(config, learning, training)
    model_config = replace(model_config, **run.model)
    work.mkdir(parents=True, exist_ok=True)
    weights, state = train.learn(
        config, model_config, training, learning, make_strategy("auto"), work, console
    )
    model = build_model(model_config)
    model.set_weights(weights)

    def sample(images: np.ndarray) -> np.ndarray:
        return posterior_predictive(model, model_inputs(images, config.backbone, config.weights))

    val_samples = sample(learning.val.images)
    val_mean = val_samples.mean(axis=0)
    threshold = uncertainty.choose_threshold(val_mean[:, 1], learning.val.labels)
    result: dict[str, Any] = {
        "says": run.says,
        "command": f"make results DATA={run.data}" if run.data != "phantom" else "make results",
        "date": datetime.date.today().isoformat(),
        "seed": run.seed,
        "versions": contents["versions"],
        "seconds": state.seconds,
        "epochs": state.epoch,
        "best_epoch": state.best_epoch or state.epoch,
        "n_train": len(learning.train),
        "kl_weight": model_config.kl_weight,
        "augment": training.augment,
        "training": asdict(training),
        "history": state.history,
        "classes": learning.class_names,
        "threshold": threshold,
        "val": judged(val_samples, learning.val),
        "augmentation": evaluation.augmentation_curve(
            model,
            learning.val,
            lambda images: model_inputs(images, config.backbone, config.weights),
            run.seed,
        ),
    }
    if run.test:
        test = sealed.open()
        samples = sample(test.images)
        result["test"] = judged(samples, test)
        result["metrics"], result["intervals"] = evaluation.quality(
            samples.mean(axis=0), test.labels, test.patients, threshold
        )
        result["draws"] = _draws(sample, uncertainty.decompose_uncertainty(samples).total, test)
        result["strange"] = {}
        for kind, images in strange_pictures(learning.val.images, run.seed).items():
            answers = sample(images)
            parts = uncertainty.decompose_uncertainty(answers)
            result["strange"][kind] = {
                "mean": answers.mean(axis=0)[:, 1],
                "aleatoric": parts.aleatoric,
                "epistemic": parts.epistemic,
            }
    return dict(_to_lists(result))


def _draws(
    sample: Callable[[np.ndarray], np.ndarray], entropy: np.ndarray, test: Any
) -> dict[str, Any]:
    """Many draws for the surest and the least sure image.

    Copies of an image in one batch may serve: flipout gives every example its own perturbation.
    """
    kept = {}
    for word, index in (("sure", int(entropy.argmin())), ("unsure", int(entropy.argmax()))):
        copies = np.repeat(test.images[index : index + 1], N_DRAWS // 100, axis=0)
        kept[word] = {"index": index, "probability": sample(copies)[..., 1].ravel()}
    return kept


def main() -> None:
    """Compute the runs that are asked for, and write each into its file when it is done."""
    parser = argparse.ArgumentParser(prog="python -m bayescnn.results", description=main.__doc__)
    parser.add_argument("--data", help="folder of the chest X-rays, with train/ and test/")
    parser.add_argument("--work", type=Path, default=Path("build/results"), help="interrupted runs")
    parser.add_argument("--epochs", type=int, help="fewer, to try this out")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the results are written")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{XRAY_SET}, {', '.join(RUNS)}")
    asked = parser.parse_args()
    known = (XRAY_SET, *RUNS)
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"no run is called {unknown[0]!r}; there are: {', '.join(known)}")
    for name in asked.names or known:
        if (name == XRAY_SET or RUNS[name].data == "chest_xray") and not asked.data:
            if asked.names:
                parser.error(f"{name} needs --data FOLDER")
            print(f"{name}: left out, since it needs --data FOLDER")
            continue
        if name == XRAY_SET:
            result = describe_xrays(asked.data)
        else:
            result = compute(name, asked.data, asked.work / name, asked.epochs)
        asked.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result, separators=(",", ":"), ensure_ascii=False)
        (asked.out / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{name}: written; {len(text) // 1000} kB")
