"""What is said about a text that the server refuses, about a surprise in it, and about an edit that does not fit.

messages.txt has the texts, as Python writes them, each with what is said below it: the place, the message and the
remedy. NATSVALUES_UPDATE_GOLDEN=1 writes these anew; for a further text add its line.
"""

from __future__ import annotations

import ast
import datetime as dt
import os

import pytest

from natsvalues.text.natsconf import ConfSyntaxError, includes, read, value

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "messages.txt")
UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
LONG = {
    "a: " + "[" * 200 + "1 " + "]" * 200: "",
    "a: " + "[" * 201 + "1 " + "]" * 201: "found more than 200 nested maps and arrays",
    "a: " + "1" * 308 + ".0": "",
    "a: " + "1" * 310 + ".0": "found a number beyond 64 bits",
}


def outcome(text: str) -> str:
    """The text, and below it what it means, with its surprises; or the error."""
    try:
        conf = read(text)
        meaning = repr(value(conf))
    except ConfSyntaxError as error:
        return f"{text!a}\n  {error.line}:{error.column} {error.message} ({error.hint})\n"
    meaning += "".join(f" include {include.path!a}" for include in includes(conf))
    surprises = "".join(f"\n  {offset}: {message}" for offset, message in conf.findings)
    return f"{text!a}\n  {meaning}{surprises}\n"


def test_what_is_said():
    """As on file, which also has the texts."""
    with open(FILE, encoding="utf-8") as file:
        expected = file.read()
    texts = [ast.literal_eval(line) for line in expected.splitlines() if not line.startswith("  ")]
    said = "".join(map(outcome, texts))
    if UPDATING:
        with open(FILE, "w", encoding="utf-8") as file:
            file.write(said)

    assert UPDATING or said == expected


@pytest.mark.parametrize("text", LONG)
def test_limits(text):
    """The last that the server reads, and the first that it does not."""
    if not LONG[text]:
        assert value(read(text))
        return
    with pytest.raises(ConfSyntaxError) as refused:
        read(text)
    assert refused.value.message == LONG[text]


@pytest.mark.parametrize("year", [1900, 2000, 2023, 2024, 2100])
def test_dates_are_those_of_the_calendar(year):
    """All others are refused."""

    def exists(month, day):
        try:
            dt.date(year, month, day)
        except ValueError:
            return False
        return True

    for month in range(14):
        for day in range(34):
            text = f"{year}-{month:02}-{day:02}T23:59:59Z"
            if exists(month, day):
                assert value(read(f"a: {text}")) == {"a": text}
            else:
                with pytest.raises(ConfSyntaxError):
                    read(f"a: {text}")


@pytest.mark.parametrize("time", ["24:00:00", "23:60:00", "23:59:60", "99:00:00"])
def test_times_are_those_of_a_day(time):
    """All others are refused."""
    with pytest.raises(ConfSyntaxError):
        read(f"a: 2024-01-01T{time}Z")
