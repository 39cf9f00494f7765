"""Bayesian layers: shapes, the KL and its scale, the start, both estimators."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from bayescnn import layers


def softplus(x):
    return np.log1p(np.exp(x))


def kl_by_hand(layer):
    """Sum over weights of ln(p/q) + (q² + loc²) / 2p² - ½, in float64."""
    loc, rho = (np.asarray(w, np.float64) for w in layer.get_weights()[:2])
    q, p = softplus(rho), np.sqrt(2.0 / np.prod(loc.shape[:-1]))
    return np.sum(np.log(p / q) + (q**2 + loc**2) / (2 * p**2) - 0.5)


def arguments(kl_scale, seed):
    return layers.kernel_arguments(layers.he_posterior_fn(seed), layers.scaled_prior_fn, kl_scale)


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype(np.float32)


@pytest.fixture(params=["flipout", "reparameterization"])
def estimator(request):
    return request.param


def small_model(estimator="flipout", n_train=50, kl_weight=1.0, seed=0):
    kl_scale = layers.KLScale(n_train, kl_weight)
    inputs = keras.Input((8, 8, 3))
    x = layers.bayesian_block(
        inputs, 6, kl_scale=kl_scale, seed=seed, strides=2, estimator=estimator, name="block"
    )
    x = keras.layers.GlobalAveragePooling2D()(x)
    logits = layers.bayesian_dense(
        2, arguments(kl_scale, seed + 9), estimator=estimator, name="logits"
    )(x)
    return keras.Model(inputs, logits), kl_scale


@pytest.mark.parametrize("strides", [1, 3])
def test_shapes(images, estimator, strides):
    kl_scale = layers.KLScale(10)
    conv = layers.bayesian_conv2d(
        5, 3, arguments(kl_scale, 1), strides=strides, estimator=estimator
    )
    side = -(-8 // strides)
    assert conv(images).shape == (4, side, side, 5)
    block = layers.bayesian_block(
        tf.constant(images),
        7,
        kl_scale=kl_scale,
        seed=2,
        strides=strides,
        estimator=estimator,
        name="block",
    )
    assert block.shape == (4, side, side, 7)
    dense = layers.bayesian_dense(2, arguments(kl_scale, 3), estimator=estimator)
    assert dense(images[:, 0, 0]).shape == (4, 2)


def test_identity_shortcut_where_shapes_agree(images):
    inputs = keras.Input((8, 8, 3))
    block = layers.bayesian_block(inputs, 3, kl_scale=layers.KLScale(10), seed=0, name="block")
    names = [layer.name for layer in keras.Model(inputs, block).layers]
    assert "block_conv2" in names and "block_shortcut" not in names


def test_unknown_estimator():
    with pytest.raises(KeyError, match="dropout"):
        layers.bayesian_dense(2, arguments(layers.KLScale(10), 0), estimator="dropout")


def test_a_step_wider_than_the_kernel_is_refused():
    with pytest.raises(ValueError, match="strides 2 is wider than kernel_size 1"):
        layers.bayesian_conv2d(2, 1, arguments(layers.KLScale(10), 0), strides=2)


def test_kl_is_the_closed_form_and_scaled_once(images, estimator):
    model, kl_scale = small_model(estimator, n_train=50, kl_weight=0.3)
    bayesian = [layer for layer in model.layers if hasattr(layer, "kernel_posterior")]
    assert len(bayesian) == 4
    expected = sum(kl_by_hand(layer) for layer in bayesian)
    # float32 sums of a few thousand terms of size 2: relative error below 1e-5.
    np.testing.assert_allclose(layers.kl_divergence(model), expected, rtol=1e-5)
    for beta in (1.0, 0.5, 0.0):
        kl_scale.beta.assign(beta)
        model(images)
        np.testing.assert_allclose(sum(model.losses), beta * 0.3 * expected / 50, rtol=1e-5)


def test_fit_adds_the_scaled_kl_once(images):
    model, _ = small_model(n_train=50)
    model.compile(optimizer="sgd", loss=lambda y, z: 0.0 * tf.reduce_sum(z, axis=-1))
    loss = model.evaluate(images, np.zeros((4, 2)), batch_size=2, verbose=0)
    np.testing.assert_allclose(loss, layers.kl_divergence(model) / 50, rtol=1e-5)


def test_kl_divergence_without_bayesian_layers_is_zero():
    model = keras.Sequential([keras.layers.Dense(2)])
    model.build((None, 3))
    assert float(layers.kl_divergence(model)) == 0.0


@pytest.mark.parametrize(("n_train", "kl_weight"), [(0, 1.0), (-3, 1.0), (5, -0.1)])
def test_kl_scale_rejects(n_train, kl_weight):
    with pytest.raises(ValueError, match="got"):
        layers.KLScale(n_train, kl_weight)


def test_warm_up_rises_to_one_and_resumes():
    kl_scale = layers.KLScale(200, 0.5)
    assert float(kl_scale.value) == pytest.approx(0.5 / 200)
    warm_up = layers.KLWarmUp(kl_scale, 4)
    betas = []
    for epoch in range(6):
        warm_up.on_epoch_begin(epoch)
        betas.append(float(kl_scale.beta))
    assert betas == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    warm_up.on_epoch_begin(2)
    assert float(kl_scale.value) == pytest.approx(0.5 * 0.5 / 200)
    layers.KLWarmUp(kl_scale, 0).on_epoch_begin(0)
    assert float(kl_scale.beta) == 1.0


def test_posterior_trains_and_prior_does_not(estimator):
    layer = layers.bayesian_conv2d(5, 3, arguments(layers.KLScale(10), 0), estimator=estimator)
    layer.build((None, 8, 8, 4))
    assert [v.shape for v in layer.trainable_variables] == [(3, 3, 4, 5), (3, 3, 4, 5), (5,)]
    assert layer.non_trainable_variables == []
    prior = layer.kernel_prior
    assert prior.event_shape == (3, 3, 4, 5)
    np.testing.assert_allclose(prior.stddev(), np.sqrt(2 / 36), rtol=1e-6)
    np.testing.assert_allclose(prior.mean(), 0.0)
    np.testing.assert_allclose(layer.kernel_posterior.stddev(), softplus(-5.0), rtol=1e-4)


def test_seeds_decide_the_initialisation():
    def locs(seed):
        model, _ = small_model(seed=seed)
        return {w.name: w.numpy() for w in model.trainable_variables if "_loc" in w.name}

    first, again, other = locs(0), locs(0), locs(50)
    kernels = [name for name in first if "kernel" in name]
    for name in kernels:
        np.testing.assert_array_equal(first[name], again[name])
        assert not np.array_equal(first[name], other[name])
    values = [first[name].ravel()[:5] for name in kernels]
    values = [v / np.linalg.norm(v) for v in values if v.size == 5]
    for i, a in enumerate(values):
        assert all(abs(a @ b) < 0.999 for b in values[:i])


def test_both_estimators_agree_in_mean_and_variance(images):
    x = tf.constant(images[:2])
    moments = {}
    for estimator in ("flipout", "reparameterization"):
        layer = layers.bayesian_conv2d(
            4, 3, arguments(layers.KLScale(10), 3), strides=3, estimator=estimator
        )
        draw = tf.function(layer)
        tf.random.set_seed(1)
        draws = np.stack([draw(x) for _ in range(400)])
        moments[estimator] = draws.mean(0), draws.std(0)
    exact = tf.nn.conv2d(x, layer.kernel_posterior.mean(), 3, "SAME")
    scale = np.maximum(moments["flipout"][1], 1e-3)
    for mean, std in moments.values():
        # Means of 400 draws: standard error std / 20; 72 outputs, two layers: 6 standard errors
        # have false-alarm rate 144 * 2e-9. A standard deviation's relative error: 1 / sqrt(800).
        assert np.max(np.abs(mean - exact) / scale) < 6 * 1.3 / 20
        np.testing.assert_allclose(std, moments["flipout"][1], rtol=6 * np.sqrt(2 / 800))


def test_flipout_perturbs_each_example_reparameterization_the_batch(images):
    same = tf.repeat(images[:1], 4, axis=0)
    spread = {}
    for estimator in ("flipout", "reparameterization"):
        layer = layers.bayesian_conv2d(4, 3, arguments(layers.KLScale(10), 3), estimator=estimator)
        spread[estimator] = float(tf.reduce_max(tf.math.reduce_std(layer(same), axis=0)))
        assert not np.array_equal(layer(same), layer(same))  # a fresh draw at every call
    assert spread["reparameterization"] < 1e-6 < spread["flipout"]


def test_a_wide_head_starts_sane():
    """The start that TFP's layers have by themselves gives logits of ±15 and 378 nats here."""
    n_train, kl_scale = 4708, layers.KLScale(4708)
    inputs = keras.Input((4, 4, 800))
    x = layers.bayesian_block(inputs, 64, kl_scale=kl_scale, seed=0, name="b1")
    x = layers.bayesian_block(x, 128, kl_scale=kl_scale, seed=10, strides=2, name="b2")
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.bayesian_dense(2, arguments(kl_scale, 20))(x))
    features = np.abs(np.random.default_rng(0).normal(size=(8, 4, 4, 800))).astype(np.float32)
    assert np.max(np.abs(model(features))) < 5
    kl_scale.beta.assign(0.0)
    model(features)
    assert float(sum(model.losses)) == 0.0  # warm-up: the likelihood speaks alone at first
    n_kernel = sum(tf.size(w).numpy() for w in model.trainable_variables) / 2
    assert float(layers.kl_divergence(model)) / n_kernel < 2.5
    assert float(layers.kl_divergence(model)) / n_train < 378


def test_layers_stay_float32_under_mixed_precision(images):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model, _ = small_model()
        assert {w.dtype for w in model.trainable_variables} == {tf.float32}
        assert model(images).dtype == tf.float32
    finally:
        keras.mixed_precision.set_global_policy("float32")
