"""The Bayesian ResNet: output, loss, training, saving, rebuilding."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from bayescnn import bayesian_resnet as resnet
from bayescnn import layers

CONFIG = resnet.ModelConfig(
    image_size=16, n_classes=2, n_train=10, stem_filters=(4, 8), filters=(8, 12), kl_weight=0.01
)
TINY = dataclasses.replace(CONFIG, stem_filters=(4,), filters=(6,))


@pytest.fixture(scope="module")
def ten_images():
    """Ten images, five of each class; the second class is brighter at its centre."""
    rng = np.random.default_rng(0)
    labels = np.arange(10) % 2
    images = rng.uniform(0.2, 0.6, size=(10, 16, 16, 1))
    images[labels == 1, 5:11, 5:11] += 0.4
    return images.astype(np.float32), np.eye(2, dtype=np.float32)[labels]


def dataset(ten_images, batch_size=5):
    return tf.data.Dataset.from_tensor_slices(ten_images).batch(batch_size)


def test_both_backbones_give_logits():
    stem = resnet.build_model(CONFIG)
    assert stem(np.zeros((3, 16, 16, 1), np.float32), training=False).shape == (3, 2)
    config = dataclasses.replace(CONFIG, backbone="densenet121", feature_shape=(2, 3, 32))
    head = resnet.build_model(config)
    assert head(np.ones((3, 2, 3, 32), np.float32), training=False).shape == (3, 2)
    # Frozen features: everything that trains has a posterior, or is a bias.
    deterministic = [layer for layer in head.layers if layer.trainable_variables]
    assert all(hasattr(layer, "kernel_posterior") for layer in deterministic)


def test_densenet_needs_the_shape_of_its_features():
    with pytest.raises(ValueError, match="feature_shape"):
        resnet.build_model(dataclasses.replace(CONFIG, backbone="densenet121"))


def test_only_the_blocks_and_the_output_are_bayesian():
    model = resnet.build_model(CONFIG)
    bayesian = [layer.name for layer in model.layers if hasattr(layer, "kernel_posterior")]
    assert [name.split("_")[0] for name in bayesian] == (
        ["bayesian1"] * 2 + ["bayesian2"] * 3 + ["logits"]
    )
    assert [layer.filters for layer in model.layers if layer.name.endswith("_conv2")][-2:] == [
        8,
        12,
    ]


def test_categorical_nll():
    logits = tf.constant([[0.0, 0.0], [2.0, -1.0], [2.0, -1.0]])
    targets = np.array([[0, 1], [1, 0], [0, 1]])
    expected = [np.log(2), np.log1p(np.exp(-3)), np.log1p(np.exp(3))]
    nll = resnet.categorical_nll(targets, logits)
    assert nll.shape == (3,)
    np.testing.assert_allclose(nll, expected, rtol=1e-5)


def test_output_distribution_is_one_hot():
    distribution = resnet.output_distribution(tf.constant([[1.0, 2.0, 3.0]]))
    assert distribution.event_shape == (3,)
    np.testing.assert_allclose(np.sum(distribution.sample(5, seed=1), axis=-1), 1.0)
    np.testing.assert_allclose(distribution.mean(), tf.nn.softmax([[1.0, 2.0, 3.0]]), rtol=1e-5)


def test_reported_loss_is_nll_plus_kl(ten_images):
    model = resnet.build_model(CONFIG)
    resnet.compile_model(model, resnet.TrainingConfig())
    metrics = model.evaluate(dataset(ten_images), verbose=0, return_dict=True)
    assert metrics["loss"] == pytest.approx(metrics["nll"] + metrics["kl"], rel=1e-5)
    expected = CONFIG.kl_weight * float(layers.kl_divergence(model)) / CONFIG.n_train
    assert metrics["kl"] == pytest.approx(expected, rel=1e-5)


def test_a_step_by_hand_is_a_step_of_keras(ten_images):
    """Same start, same random numbers: the same losses, and the same weights afterwards."""
    images, targets = ten_images
    ended = []
    for by_hand in (True, False):
        model = resnet.build_model(dataclasses.replace(TINY, estimator="reparameterization"))
        for variable in model.trainable_variables:  # no noise, so that the draws are equal
            if "untransformed_scale" in variable.name:
                variable.assign(tf.fill(variable.shape, -18.0))
        optimizer = keras.optimizers.SGD(0.01)
        if by_hand:
            step = tf.function(resnet.training_step)
            losses = step(model, optimizer, resnet.categorical_nll, images, targets)
            assert float(losses["loss"]) == pytest.approx(
                float(losses["nll"] + losses["kl"]), rel=1e-6
            )
            loss = float(losses["loss"])
        else:
            model.compile(optimizer, loss=resnet.categorical_nll)
            loss = model.train_on_batch(images, targets)
        ended.append((loss, model.get_weights()))
    assert ended[0][0] == pytest.approx(ended[1][0], rel=1e-5)
    for a, b in zip(ended[0][1], ended[1][1], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_predictive_mean_averages_probabilities_and_keeps_the_statistics(ten_images):
    model = resnet.build_model(CONFIG)
    before = model.get_weights()
    alone = resnet.predictive_mean(model, ten_images[0][:1], 200)
    together = resnet.predictive_mean(model, ten_images[0], 200)
    np.testing.assert_allclose(tf.reduce_sum(together, axis=-1), 1.0, rtol=1e-5)
    # Probabilities differ from draw to draw by less than 0.3: sd of the difference below 0.03.
    np.testing.assert_allclose(alone[0], together[0], atol=0.15)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("estimator", ["flipout", "reparameterization"])
def test_two_epochs_on_ten_images_lower_the_loss(ten_images, estimator):
    keras.utils.set_random_seed(0)
    model = resnet.build_model(dataclasses.replace(TINY, estimator=estimator))
    config = resnet.TrainingConfig(
        epochs=2, batch_size=5, learning_rate=3e-3, schedule="plateau", warm_up_epochs=0
    )
    resnet.compile_model(model, config)
    before = model.evaluate(dataset(ten_images), verbose=0, return_dict=True)
    # The same ten images every step, ten times an epoch.
    train, val = dataset(ten_images).repeat(10), dataset(ten_images)
    callbacks = resnet.callbacks_for(model, config)
    history = resnet.fit_model(model, train, val, config.epochs, callbacks).history
    assert history["loss"][-1] < before["loss"]
    assert history["nll"][-1] < before["nll"]
    assert history["kl"][-1] < before["kl"]  # wider posteriors are nearer to the prior
    assert {"val_loss", "val_nll", "val_kl", "accuracy"} <= set(history)


def test_learning_is_judged_by_validation_nll():
    model = resnet.build_model(TINY)
    config = resnet.TrainingConfig(schedule="plateau")
    by_type = {type(c): c for c in resnet.callbacks_for(model, config)}
    stopping = by_type[keras.callbacks.EarlyStopping]
    plateau = by_type[resnet.ReduceLROnPlateau]
    assert (stopping.monitor, stopping.patience) == ("val_nll", 7)
    assert stopping.restore_best_weights
    assert (plateau.monitor, plateau.patience) == ("val_nll", 3)
    assert by_type[layers.KLWarmUp].kl_scale is model.kl_scale


def test_cosine_falls_to_zero_over_the_training_and_nothing_else_lowers_it():
    model = resnet.build_model(TINY)
    config = resnet.TrainingConfig(epochs=30, batch_size=4, schedule="cosine")
    resnet.compile_model(model, config)
    rate = model.optimizer._learning_rate
    n_steps = 3 * 30  # ten examples in batches of four: three steps an epoch
    np.testing.assert_allclose(rate(0), config.learning_rate, rtol=1e-6)
    np.testing.assert_allclose(rate(n_steps / 2), config.learning_rate / 2, rtol=1e-5)
    np.testing.assert_allclose(rate(n_steps), 0.0, atol=1e-9)
    callbacks = resnet.callbacks_for(model, config)
    assert not any(isinstance(c, keras.callbacks.ReduceLROnPlateau) for c in callbacks)


@pytest.mark.parametrize(
    ("schedule", "epochs", "first"), [("cosine", 44, 33), ("cosine", 6, 5), ("plateau", 45, 5)]
)
def test_validation_decides_nothing_before_warm_up_or_annealing(schedule, epochs, first):
    config = resnet.TrainingConfig(epochs=epochs, schedule=schedule, warm_up_epochs=5)
    assert config.first_watched_epoch == first


def test_plateau_forgets_the_warm_up():
    plateau = resnet.ReduceLROnPlateau(
        start_from_epoch=5, monitor="val_nll", mode="min", factor=0.3, patience=3
    )
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), loss="mse")
    plateau.set_model(model)
    plateau.on_train_begin()
    rates = []
    for epoch, val_nll in enumerate([0.1, 0.5, 0.5, 0.5, 0.5, 0.4, 0.41, 0.42, 0.43]):
        plateau.on_epoch_end(epoch, {"val_nll": val_nll})
        rates.append(float(model.optimizer.learning_rate))
    np.testing.assert_allclose(rates, [1.0] * 8 + [0.3], rtol=1e-6)


def test_stops_early_and_keeps_the_best_epoch(ten_images):
    """With targets turned round in validation, training only makes validation worse."""
    keras.utils.set_random_seed(0)
    images, targets = ten_images
    model = resnet.build_model(TINY)
    config = resnet.TrainingConfig(
        epochs=12,
        batch_size=5,
        learning_rate=3e-3,
        schedule="plateau",
        warm_up_epochs=0,
        early_stopping_patience=2,
    )
    resnet.compile_model(model, config)
    train, val = dataset(ten_images).repeat(5), dataset((images, targets[:, ::-1]))
    callbacks = resnet.callbacks_for(model, config)
    history = resnet.fit_model(model, train, val, config.epochs, callbacks).history
    val_nll = history["val_nll"]
    assert len(val_nll) == int(np.argmin(val_nll)) + 3 < 12


def test_weight_decay_touches_the_stem_kernels_only():
    model = resnet.build_model(CONFIG)
    resnet.compile_model(model, resnet.TrainingConfig())
    model.optimizer.build(model.trainable_variables)
    decayed = [v.name for v in model.trainable_variables if model.optimizer._use_weight_decay(v)]
    assert len(decayed) == 6
    assert all(name.startswith("stem") and name.endswith("kernel:0") for name in decayed)


def test_same_config_same_model_other_seed_other_model():
    first, again = resnet.build_model(CONFIG), resnet.build_model(CONFIG)
    other = resnet.build_model(dataclasses.replace(CONFIG, seed=1))
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b, v in zip(first.get_weights(), other.get_weights(), first.weights, strict=True):
        random = ("_loc" in v.name and "bias" not in v.name) or v.name.endswith("/kernel:0")
        assert np.array_equal(a, b) != random, v.name


def test_weights_round_trip(tmp_path, ten_images):
    model = resnet.build_model(CONFIG)
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.1, 0.5, size=w.shape) for w in model.get_weights()])
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    loaded = resnet.build_model(dataclasses.replace(CONFIG, seed=7))
    loaded.load_weights(path)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(model.layers, loaded.layers, strict=True):
        if hasattr(a, "kernel_posterior"):
            np.testing.assert_array_equal(a.kernel_posterior.mean(), b.kernel_posterior.mean())
            np.testing.assert_array_equal(a.kernel_posterior.stddev(), b.kernel_posterior.stddev())
    outputs = []
    for m in (model, loaded):
        tf.random.set_seed(3)
        outputs.append(m(ten_images[0], training=False).numpy())
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-6)


def test_predictions_differ_from_call_to_call(ten_images):
    model = resnet.build_model(CONFIG)
    predict = tf.function(lambda x: model(x, training=False))
    first, second = predict(ten_images[0]), predict(ten_images[0])
    assert not np.array_equal(first, second)
