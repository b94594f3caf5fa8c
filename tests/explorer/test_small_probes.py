"""Probes of small distributions, against closed forms."""

import math

import pytest

from explorer.lessons.bench import Bench
from explorer.lessons.small_probes import Coins, HumpsKl, HumpsRest, Slope, SoftmaxShare

BENCH = Bench()
BAND = (0.0, 1.0)
TWO = ((-2.0, 0.4, 0.6), (2.0, 0.4, 0.4))


def test_adding_to_all_logits_changes_no_share() -> None:
    logits = (math.log(1), math.log(2), math.log(5))
    for plus in (0, 5, 1000):
        share = SoftmaxShare(band=BAND, logits=logits, of=2, plus=plus)
        assert share.measure(BENCH) == pytest.approx(100 * 5 / 8)
    with pytest.raises(ValueError, match="there are 3 logits"):
        SoftmaxShare(band=BAND, logits=logits, of=3)


def test_independent_pixels_rarely_agree() -> None:
    assert Coins(band=BAND, chances=((0.5, 3), (0.1, 1))).measure(BENCH) == pytest.approx(
        1e6 * 0.5**3 * 0.9
    )


def test_the_slope_is_that_of_the_points() -> None:
    assert Slope(band=BAND, points=((0, 1), (1, 3), (2, 5))).measure(BENCH) == pytest.approx(2)


def test_the_forward_kl_is_least_where_mean_and_variance_are_those_of_the_humps() -> None:
    def rest(reads: str) -> float:
        probe = HumpsRest(band=BAND, humps=TWO, start=(0.6, 0.6), descends="forward", reads=reads)  # type: ignore[arg-type]
        return probe.measure(BENCH)

    assert rest("mean") == pytest.approx(-0.4, abs=0.01)
    assert rest("sigma") == pytest.approx(math.sqrt(0.4**2 + 0.6 * 1.6**2 + 0.4 * 2.4**2), abs=0.01)


@pytest.mark.parametrize(("start", "hump"), [(0.6, 1), (-0.6, 0)])
def test_the_reverse_kl_takes_the_nearer_hump_and_costs_the_log_of_its_share(
    start: float, hump: int
) -> None:
    mean, _, share = TWO[hump]
    given = {"band": BAND, "humps": TWO, "start": (start, 0.6), "descends": "reverse"}
    assert HumpsRest(**given, reads="mean").measure(BENCH) == pytest.approx(mean, abs=0.01)  # type: ignore[arg-type]
    # Inside one hump of two that hardly overlap, q is p but for the share of the hump.
    assert HumpsKl(**given, reads="reverse").measure(BENCH) == pytest.approx(  # type: ignore[arg-type]
        -math.log(share), abs=0.001
    )
