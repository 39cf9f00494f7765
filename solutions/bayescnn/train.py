"""The run behind `bayescnn train`: data, model, training that can be stopped and resumed, results.

Read `train` first; it is the whole run in order. Up to the line that opens it, no code can reach
the test split: it lies in a `SealedSplit`, which opens once.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pooch
import tensorflow as tf
import tf_keras as keras
from rich.console import Console

from bayescnn import chest_xrays, evaluation, plots, run_directory, uncertainty
from bayescnn.bayesian_resnet import (
    SCHEDULE_FOR,
    ModelConfig,
    TrainingConfig,
    build_model,
    callbacks_for,
    compile_model,
    fit_model,
)
from bayescnn.chest_xrays import Split
from bayescnn.evaluation import SealedSplit, model_inputs
from bayescnn.progress import TrainingProgress, duration
from bayescnn.resume import EpochSaver, EpochState
from bayescnn.run_directory import RunConfig, RunError, pack
from bayescnn.strategies import is_chief, make_strategy


class LearningData(NamedTuple):
    """All that training may see."""

    train: Split
    val: Split
    class_names: tuple[str, str]
    source: str


# Data ------------------------------------------------------------------------------------------


def load_data(config: RunConfig) -> tuple[LearningData, SealedSplit]:
    """Load the X-rays and seal the test split.

    Args:
        config: the run's.

    Returns:
        What may be learnt from, and the test split to be opened at the end.

    Raises:
        XrayError: the source is broken.
        RunError: the source has not exactly two classes, or a split lacks one.
    """
    data = chest_xrays.load_xrays(config.data, config.size, config.seed)
    if len(data.class_names) != 2:
        raise RunError(
            f"{config.data}: has {len(data.class_names)} classes ({', '.join(data.class_names)}); "
            "training needs two, the second of which is the positive one"
        )
    for name, split in (("training", data.train), ("validation", data.val), ("test", data.test)):
        if len(np.unique(split.labels)) != 2:
            raise RunError(
                f"{config.data}: the {len(split)} {name} images are all of one class; more "
                "images (of more patients) are needed"
            )
    names = (data.class_names[0], data.class_names[1])
    return LearningData(data.train, data.val, names, data.source), SealedSplit(data.test)


def datasets(
    config: RunConfig, training: TrainingConfig, data: LearningData, seed: int
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Batches for training (classes in balance, pixels augmented) and for validation.

    Args:
        config: the run's.
        training: the training's.
        data: to learn from.
        seed: of order and augmentation.

    Returns:
        (training, validation), each of (inputs, one-hot labels), shared out by example where
        several workers read them.
    """
    both = []
    for split, learn in ((data.train, True), (data.val, False)):
        if config.backbone == "stem":
            dataset = chest_xrays.image_dataset(
                split,
                training.batch_size,
                n_classes=2,
                augment=learn and training.augment,
                balanced=learn,
                seed=seed,
            )
        else:
            features = model_inputs(split.images, config.backbone, config.weights, cache_dir())
            dataset = chest_xrays.feature_dataset(
                features, split.labels, training.batch_size, n_classes=2, balanced=learn, seed=seed
            )
        both.append(sharded(dataset))
    return both[0], both[1]


