"""How far a network is trusted, and in which order runs become known."""

import numpy as np
import pytest

from hrkeras.athlete.shrinkage import FURTHEST, SPAN, START, WEIGHT, Shrinkage, over_before


def runs(share: float, count: int, seed=0) -> Shrinkage:
    """Trust after runs of which a network found such a share of what the state missed; above 1 it found too little."""
    random, shrinkage = np.random.default_rng(seed), Shrinkage()
    for _ in range(count):
        expected, correction = np.full(300, 140.0), random.normal(0, 4, 300)
        shrinkage.update(expected + share * correction + random.normal(0, 5, 300), expected, expected + correction)
    return shrinkage


@pytest.mark.parametrize(("share", "value"), [(0.0, 0.0), (0.4, 0.4), (1.0, 1.0), (-1.0, 0.0), (2.0, 1.0)])
def test_trust_comes_to_be_as_great_as_helps_most(share, value):
    assert runs(share, 400).value == pytest.approx(value, abs=0.1)  # START goes on counting a little


def test_by_hand():
    shrinkage = Shrinkage()
    shrinkage.update(np.array([150.0, np.nan, 300.0]), np.array([140.0, 0, 140]), np.array([144.0, 99, 142]))
    keep = np.exp(-1 / SPAN)
    assert shrinkage.products == pytest.approx(START * WEIGHT + (10 * 4 + FURTHEST * 2) / 2)
    assert shrinkage.squares == pytest.approx(WEIGHT + (16 + 4) / 2)
    shrinkage.update(np.array([140.0]), np.array([140.0]), np.array([141.0]))
    assert shrinkage.squares == pytest.approx(keep * (WEIGHT + 10) + (1 - keep) * WEIGHT + 1)


def test_at_first_and_without_heart_rate_it_is_half():
    shrinkage = Shrinkage()
    shrinkage.update(np.full(5, np.nan), np.full(5, 140.0), np.full(5, 150.0))
    assert shrinkage == Shrinkage()
    assert shrinkage.value == START


def test_a_run_is_known_once_it_is_over():
    starts, ends = np.array([30.0, 0, 10, 40]), np.array([35.0, 5, 40, 50])
    assert list(over_before(starts, ends)) == [(1, []), (2, [1]), (0, []), (3, [0, 2])]
