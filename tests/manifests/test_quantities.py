"""Quantities and durations by what they come to, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.manifests.quantities import duration, quantity

QUANTITIES = [
    ("1", 1), ("1000m", 1), (1, 1), (0.5, Fraction(1, 2)), ("1Ki", 1024), ("1Gi", 1024**3), ("1024Mi", 1024**3),
    ("1k", 1000), ("1e3", 1000), ("1E3", 1000), ("1E", 10**18), (".5", Fraction(1, 2)), ("5.", 5), ("-1", -1),
    ("+1", 1), ("100n", Fraction(1, 10**7)), ("1u", Fraction(1, 10**6)), ("0", 0),
]  # fmt: skip
NO_QUANTITIES = ["", "1K", "1KB", "10GiB", "one", "1 Gi", "1e", "--1", True, None, [], "1e999999999", "\u0661"]
DURATIONS = [
    ("60s", 60), ("1m", 60), ("1h30m", 5400), ("1.5h", 5400), ("100ms", Fraction(1, 10)), ("0", 0), (0, 0), ("-1s", -1),
    ("1us", Fraction(1, 10**6)), ("1µs", Fraction(1, 10**6)), ("1ns", Fraction(1, 10**9)),
]  # fmt: skip
NO_DURATIONS = ["", "60", 60, "1d", "s", "1 s", "1m30", True, False, None, "nats"]


@pytest.mark.parametrize(("given_", "worth"), QUANTITIES)
def test_a_quantity_is_worth_what_kubernetes_says(given_, worth):
    """Binary and decimal suffixes, exponents, signs, and numbers that YAML made of it."""
    assert quantity(given_) == worth


@pytest.mark.parametrize("given_", NO_QUANTITIES)
def test_what_is_no_quantity(given_):
    """Spellings that Kubernetes refuses, other digits, and an exponent that nobody could work out."""
    assert quantity(given_) is None


@pytest.mark.parametrize(("given_", "seconds"), DURATIONS)
def test_a_duration_in_seconds(given_, seconds):
    """As Go reads it; a bare number only where it is 0."""
    assert duration(given_) == seconds


@pytest.mark.parametrize("given_", NO_DURATIONS)
def test_what_is_no_duration(given_):
    """Numbers without a unit, days, words."""
    assert duration(given_) is None


@given(st.integers(0, 10**6))
def test_suffixes_agree_with_each_other(number):
    """A number of mebibytes is that many kibibytes, and of thousands that many units."""
    assert quantity(f"{number}Mi") == quantity(f"{number * 1024}Ki") == number * 1024**2
    assert quantity(f"{number}k") == quantity(f"{number}000") == quantity(f"{number}e3")
    assert duration(f"{number}m") == duration(f"{number * 60}s")