def sharded(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Have several workers share out each batch by example; the data lies in no files to share."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)


def cache_dir() -> Path:
    """The folder of features computed earlier: the user's cache, or $BAYESCNN_CACHE."""
    return Path(os.environ.get("BAYESCNN_CACHE") or pooch.os_cache("bayescnn"))


def seed_of_epoch(seed: int, epoch: int) -> int:
    """A seed for what happens from an epoch on, so that a resumed run repeats no random number."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0] >> 1)


# Training --------------------------------------------------------------------------------------


def learn(
    config: RunConfig,
    model_config: ModelConfig,
    training: TrainingConfig,
    data: LearningData,
    strategy: tf.distribute.Strategy,
    out: Path,
    console: Console,
) -> tuple[list[np.ndarray], EpochState]:
    """Train, or go on training, to the end.

    Args:
        config: the run's.
        model_config: the model's.
        training: the training's.
        data: to learn from.
        strategy: the devices.
        out: the run's folder; a state there is taken up.
        console: for the progress.

    Returns:
        The weights of the best epoch by validation nll (of the last epoch, where training was no
        longer than the warm-up), and the history.
    """
    chief = is_chief(strategy)
    with strategy.scope():
        model = build_model(model_config)
        compile_model(model, training)
        model.optimizer.build(model.trainable_variables)
    own = callbacks_for(model, training)
    saver = EpochSaver(out / run_directory.STATE, own, chief)
    saver.restore(model)
    if not saver.state.finished:
        seed = seed_of_epoch(config.seed, saver.state.epoch)
        keras.utils.set_random_seed(seed)
        train, val = datasets(config, training, data, seed)
        progress = TrainingProgress(console)
        callbacks = [*own, saver, *([progress] if chief else [])]
        try:
            done = saver.state.epoch
            fit_model(model, train, val, training.epochs, callbacks, initial_epoch=done)
        finally:
            progress.close()
    return model.get_weights(), saver.state


# The run ---------------------------------------------------------------------------------------


def configure(
    config: RunConfig, data: LearningData, training: TrainingConfig
) -> tuple[ModelConfig, dict[str, Any]]:
    """The model's configuration, and the contents of config.json."""
    shape = None
    if config.backbone == "densenet121":
        # Computes the training features, or finds them computed: wrong weights show here.
        features = model_inputs(data.train.images, config.backbone, config.weights, cache_dir())
        shape = (int(features.shape[1]), int(features.shape[2]), int(features.shape[3]))
    model = ModelConfig(
        image_size=config.size,
        n_classes=2,
        n_train=len(data.train),
        backbone=config.backbone,
        feature_shape=shape,
        seed=config.seed,
    )
    packages = ("tensorflow", "tensorflow-probability", "tf-keras", "numpy")
    return model, {
        "run": asdict(config),
        "model": asdict(model),
        "training": asdict(training),
        "classes": list(data.class_names),
        "source": data.source,
        "versions": {name: importlib.metadata.version(name) for name in packages},
    }


def train(
    config: RunConfig, out: Path, console: Console, strategy_name: str = "auto"
) -> dict[str, Any] | None:
    """Carry out a run from data to metrics.json; takes up what lies in `out`, if it is this run.

    Args:
        config: what to do.
        out: the run's folder.
        console: for messages and progress.
        strategy_name: see `make_strategy`; may differ when a run is resumed.

    Returns:
        The contents of metrics.json, or None on workers other than the chief.

    Raises:
        RunError, XrayError, WeightsError: see their messages; a new run then leaves no folder.
    """
    strategy = make_strategy(strategy_name)
    chief = is_chief(strategy)
    data, sealed = load_data(config)
    training = TrainingConfig(schedule=SCHEDULE_FOR[config.backbone])
    if config.epochs is not None:
        training = replace(training, epochs=config.epochs)
    model_config, contents = configure(config, data, training)
    console.print(
        f"data: {data.source}, {len(data.train)} training, {len(data.val)} validation and "
        f"{sealed.n_images} test images of {config.size} x {config.size} pixels; positive class "
        f"{data.class_names[1]}\n"
        f"backbone: {config.backbone}, weights: {config.weights or 'none, trained from scratch'}; "
        f"{strategy.num_replicas_in_sync} replica(s)",
        highlight=False,
        soft_wrap=True,
    )
    if (out / run_directory.CONFIG).is_file():
        saved = run_directory.read_json(out / run_directory.CONFIG)
        now = json.loads(json.dumps(contents))
        if any(saved.get(part) != now[part] for part in ("model", "training", "classes")):
            raise RunError(
                f"{out}: the data ({data.source}) or the recipe is no longer what this run began "
                "with; start a new run with another --out"
            )
    elif chief:
        run_directory.create(out, contents)

    weights, state = learn(config, model_config, training, data, strategy, out, console)
    if not chief:
        return None

    # On its own, without the strategy: reading a spread variable needs every worker.
    model = build_model(model_config)
    model.set_weights(weights)

    def to_inputs(split: Split) -> np.ndarray:
        return model_inputs(split.images, config.backbone, config.weights, cache_dir())

    console.print(f"sampling {evaluation.N_SAMPLES} predictions of every image")
    val_samples = evaluation.posterior_predictive(model, to_inputs(data.val))
    val_mean = val_samples.mean(axis=0)
    threshold = uncertainty.choose_threshold(val_mean[:, 1], data.val.labels)

    # Everything has been chosen: from here on nothing learns from what it sees.
    test = sealed.open()
    test_samples = evaluation.posterior_predictive(model, to_inputs(test))
    values, intervals = evaluation.quality(
        test_samples.mean(axis=0), test.labels, test.patients, threshold
    )
    metrics: dict[str, Any] = {
        **values,
        "intervals": intervals,
        "interval_level": 0.95,
        "threshold": threshold,
        "n_train": len(data.train),
        "n_val": len(data.val),
        "n_test": len(test),
        "epochs": state.epoch,
        "best_epoch": state.best_epoch or state.epoch,
        "seconds": round(state.seconds, 1),
        "seed": config.seed,
        "backbone": config.backbone,
        "weights": config.weights or "none",
        "n_samples": evaluation.N_SAMPLES,
        "positive_class": data.class_names[1],
        "validation": evaluation.quality(val_mean, data.val.labels, data.val.patients, threshold)[
            0
        ],
    }
    if test.true_probability is not None:  # the phantom's: no model can do better on average
        truth = np.stack([1 - test.true_probability, test.true_probability], axis=-1)
        metrics["nll_of_the_truth"] = uncertainty.log_loss(truth, test.labels)

    run_directory.write_arrays(out / run_directory.WEIGHTS, pack("weights", weights))
    samples = np.concatenate([val_samples, test_samples], axis=1)
    run_directory.write_arrays(
        out / run_directory.PREDICTIONS,
        {
            "samples": samples,
            "probabilities": samples.mean(axis=0),
            "labels": np.concatenate([data.val.labels, test.labels]),
            "names": np.concatenate([data.val.names, test.names]),
            "split": np.repeat(["val", "test"], [len(data.val), len(test)]),
            "classes": np.array(data.class_names),
        },
    )
    figures = evaluation.uncertainty_figures(test_samples, test, threshold, data.class_names)
    figures["training"] = plots.training_curves(state.history, metrics["best_epoch"])
    curve = evaluation.augmentation_curve(
        model,
        data.val,
        lambda images: model_inputs(images, config.backbone, config.weights),
        config.seed,
    )
    figures["augmentation"] = plots.augmentation_uncertainty(*curve)
    for name, figure in figures.items():
        evaluation.save_figure(figure, out / f"{name}.png")
    run_directory.write_json(out / run_directory.METRICS, metrics)
    (out / run_directory.STATE).unlink(missing_ok=True)
    console.print(f"trained {state.epoch} epochs in {duration(state.seconds)}")
    return metrics
