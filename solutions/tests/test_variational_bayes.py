"""The KL and the ELBO against their laws, Bayes by Backprop against the exact posterior."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf
import tensorflow_probability as tfp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from bayescnn import variational_bayes as vb

tfd = tfp.distributions

locs = st.floats(-3, 3)
scales = st.floats(0.1, 4)


@st.composite
def two_gaussians(draw):
    n = draw(st.integers(1, 4))
    vectors = [draw(st.lists(s, min_size=n, max_size=n)) for s in (locs, scales, locs, scales)]
    return [np.array(vector, "float64") for vector in vectors]


@settings(deadline=None, max_examples=50)
@given(two_gaussians())
def test_kl_normal_agrees_with_tfp_and_is_never_negative(gaussians):
    q_loc, q_scale, p_loc, p_scale = gaussians
    kl = vb.kl_normal(*gaussians).numpy()
    reference = tfd.kl_divergence(
        tfd.MultivariateNormalDiag(q_loc, q_scale), tfd.MultivariateNormalDiag(p_loc, p_scale)
    )
    assert kl >= -1e-12
    np.testing.assert_allclose(kl, reference, rtol=1e-9, atol=1e-12)
    # The divergence belongs to the two measures: shifting and stretching the axis changes nothing.
    moved = vb.kl_normal(2 * q_loc + 1, 2 * q_scale, 2 * p_loc + 1, 2 * p_scale)
    np.testing.assert_allclose(kl, moved, rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=25)
@given(two_gaussians(), st.sampled_from([0, 1]), st.floats(0.05, 1))
def test_kl_normal_is_zero_only_between_equals(gaussians, which, difference):
    loc, scale = gaussians[:2]
    assert vb.kl_normal(loc, scale, loc, scale).numpy() == 0
    other = [loc.copy(), scale.copy()]
    other[which][0] += difference
    assert vb.kl_normal(loc, scale, *other).numpy() > 0


def test_kl_normal_is_the_integral_it_stands_for():
    q, p = scipy.stats.norm(0.3, 0.7), scipy.stats.norm(-0.5, 1.9)
    integral, _ = scipy.integrate.quad(lambda w: q.pdf(w) * (q.logpdf(w) - p.logpdf(w)), -8, 8)
    np.testing.assert_allclose(vb.kl_normal(*np.array([[0.3], [0.7], [-0.5], [1.9]])), integral)


def test_kl_normal_sums_the_last_axis_and_broadcasts_the_prior():
    rng = np.random.default_rng(0)
    loc, scale = rng.normal(size=(5, 3)), rng.uniform(0.2, 2, size=(5, 3))
    by_entry = [[vb.kl_normal(m[None], s[None], 0.5, 2.0) for m, s in zip(*row, strict=True)]
                for row in zip(loc, scale, strict=True)]  # fmt: skip
    together = vb.kl_normal(loc, scale, 0.5, 2.0)
    assert together.shape == (5,)
    np.testing.assert_allclose(together, np.sum(by_entry, axis=1))


def test_kl_normal_survives_a_scale_whose_square_is_no_float():
    kl = vb.kl_normal(tf.constant([0.0]), tf.constant([1e-25]), 0.0, 1.0)
    np.testing.assert_allclose(kl, 25 * np.log(10) - 0.5, rtol=1e-6)


def test_kl_normal_gradients():
    q_loc, q_scale = tf.Variable([0.3, -1.0]), tf.Variable([0.5, 2.0])
    with tf.GradientTape() as tape:
        kl = vb.kl_normal(q_loc, q_scale, tf.constant([1.0, 0.0]), tf.constant([2.0, 1.0]))
    by_loc, by_scale = tape.gradient(kl, [q_loc, q_scale])
    np.testing.assert_allclose(by_loc, [(0.3 - 1) / 4, -1.0], rtol=1e-6)
    np.testing.assert_allclose(by_scale, [0.5 / 4 - 2, 2 - 0.5], rtol=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_monte_carlo_kl_agrees_with_the_closed_form(seed):
    rng = np.random.default_rng(seed)
    q_loc, p_loc = rng.normal(size=(2, 3))
    q_scale, p_scale = rng.uniform(0.3, 2, size=(2, 3))
    q, p = (tfd.MultivariateNormalDiag(*args) for args in ((q_loc, q_scale), (p_loc, p_scale)))
    n_samples = 20_000
    # With z ~ N(0, 1), log q - log p is (s² - 1) z² / 2 + s d z + const in each dimension, where
    # s = q_scale / p_scale and d = (q_loc - p_loc) / p_scale: its variance is (s² - 1)² / 2 +
    # s² d². Six standard errors: a false alarm in 1e8 for draws this many.
    s, d = q_scale / p_scale, (q_loc - p_loc) / p_scale
    standard_error = np.sqrt(((s**2 - 1) ** 2 / 2 + (s * d) ** 2).sum() / n_samples)
    estimate = vb.kl_monte_carlo(q, p, n_samples, seed=seed)
    assert estimate.shape == ()
    assert abs(estimate - vb.kl_normal(q_loc, q_scale, p_loc, p_scale)) < 6 * standard_error


def test_monte_carlo_kl_keeps_the_batch_and_the_seed():
    q, p = tfd.Normal([0.0, 1.0], 1.0), tfd.Laplace(0.0, [1.0, 2.0])
    first, again, other = (vb.kl_monte_carlo(q, p, 10, seed=seed).numpy() for seed in (3, 3, 4))
    assert first.shape == (2,)
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    assert (vb.kl_monte_carlo(q, p, 10).numpy() != vb.kl_monte_carlo(q, p, 10).numpy()).all()


def test_gradients_flow_through_the_monte_carlo_draws():
    loc = tf.Variable(1.5)
    with tf.GradientTape() as tape:
        kl = vb.kl_monte_carlo(tfd.Normal(loc, 1.0), tfd.Normal(0.0, 1.0), 10_000, seed=0)
    # d/dloc of the estimate is the mean of loc + z: 1.5 with standard error 0.01.
    assert abs(tape.gradient(kl, loc) - 1.5) < 0.06


def test_reparameterize_draws_and_its_gradients():
    loc, rho = tf.Variable([0.5, -1.0]), tf.Variable([-2.0, 3.0])
    noise = tf.constant([[0.7, -0.2], [1.0, 2.0]])
    with tf.GradientTape() as tape:
        draws = vb.reparameterize(loc, rho, noise)
        total = tf.reduce_sum(draws)
    scale = np.log1p(np.exp([-2.0, 3.0]))
    np.testing.assert_allclose(draws, [0.5, -1.0] + scale * noise, rtol=1e-6)
    by_loc, by_rho = tape.gradient(total, [loc, rho])
    np.testing.assert_allclose(by_loc, [2, 2])
    sigmoid = 1 / (1 + np.exp([2.0, -3.0]))
    np.testing.assert_allclose(by_rho, noise.numpy().sum(0) * sigmoid, rtol=1e-5)


def test_gaussian_log_likelihood_against_scipy():
    rng = np.random.default_rng(0)
    targets, predictions = rng.normal(size=7), rng.normal(size=(3, 7))
    np.testing.assert_allclose(
        vb.gaussian_log_likelihood(targets, predictions, 0.4),
        scipy.stats.norm.logpdf(targets, predictions, 0.4),
    )


def _one_weight_regression():
    rng = np.random.default_rng(5)
    features = rng.normal(size=(12, 1))
    return features, features[:, 0] * 0.8 + rng.normal(scale=0.5, size=12)


def _expected_elbo(features, targets, loc, scale):
    """The ELBO with its expectation done exactly: the log-likelihood is quadratic in the noise,
    and the mean over noise = −1 and +1 is exact for quadratics."""
    total = 0.0
    for noise in (-1.0, 1.0):
        predictions = features[:, 0] * (loc + scale * noise)
        log_likelihood = vb.gaussian_log_likelihood(targets, predictions, 0.5)
        kl = vb.kl_normal(np.array([loc]), np.array([scale]), 0.0, 2.0)
        total -= vb.negative_elbo(log_likelihood, kl, 1 / 12).numpy() * 12 / 2
    return total


def test_the_elbo_bounds_the_evidence_and_touches_it_at_the_posterior():
    features, targets = _one_weight_regression()
    evidence = scipy.stats.multivariate_normal.logpdf(
        targets, np.zeros(12), 0.25 * np.eye(12) + 4.0 * features @ features.T
    )
    mean, covariance = vb.exact_posterior(features, targets, 0.5, 2.0)
    best_loc, best_scale = mean[0], np.sqrt(covariance[0, 0])
    np.testing.assert_allclose(
        _expected_elbo(features, targets, best_loc, best_scale), evidence, rtol=1e-9
    )
    for shift, stretch in ((0.1, 1), (0, 1.3), (0, 0.7), (-0.3, 2)):
        elbo = _expected_elbo(features, targets, best_loc + shift, best_scale * stretch)
        assert elbo < evidence - 0.01


def test_negative_elbo_weighs_the_kl_and_averages_the_likelihood():
    loss = vb.negative_elbo(tf.constant([-1.0, -3.0]), tf.constant(10.0), 0.25)
    assert loss.numpy() == 4.5


def test_exact_posterior_against_ridge_and_against_the_joint_gaussian():
    rng = np.random.default_rng(1)
    features, targets = rng.normal(size=(9, 4)), rng.normal(size=9)
    mean, covariance = vb.exact_posterior(features, targets, 0.6, 1.7)
    ridge = Ridge(alpha=0.6**2 / 1.7**2, fit_intercept=False).fit(features, targets)
    np.testing.assert_allclose(mean, ridge.coef_, rtol=1e-9)
    # Condition the joint Gaussian of weights and targets: no inverse of a (4, 4) precision here.
    gain = 1.7**2 * features.T @ np.linalg.inv(1.7**2 * features @ features.T + 0.6**2 * np.eye(9))
    np.testing.assert_allclose(covariance, 1.7**2 * (np.eye(4) - gain @ features), atol=1e-12)
    np.testing.assert_allclose(mean, gain @ targets, atol=1e-12)


def test_without_data_the_posterior_is_the_prior():
    mean, covariance = vb.exact_posterior(np.zeros((0, 2)), np.zeros(0), 1.0, 3.0)
    np.testing.assert_allclose(mean, 0)
    np.testing.assert_allclose(covariance, 9 * np.eye(2))


def test_bayes_by_backprop_finds_the_best_mean_field_posterior():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(100, 3))
    features[:, 1] = 0.9 * features[:, 0] + 0.4 * features[:, 1]
    targets = features @ [1.0, -0.5, 2.0] + rng.normal(size=100)
    mean, covariance = vb.exact_posterior(features, targets, 1.0, 1.0)
    loss = vb.regression_loss(features, targets, 1.0, 1.0)
    loc, scale, losses = vb.bayes_by_backprop(loss, 3, 1500, 0.1, seed=0)
    marginal, conditional = np.sqrt(np.diag(covariance)), np.diag(np.linalg.inv(covariance)) ** -0.5
    # Over seeds the fit ended within 0.2 marginal standard deviations and 16 % of the scale.
    assert (abs(loc - mean) < 0.4 * marginal).all()
    np.testing.assert_allclose(scale, conditional, rtol=0.25)
    # The two correlated weights look surer than they are: that is what mean-field loses.
    assert (scale[:2] < 0.6 * marginal[:2]).all()
    assert losses.shape == (1500,)
    assert losses[-100:].mean() < losses[:100].mean()
    # The loss is the bound per example, so it ends above the evidence and near it.
    evidence = scipy.stats.multivariate_normal.logpdf(
        targets, np.zeros(100), np.eye(100) + features @ features.T
    )
    assert 0 < losses[-500:].mean() + evidence / 100 < 0.05


def test_bayes_by_backprop_repeats_with_its_seed():
    features, targets = _one_weight_regression()
    loss = vb.regression_loss(features, targets, 0.5, 2.0)
    runs = [vb.bayes_by_backprop(loss, features.shape[1], 20, 0.1, seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0][2], runs[1][2])
    assert (runs[0][2] != runs[2][2]).any()


def test_the_two_directions_of_the_kl():
    grid = np.linspace(-10, 10, 4001)
    mixture = np.logaddexp(
        np.log(0.4) + scipy.stats.norm.logpdf(grid, -2, 0.5),
        np.log(0.6) + scipy.stats.norm.logpdf(grid, 2, 0.7),
    )
    mean = 0.6 * 2 - 0.4 * 2
    variance = 0.4 * 0.25 + 0.6 * 0.49 + 0.4 * (-2 - mean) ** 2 + 0.6 * (2 - mean) ** 2
    forward = vb.best_normal(mixture, grid, "forward", (0.0, 1.0))
    np.testing.assert_allclose(forward, (mean, np.sqrt(variance)), rtol=1e-3)
    for start, mode in ((-1.5, (-2, 0.5)), (1.5, (2, 0.7))):
        np.testing.assert_allclose(
            vb.best_normal(mixture, grid, "reverse", (start, 1.0)), mode, rtol=0.02
        )
    with pytest.raises(ValueError, match="direction"):
        vb.best_normal(mixture, grid, "sideways", (0.0, 1.0))
