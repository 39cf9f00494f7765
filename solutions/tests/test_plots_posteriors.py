"""The figures of topics 01 to 04 show the numbers they are given."""

import numpy as np

from bayescnn import plots


def labels(axes):
    return axes.get_legend_handles_labels()[1]


def test_kl_weight_sweep_draws_a_labelled_line_per_weight():
    variances = np.array([[0.4, 0.1], [0.4, 0.2], [0.4, 0.3]])
    figure = plots.kl_weight_sweep(variances, ["0", "1/N", "3/N"], [None, 0.2, 0.35])
    (axes,) = figure.axes
    np.testing.assert_array_equal([line.get_ydata() for line in axes.lines], variances)
    assert [text.get_text() for text in axes.texts] == ["0", "1/N", "3/N"]
    assert len(axes.collections) == 2  # the two exact levels
    assert axes.get_yscale() == "log"
    assert not plots.kl_weight_sweep(variances, ["a", "b", "c"]).axes[0].collections


def test_prior_gallery_has_a_column_per_prior():
    grid, x = np.linspace(-1, 1, 5), np.linspace(-2, 2, 7)
    densities = {"flat": np.full(5, 0.5), "hat": 1.001 - np.abs(grid)}
    figure = plots.prior_gallery(grid, densities, x, {"flat": x, "hat": x / 2})
    assert [axes.get_title() for axes in figure.axes] == ["flat", "hat", "", ""]
    np.testing.assert_array_equal(figure.axes[1].lines[0].get_ydata(), densities["hat"])
    np.testing.assert_array_equal(figure.axes[3].lines[1].get_ydata(), x / 2)


def test_ellipses_hold_95_percent():
    covariance = np.array([[2.0, 0.9], [0.9, 1.0]])
    mean = np.array([1.0, -2.0])
    figure = plots.covariance_ellipses(mean, {"exact": np.eye(2), "other": covariance})
    (axes,) = figure.axes
    assert labels(axes) == ["other", "exact"] or labels(axes) == ["exact", "other"]
    offset = axes.lines[0].get_xydata() - mean
    distance = np.einsum("ij,jk,ik->i", offset, np.linalg.inv(covariance), offset)
    # The 95 % quantile of chi-squared with two degrees of freedom is -2 log 0.05.
    np.testing.assert_allclose(distance, -2 * np.log(0.05), rtol=1e-3)


def test_q_against_p_and_posterior_comparison_name_what_they_show():
    grid = np.linspace(-3, 3, 50)
    figure = plots.q_against_p(grid, grid**2, {"reverse": grid + 3, "forward": grid + 4})
    assert set(labels(figure.axes[0])) == {"p", "reverse", "forward"}
    one = np.ones(2)
    figure = plots.posterior_comparison(np.arange(1.0, 9), 0 * one, one, one, 2 * one, ["a", "b"])
    loss, first, second = figure.axes
    assert len(loss.lines[0].get_ydata()) == 8
    w, density = first.lines[0].get_xdata(), first.lines[0].get_ydata()
    assert abs(w[np.argmax(density)] - 1) < 0.1  # the fitted mean
    np.testing.assert_allclose(density.max(), 1 / (2 * np.sqrt(2 * np.pi)), rtol=1e-3)
    assert (first.get_xlabel(), second.get_xlabel()) == ("a", "b")
