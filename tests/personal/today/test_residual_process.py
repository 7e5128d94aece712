"""The filter of residuals gives what Gaussian process regression on all of them gives."""

import numpy as np

from hrkeras.personal.today import residual_process
from hrkeras.personal.today.residual_process import KEPT, NOISE, VARIANCES, ResidualProcess, change_of_effort


def covariance(first, second):
    apart = np.abs(np.subtract.outer(first, second))
    return sum(variance * kept**apart for variance, kept in zip(VARIANCES, KEPT, strict=True))


def test_it_is_the_posterior_of_all_residuals():
    random = np.random.default_rng(4)
    residuals = random.normal(0.3, 1, 25)
    residuals[[3, 11, 12]] = np.nan
    process = ResidualProcess()
    for residual in residuals:
        process.step(residual)
    means, found = process.ahead(10)
    known, later = np.flatnonzero(np.isfinite(residuals)), np.arange(25, 35)
    weights = covariance(later, known) @ np.linalg.inv(covariance(known, known) + NOISE * np.eye(len(known)))
    np.testing.assert_allclose(means, weights @ residuals[known])
    np.testing.assert_allclose(found, covariance(later, later) - weights @ covariance(known, later), atol=1e-10)


def test_before_anything_is_measured_a_step_is_off_as_much_as_usual():
    means, found = ResidualProcess().ahead(5)
    assert (means == 0).all()
    np.testing.assert_allclose(np.diag(found), VARIANCES.sum())


def test_effort_changes_slowly_at_first():
    spread = np.sqrt((change_of_effort(30) ** 2).sum(axis=1))
    assert (np.diff(spread) > 0).all()
    assert spread[0] < 0.1 < 0.5 < spread[-1] < 1
    assert residual_process.LAG < 1
