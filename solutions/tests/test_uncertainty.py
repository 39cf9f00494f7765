"""Uncertainty measures against hand-worked cases, scikit-learn, scipy and their own laws."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from scipy.integrate import trapezoid
from sklearn import metrics as sk

from bayescnn import uncertainty as unc

LAW = settings(deadline=None, max_examples=50)


def ece(probabilities, labels):
    return unc.expected_calibration_error(unc.calibration_bins(probabilities, labels))


def random_samples(seed, draws=50, n=7, k=3):
    return np.random.default_rng(seed).dirichlet(np.ones(k), size=(draws, n))


@st.composite
def sample_arrays(draw):
    """Predictive samples of any small shape, from one-hot to uniform rows."""
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 5)), draw(st.integers(2, 4)))
    logits = draw(hnp.arrays(np.float64, shape, elements=st.floats(-40, 40)))
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# --- predictive samples ---------------------------------------------------------------------


class NoisyLogit(keras.layers.Layer):
    """Logits (w, 0) for every image, w ~ N(0, 1) drawn once per call, as in a Bayesian layer."""

    def call(self, inputs):
        w = tf.random.normal(())
        return tf.stack([w + 0.0 * inputs[:, 0], tf.zeros_like(inputs[:, 0])], axis=-1)


def noisy_model():
    return keras.Sequential([keras.layers.InputLayer((1,)), NoisyLogit()])


def test_each_predictive_sample_is_a_fresh_draw_shared_by_the_batch():
    samples = unc.predictive_samples(noisy_model(), np.zeros((3, 1)), n_samples=2000, seed=1)
    assert samples.shape == (2000, 3, 2)
    np.testing.assert_allclose(samples.sum(-1), 1, rtol=1e-5)
    assert np.ptp(samples, axis=1).max() < 1e-6  # one draw per call
    w = np.log(samples[:, 0, 0] / samples[:, 0, 1])
    # Kolmogorov-Smirnov against N(0, 1); the seed is fixed, so this is no gamble.
    assert stats.kstest(w, "norm").pvalue > 1e-6
    assert len(np.unique(w)) > 1990


def test_predictive_samples_repeat_with_a_seed_and_cover_a_last_short_batch():
    model, inputs = noisy_model(), np.zeros((5, 1))
    first = unc.predictive_samples(model, inputs, n_samples=4, batch_size=2, seed=3)
    again = unc.predictive_samples(model, inputs, n_samples=4, batch_size=2, seed=3)
    other = unc.predictive_samples(model, inputs, n_samples=4, batch_size=2, seed=4)
    assert first.shape == (4, 5, 2)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_predictive_mean_of_a_bayesian_dense_layer_is_the_integral_over_its_posterior():
    layer = tfp.layers.DenseReparameterization(1, name="weights")
    column = keras.layers.Lambda(lambda z: tf.concat([z, tf.zeros_like(z)], axis=-1))
    model = keras.Sequential([keras.layers.InputLayer((1,)), layer, column])
    loc, scale = 0.7, 1.3
    kernel_loc, kernel_rho, bias = layer.trainable_variables  # scale = 1e-5 + softplus(rho)
    kernel_loc.assign([[loc]])
    kernel_rho.assign([[np.log(np.expm1(scale))]])
    bias.assign([0.0])
    n = 4000
    samples = unc.predictive_samples(model, np.ones((1, 1)), n_samples=n, seed=0)[:, 0, 0]
    grid = np.linspace(-12, 12, 20001)
    density = stats.norm.pdf(grid, loc, scale)
    sigmoid = 1 / (1 + np.exp(-grid))
    mean = trapezoid(density * sigmoid, grid)
    sd = np.sqrt(trapezoid(density * (sigmoid - mean) ** 2, grid))
    assert abs(samples.mean() - mean) < 5 * sd / np.sqrt(n)  # 5 sigma: 6e-7


@pytest.mark.parametrize("wrong", [{"n_samples": 0}, {"batch_size": 0}])
def test_predictive_samples_refuses_non_positive_counts(wrong):
    with pytest.raises(ValueError, match="positive"):
        unc.predictive_samples(noisy_model(), np.zeros((1, 1)), **wrong)


# --- intervals ------------------------------------------------------------------------------


def test_interval_is_the_central_95_percent():
    p = np.linspace(0, 1, 1001)
    samples = np.random.default_rng(0).permutation(np.stack([p, 1 - p], -1))[:, None, :]
    lower, upper = unc.predictive_interval(samples)
    assert lower.shape == upper.shape == (1, 2)
    np.testing.assert_allclose(lower, 0.025)
    np.testing.assert_allclose(upper, 0.975)


def test_interval_needs_enough_draws_and_a_level():
    with pytest.raises(ValueError, match="40 or more"):
        unc.predictive_interval(random_samples(0, draws=39))
    unc.predictive_interval(random_samples(0, draws=40))
    unc.predictive_interval(random_samples(0, draws=4), level=0.5)
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match="level"):
            unc.predictive_interval(random_samples(0), level=level)


# --- entropy --------------------------------------------------------------------------------


def test_entropy_by_hand():
    p = [[1, 0], [0.5, 0.5], [0.25, 0.75]]
    expected = [0, np.log(2), -0.25 * np.log(0.25) - 0.75 * np.log(0.75)]
    np.testing.assert_allclose(unc.entropy(p), expected, atol=1e-15)


def test_decomposition_of_the_two_pure_cases():
    undecided = np.full((4, 1, 2), 0.5)  # every draw says "half": all aleatoric
    torn = np.array([[[1.0, 0]], [[0, 1.0]]] * 2)  # the draws contradict: all epistemic
    for samples, aleatoric, epistemic in ((undecided, np.log(2), 0), (torn, 0, np.log(2))):
        u = unc.decompose_uncertainty(samples)
        np.testing.assert_allclose(u, [[np.log(2)], [aleatoric], [epistemic]], atol=1e-15)


@LAW
@given(sample_arrays())
def test_decomposition_adds_up_and_stays_in_bounds(samples):
    u = unc.decompose_uncertainty(samples)
    np.testing.assert_allclose(u.total, u.aleatoric + u.epistemic, atol=1e-12)
    for part in u:
        assert part.shape == samples.shape[1:2]
        assert (part >= 0).all() and (part <= np.log(samples.shape[-1]) + 1e-9).all()


# --- proper scores and calibration ----------------------------------------------------------


def test_log_loss_and_brier_agree_with_scikit_learn():
    rng = np.random.default_rng(5)
    p, y = rng.dirichlet(np.ones(3), 200), rng.integers(3, size=200)
    assert unc.log_loss(p, y) == pytest.approx(sk.log_loss(y, p, labels=[0, 1, 2]))
    two, z = rng.dirichlet(np.ones(2), 200), rng.integers(2, size=200)
    assert unc.brier_score(two, z) == pytest.approx(2 * np.mean((two[:, 1] - z) ** 2))
    assert np.isfinite(unc.log_loss([[0.0, 1.0]], [0]))


def test_calibration_error_by_hand():
    # Four images at confidence .9 of which three are right, two at .6 of which none is.
    p = np.array([[0.9, 0.1]] * 4 + [[0.4, 0.6]] * 2)
    y = np.array([0, 0, 0, 1, 0, 0])
    assert ece(p, y) == pytest.approx((4 * 0.15 + 2 * 0.6) / 6)
    bins = unc.calibration_bins(p, y, n_bins=10)
    assert bins.size.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 4, 0]  # .9 belongs to (.8, .9]
    assert np.isnan(bins.accuracy[0]) and bins.accuracy[8] == 0.75


def test_calibration_error_of_certain_and_right_is_zero_and_certain_and_wrong_is_one():
    p = np.eye(2)[[0, 1, 1]]
    assert ece(p, [0, 1, 1]) == 0
    assert ece(p, [1, 0, 0]) == 1


def test_a_calibrated_forecast_has_a_small_calibration_error():
    rng = np.random.default_rng(0)
    n = 20_000
    p1 = rng.uniform(size=n)
    y = (rng.uniform(size=n) < p1).astype(int)
    p = np.stack([1 - p1, p1], -1)
    # 8 bins hold about 2500 images each: gap sd <= .01, and their weighted mean well below that.
    assert ece(p, y) < 0.02
    assert ece(p**3 / (p**3).sum(-1, keepdims=True), y) > 0.08


# --- selection ------------------------------------------------------------------------------


def test_retention_curve_by_hand():
    coverage, accuracy = unc.retention_curve([0.3, 0.1, 0.2, 0.4], [0, 1, 1, 1])
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(accuracy, [1, 1, 2 / 3, 3 / 4])


@LAW
@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_retention_does_not_depend_on_the_order_of_images(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    curves = [unc.retention_curve(*zip(*p, strict=True)) for p in (pairs, shuffled)]
    np.testing.assert_allclose(curves[0], curves[1])
    assert curves[0][1][-1] == pytest.approx(np.mean([c for _, c in pairs]))


def test_selective_accuracy_keeps_the_surest_share():
    uncertainty = np.arange(10)
    correct = np.array([1] * 8 + [0] * 2)
    assert unc.selective_accuracy(uncertainty, correct) == 1
    assert unc.selective_accuracy(-uncertainty, correct) == 0.75
    assert unc.selective_accuracy(uncertainty, correct, coverage=1) == 0.8
    assert unc.selective_accuracy(uncertainty, correct, coverage=0.81) == pytest.approx(8 / 9)
    for coverage in (0, 1.1):
        with pytest.raises(ValueError, match="coverage"):
            unc.selective_accuracy(uncertainty, correct, coverage)


@LAW
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=20),
    st.lists(st.integers(0, 5), min_size=1, max_size=20),
)
def test_auroc_agrees_with_scikit_learn_ties_included(inside, outside):
    labels = [0] * len(inside) + [1] * len(outside)
    expected = sk.roc_auc_score(labels, inside + outside)
    assert unc.out_of_distribution_auroc(inside, outside) == pytest.approx(expected)


def test_auroc_of_nothing_is_undefined():
    assert np.isnan(unc.out_of_distribution_auroc([], [1.0]))


# --- bootstrap ------------------------------------------------------------------------------


def test_bootstrap_interval_of_a_mean_is_the_normal_one():
    x = np.random.default_rng(0).normal(3, 2, 400)
    low, high = unc.bootstrap_interval(np.mean, x, n_resamples=4000)
    half = 1.96 * x.std() / 20
    # A bootstrap quantile at 2.5 % from 4000 resamples has a sd of .042 standard errors (.1).
    assert low == pytest.approx(x.mean() - half, abs=0.03)
    assert high == pytest.approx(x.mean() + half, abs=0.03)
    assert unc.bootstrap_interval(np.mean, x) == unc.bootstrap_interval(np.mean, x)


def test_bootstrap_resamples_arrays_together_and_skips_undefined_resamples():
    x = np.arange(20.0)
    assert unc.bootstrap_interval(lambda a, b: float(np.abs(a - b).max()), x, x) == (0, 0)
    y = np.array([0] * 19 + [1])  # about a third of the resamples lack the positive
    low, high = unc.bootstrap_interval(
        lambda p, t: unc.out_of_distribution_auroc(p[t == 0], p[t == 1]), x, y
    )
    assert low == high == 1


def test_bootstrap_by_patient_is_wider_when_a_patients_images_are_copies():
    x = np.random.default_rng(0).normal(size=50)
    images, patients = np.repeat(x, 8), np.repeat(np.arange(50).astype(str), 8)
    naive = np.ptp(unc.bootstrap_interval(np.mean, images))
    honest = np.ptp(unc.bootstrap_interval(np.mean, images, groups=patients))
    assert honest / naive == pytest.approx(np.sqrt(8), rel=0.15)


# --- decisions ------------------------------------------------------------------------------


def test_threshold_is_nearest_to_one_half_within_one_standard_error_of_the_best():
    rng = np.random.default_rng(0)
    y = (rng.uniform(size=300) < 0.8).astype(int)
    p = np.clip(0.6 + 0.15 * y + 0.1 * rng.normal(size=300), 0, 1)

    def score(t):
        return sk.balanced_accuracy_score(y, p >= t)

    grid = np.linspace(0, 1, 2001)
    best = max(grid, key=score)
    sensitivity, specificity = (p >= best)[y == 1].mean(), (p < best)[y == 0].mean()
    error = 0.5 * np.sqrt(
        sensitivity * (1 - sensitivity) / (y == 1).sum()
        + specificity * (1 - specificity) / (y == 0).sum()
    )
    t = unc.choose_threshold(p, y)
    assert score(best) - error - 1e-9 <= score(t)
    # All of the grid that lies nearer to 0.5 is worse than that (p >= t jumps at the data).
    nearer = grid[np.abs(grid - 0.5) < abs(t - 0.5) - 5e-3]
    assert len(nearer) and max(map(score, nearer)) < score(best) - error
    assert 0.55 < t < best


def test_threshold_prefers_one_half_and_then_what_is_nearest():
    assert unc.choose_threshold([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == 0.5
    assert unc.choose_threshold([0.6, 0.7, 0.9, 0.95], [0, 0, 1, 1]) == pytest.approx(0.8)
    with pytest.raises(ValueError, match="both classes"):
        unc.choose_threshold([0.1, 0.2], [1, 1])


def test_temperature_recovers_the_one_that_was_applied():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(20_000, 2))
    p1 = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    y = (rng.uniform(size=len(p1)) < p1).astype(int)
    for temperature in (0.5, 3.0):
        # The estimate's relative sd is about 1.5 / sqrt(n) = .011.
        assert unc.fit_temperature(logits * temperature, y) == pytest.approx(temperature, rel=0.05)
