"""The phantom: its probabilities are true, its pictures follow its parameters, its seeds hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bayescnn import phantom


def one_image_per_patient(n: int, seed: int) -> phantom.PhantomParameters:
    parameters = phantom.sample_parameters(n, seed)
    _, first = np.unique(parameters.patient, return_index=True)
    return parameters.take(np.sort(first))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_labels_match_probabilities(seed: int) -> None:
    # One image a patient, so labels are independent. The count of ones in each decile of p is a
    # sum of Bernoullis; Hoeffding: P(|mean - expected| > t) <= 2 exp(-2 n t^2). With t chosen so
    # that the bound is 1e-8, 10 bins and 10 examples stay below a false alarm of 1e-6.
    parameters = one_image_per_patient(4000, seed)
    probability = phantom.true_probability(parameters)
    labels = phantom.draw_labels(parameters)
    for decile in range(10):
        inside = (probability >= decile / 10) & (probability < (decile + 1) / 10)
        n = inside.sum()
        if n:
            tolerance = np.sqrt(np.log(2 / 1e-8) / (2 * n))
            assert abs(labels[inside].mean() - probability[inside].mean()) < tolerance


def test_probability_is_the_stated_function_of_the_load() -> None:
    parameters = phantom.sample_parameters(50, 0)
    load = phantom.opacity_load(parameters)
    expected = stats.logistic.cdf(phantom.SLOPE * (load - phantom.THRESHOLD))
    np.testing.assert_allclose(phantom.true_probability(parameters), expected, rtol=1e-12)
    assert (load > 0).all()


def test_a_good_share_is_ambiguous_and_neither_class_is_rare() -> None:
    # Deterministic: a fixed seed; the numbers stand in the module's docstring.
    probability = phantom.true_probability(phantom.sample_parameters(20_000, 1))
    assert 0.3 < np.mean((probability > 0.1) & (probability < 0.9)) < 0.5
    assert 0.86 < np.maximum(probability, 1 - probability).mean() < 0.90
    assert 0.45 < probability.mean() < 0.65


def test_images_of_a_patient_share_anatomy_and_luck() -> None:
    parameters = phantom.sample_parameters(300, 3)
    patients, counts = np.unique(parameters.patient, return_counts=True)
    assert 1 < counts.max() <= 4
    for patient in patients[counts > 1]:
        rows = parameters.take(parameters.patient == patient)
        for name in ("width", "apex", "diaphragm", "heart", "rib_spacing", "luck"):
            assert len(np.unique(getattr(rows, name))) == 1
        assert len(np.unique(rows.tilt)) == len(rows)


@settings(max_examples=6, deadline=None)
@given(n=st.integers(1, 9), size=st.integers(8, 80), seed=st.integers(0, 99))
def test_any_size_from_a_seed(n: int, size: int, seed: int) -> None:
    images, labels, probability = phantom.phantom_xrays(n, size, seed)
    assert images.shape == (n, size, size) and images.dtype == np.uint8
    assert labels.shape == probability.shape == (n,)
    assert set(labels) <= {0, 1} and ((probability > 0) & (probability < 1)).all()
    again = phantom.phantom_xrays(n, size, seed)
    np.testing.assert_array_equal(images, again[0])
    np.testing.assert_array_equal(labels, again[1])


def test_seeds_differ_and_sizes_agree() -> None:
    parameters = phantom.sample_parameters(8, 5)
    small = phantom.render(parameters, 64, 0).astype(float)
    assert (small != phantom.render(parameters, 64, 1)).any()
    assert phantom.sample_parameters(8, 6).width[0] != parameters.width[0]
    # The same chest at twice the size, averaged down, is the same picture but for noise.
    large = phantom.render(parameters, 128, 0).reshape(8, 64, 2, 64, 2).mean(axis=(2, 4))
    assert np.abs(small - large).mean() < 5  # noise: 0.8 * sd, sd about 4 of 255


def test_an_image_does_not_depend_on_how_many_are_drawn() -> None:
    parameters = phantom.sample_parameters(70, 2)
    few = phantom.render(parameters.take(slice(0, 3)), 64, 9)
    np.testing.assert_array_equal(phantom.render(parameters, 64, 9)[:3], few)


def test_opacity_brightens_the_lungs_and_nothing_darkens() -> None:
    parameters = phantom.sample_parameters(200, 4)
    none = dataclasses.replace(
        parameters,
        haze=np.zeros(200),
        opacity_strength=np.zeros((200, phantom.N_OPACITIES)),
    )
    difference = phantom.render(parameters, 64, 0).astype(int) - phantom.render(none, 64, 0)
    assert (difference.mean(axis=(1, 2)) > 0).all()
    assert difference.min() > -3  # ragged edges and rounding at most
    # What the picture shows follows the load: rank correlation over 200 chests, a fixed seed.
    order = stats.spearmanr(difference.mean(axis=(1, 2)), phantom.opacity_load(parameters))
    assert order.statistic > 0.8


def test_lungs_are_dark_spine_is_bright() -> None:
    images = phantom.render(phantom.sample_parameters(20, 0), 64, 0).astype(float)
    lung = images[:, 24:36, 12:20].mean(axis=(1, 2))  # the patient's right lung
    spine = images[:, 24:36, 30:34].mean(axis=(1, 2))
    assert (spine > lung + 10).mean() > 0.9


def test_errors() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        phantom.sample_parameters(0, 0)
    with pytest.raises(ValueError, match="8 pixels"):
        phantom.render(phantom.sample_parameters(1, 0), 7, 0)
