"""Priors against scipy's densities, MAP against scikit-learn, and priors inside TFP's layers."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Lasso, Ridge

from bayescnn import kl_weight, priors
from bayescnn.variational_bayes import kl_normal

tfd = tfp.distributions
WEIGHTS = np.array([-4.0, -0.7, -0.02, 0.1, 1.3, 9.0], "float32")


def spike_and_slab_logpdf(w):
    return np.logaddexp(
        np.log(0.7) + scipy.stats.norm.logpdf(w, 0, 0.1),
        np.log(0.3) + scipy.stats.norm.logpdf(w, 0, 2.0),
    )


@pytest.mark.parametrize(
    ("prior", "logpdf"),
    [
        (priors.gaussian(0.6), scipy.stats.norm(0, 0.6).logpdf),
        (priors.laplace(0.6), scipy.stats.laplace(0, 0.6).logpdf),
        (priors.student_t(3.0, 0.6), scipy.stats.t(3, 0, 0.6).logpdf),
        (priors.cauchy(0.6), scipy.stats.cauchy(0, 0.6).logpdf),
        (priors.spike_and_slab(0.3, 2.0, 0.1), spike_and_slab_logpdf),
    ],
)
def test_densities_against_scipy(prior, logpdf):
    assert prior.batch_shape == () and prior.event_shape == ()
    np.testing.assert_allclose(prior.log_prob(WEIGHTS), logpdf(WEIGHTS), rtol=2e-5)


def horseshoe_density(w, scale):
    def integrand(log_local):  # λ on a log scale, with its half-Cauchy density
        local = np.exp(log_local)
        return scipy.stats.norm.pdf(w, 0, local * scale) * 2 * local / (np.pi * (1 + local**2))

    return scipy.integrate.quad(integrand, -20, 20, limit=200)[0]


def test_horseshoe_density_is_the_scale_mixture():
    expected = [horseshoe_density(w, 0.5) for w in WEIGHTS]
    # TFP approximates the exponential integral in it, here within 0.06 %.
    np.testing.assert_allclose(priors.horseshoe(0.5).prob(WEIGHTS), expected, rtol=2e-3)
    assert priors.horseshoe(0.5).prob(1e-12) > 5


def test_the_gallery_holds_densities_ordered_by_their_tails():
    gallery = priors.prior_gallery()
    assert len(gallery) == 6
    half = np.geomspace(1e-7, 1e7, 20_001)
    for name, prior in gallery.items():
        total = 2 * np.trapezoid(prior.prob(half.astype("float32")), half)
        assert abs(total - 1) < 2e-2, name
    far = {name: float(prior.log_prob(20.0)) for name, prior in gallery.items()}
    assert far["Gaussian"] < far["Laplace"] < far["Student-t (3)"] < far["Cauchy"]
    # The horseshoe's tail falls with the same power as the Cauchy's, Student's faster.
    assert abs(far["Cauchy"] - far["horseshoe"]) < 0.5 < far["horseshoe"] - far["Student-t (3)"]


def test_diagonal_prior():
    prior = priors.diagonal_prior(4)
    assert prior.event_shape == (4,)
    np.testing.assert_allclose(prior.mean(), np.full(4, 1.2), rtol=1e-6)
    np.testing.assert_allclose(prior.covariance(), 9 * np.eye(4), rtol=1e-6)
    posterior = tfd.MultivariateNormalTriL(tf.zeros(4), 0.5 * tf.eye(4))
    expected = kl_normal(tf.zeros(4), 0.5 * tf.ones(4), 1.2, 3.0)
    np.testing.assert_allclose(tfd.kl_divergence(posterior, prior), expected, rtol=1e-5)


weight_vectors = st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=5)


@settings(deadline=None, max_examples=30)
@given(weight_vectors, st.floats(0.25, 4, width=32))
def test_gaussian_and_laplace_penalties_are_l2_and_l1(weights, scale):
    w = np.array(weights, "float32")

    def above_zero(prior):
        return priors.penalty(prior, w) - priors.penalty(prior, np.zeros_like(w))

    squares, lengths = (w**2).sum() / (2 * scale**2), np.abs(w).sum() / scale
    np.testing.assert_allclose(above_zero(priors.gaussian(scale)), squares, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(above_zero(priors.laplace(scale)), lengths, rtol=1e-4, atol=1e-4)


def sparse_regression(seed, n_train=60):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_train, 6))
    targets = features @ [2.0, -1.0, 0.5, 0, 0, 0] + rng.normal(scale=0.8, size=n_train)
    return features, targets


@pytest.mark.parametrize("prior_scale", [0.1, 1.0])
def test_map_with_a_gaussian_prior_is_ridge(prior_scale):
    features, targets = sparse_regression(0)
    weights = priors.map_fit(features, targets, 0.8, priors.gaussian(prior_scale))
    ridge = Ridge(priors.ridge_strength(0.8, prior_scale), fit_intercept=False)
    np.testing.assert_allclose(weights, ridge.fit(features, targets).coef_, atol=2e-4)


@pytest.mark.parametrize("prior_scale", [0.02, 0.1])
def test_map_with_a_laplace_prior_is_the_lasso(prior_scale):
    features, targets = sparse_regression(1)
    weights = priors.map_fit(features, targets, 0.8, priors.laplace(prior_scale))
    lasso = Lasso(priors.lasso_strength(0.8, prior_scale, 60), fit_intercept=False, tol=1e-8)
    expected = lasso.fit(features, targets).coef_
    assert 0 < np.count_nonzero(expected) < 6  # some weights are exactly zero, not all
    np.testing.assert_allclose(weights, expected, atol=1e-3)


def test_a_flat_prior_gives_least_squares():
    features, targets = sparse_regression(2)
    weights = priors.map_fit(features, targets, 0.8, priors.gaussian(1e4))
    np.testing.assert_allclose(weights, np.linalg.lstsq(features, targets)[0], atol=2e-4)


def test_shrinkage_by_a_gaussian_is_proportional():
    x = np.linspace(-6, 6, 13)
    curve = priors.shrinkage_curve(priors.gaussian(1.5), x, noise_scale=0.5)
    np.testing.assert_allclose(curve, x * 1.5**2 / (1.5**2 + 0.5**2), atol=1e-4)


def test_shrinkage_by_spike_and_slab_weighs_both_gaussians():
    x = np.array([0.2, 1.0, 5.0])
    p_on = 0.3 * scipy.stats.norm.pdf(x, 0, np.hypot(2.0, 1.0))
    p_off = 0.7 * scipy.stats.norm.pdf(x, 0, np.hypot(0.1, 1.0))
    on, off = x * 4 / 5, x * 0.01 / 1.01
    expected = (p_on * on + p_off * off) / (p_on + p_off)
    curve = priors.shrinkage_curve(priors.spike_and_slab(0.3, 2.0, 0.1), x, noise_scale=1.0)
    np.testing.assert_allclose(curve, expected, rtol=1e-4)


@pytest.mark.parametrize("name", list(priors.prior_gallery()))
def test_every_prior_shrinks_towards_zero_and_treats_signs_alike(name):
    x = np.array([-5.0, -1.0, 0.0, 1.0, 5.0])
    curve = priors.shrinkage_curve(priors.prior_gallery()[name], x, noise_scale=1.0)
    np.testing.assert_allclose(curve, -curve[::-1], atol=1e-6)
    assert 0 < curve[3] < 1 and 0 < curve[4] < 5


def test_heavy_tails_leave_large_weights_alone():
    kept = {
        name: priors.shrinkage_curve(prior, np.array([0.5, 12.0]), 1.0) / [0.5, 12.0]
        for name, prior in priors.prior_gallery().items()
    }
    # Gaussian: the same half everywhere. Horseshoe: a small weight loses more than that half, a
    # large one almost nothing.
    np.testing.assert_allclose(kept["Gaussian"], 0.5, rtol=1e-3)
    assert kept["horseshoe"][0] < 0.5 and kept["horseshoe"][1] > 0.97
    assert kept["Cauchy"][1] > 0.97 > kept["Laplace"][1]


@pytest.mark.parametrize("name", ["Laplace", "horseshoe"])
def test_priors_in_dense_variational(name):
    make_prior = priors.make_prior_fn(priors.prior_gallery()[name])
    model = make_prior(3, 1, tf.float32)
    prior = model(tf.zeros((2, 3)))
    assert prior.event_shape == (4,) and prior.batch_shape == ()
    assert not model.variables
    expected = -priors.penalty(priors.prior_gallery()[name], WEIGHTS[:4])
    np.testing.assert_allclose(prior.log_prob(WEIGHTS[:4]), expected, rtol=1e-6)
    layer = tfp.layers.DenseVariational(1, kl_weight.make_posterior, make_prior, kl_weight=0.1)
    with tf.GradientTape() as tape:
        layer(np.ones((2, 3), "float32"))
        (loss,) = layer.losses  # no closed form: DenseVariational takes one draw
    (gradient,) = tape.gradient(loss, layer.trainable_variables)
    assert np.isfinite(gradient).all() and np.count_nonzero(gradient) == 14


@pytest.mark.parametrize("family", [tfd.Normal, tfd.Laplace])
def test_custom_posterior_in_a_tfp_layer(family):
    keras.utils.set_random_seed(0)
    features = np.random.default_rng(0).normal(size=(200, 3)).astype("float32")
    targets = features @ np.array([[1.0], [-2.0], [0.5]], "float32") + 0.1
    layer = tfp.layers.DenseReparameterization(
        1,
        kernel_posterior_fn=priors.make_posterior_fn(family, loc_stddev=0.3, scale=0.02, seed=7),
        kernel_prior_fn=lambda dtype, shape, *_: tfd.Independent(
            tfd.Horseshoe(tf.ones(shape, dtype)), len(shape)
        ),
        kernel_divergence_fn=priors.monte_carlo_kl_divergence_fn(20, kl_weight=1 / 200),
    )
    model = keras.Sequential([keras.Input((3,)), layer])
    posterior = layer.kernel_posterior
    assert isinstance(posterior.distribution, family)
    assert posterior.event_shape == (3, 1) and posterior.batch_shape == ()
    np.testing.assert_allclose(posterior.distribution.scale, np.full((3, 1), 0.02), rtol=1e-4)
    start = posterior.mean().numpy()
    assert 0 < np.abs(start).max() < 6 * 0.3
    model.compile(keras.optimizers.Adam(0.05), loss="mse")
    model.fit(features, targets, epochs=25, batch_size=20, verbose=0)
    np.testing.assert_allclose(posterior.mean()[:, 0], [1.0, -2.0, 0.5], atol=0.2)
    scale = tf.convert_to_tensor(posterior.distribution.scale).numpy()
    assert (np.abs(scale - 0.02) > 1e-3).all()


def test_starting_values_repeat_with_the_seed():
    def start(seed):
        layer = tfp.layers.DenseReparameterization(
            2, kernel_posterior_fn=priors.make_posterior_fn(tfd.Normal, 0.3, 0.02, seed)
        )
        layer.build((None, 400))
        return layer.kernel_posterior.mean().numpy()

    np.testing.assert_array_equal(start(1), start(1))
    assert (start(1) != start(2)).any()
    # Relative standard error of a standard deviation from 800 draws: 1 / sqrt(1600) = 2.5 %.
    np.testing.assert_allclose(start(1).std(), 0.3, rtol=0.15)


def test_kl_is_exact_where_registered_and_sampled_elsewhere():
    q, normal, cauchy = tfd.Normal(0.5, 0.8), tfd.Normal(0.0, 1.0), tfd.Cauchy(0.0, 1.0)
    exact = kl_normal(np.array([0.5]), np.array([0.8]), 0.0, 1.0)
    for seed in (0, 1):
        np.testing.assert_allclose(priors.kl_divergence(q, normal, 1, seed), exact, rtol=1e-6)
    with pytest.raises(NotImplementedError):
        tfd.kl_divergence(q, cauchy)

    def integrand(w):
        log_q = scipy.stats.norm.logpdf(w, 0.5, 0.8)
        return np.exp(log_q) * (log_q - scipy.stats.cauchy.logpdf(w)) ** power

    power = 1
    mean = scipy.integrate.quad(integrand, -8, 9)[0]
    power = 2
    variance = scipy.integrate.quad(integrand, -8, 9)[0] - mean**2
    n_samples = 20_000
    estimate = priors.kl_divergence(q, cauchy, n_samples, seed=0)
    assert abs(estimate - mean) < 6 * np.sqrt(variance / n_samples)


def test_monte_carlo_kl_divergence_fn_is_weighted_and_fresh():
    q = tfd.Independent(tfd.Normal(tf.ones(3), 0.5), 1)
    p = tfd.Independent(tfd.Normal(tf.zeros(3), 1.0), 1)
    n_samples = 20_000
    divergence = priors.monte_carlo_kl_divergence_fn(n_samples, kl_weight=0.1)
    first, second = divergence(q, p, None), divergence(q, p)
    # Variance as in test_variational_bayes, s = 0.5 and d = 1 in each of three dimensions.
    standard_error = 0.1 * np.sqrt(3 * ((0.25 - 1) ** 2 / 2 + 0.25) / n_samples)
    assert abs(first - 0.1 * tfd.kl_divergence(q, p)) < 6 * standard_error
    assert first != second
