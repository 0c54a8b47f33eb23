"""The bounds of a rehearsal: time and memory end it with a verdict, not with a traceback or a leftover."""

import asyncio

import pytest

from natsvalues.cli.streams import read_stream
from natsvalues.rehearsal.run import Order, rehearse
from natsvalues.rehearsal.scenarios import SCENARIOS
from natsvalues.rehearsal.sources import steps_in

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow, pytest.mark.timeout(120)]
TWO = ("us-east", "eu-west")


@pytest.mark.parametrize(
    ("bound", "note", "remedy"),
    [
        (("--limit", "10"), "the time limit of 10 s was reached", "--limit"),
        (("--max-memory", "64"), "the servers took more than 64 MB together", "--max-memory"),
    ],
    ids=["time", "memory"],
)
def test_a_bound_ends_it_with_what_was_still_missing(stock_folder, rehearse, bound, note, remedy):
    """A first install that would never end: stuck, the bound is named, and the causes so far are told."""
    done = rehearse(stock_folder("2.14.2", *TWO), "first-install", *bound)

    assert (done.code, done.report["verdict"]) == (5, "stuck"), done.told()
    assert note in done.scenario["notes"]
    assert remedy in done.scenario["remedy"]
    assert done.scenario["causes"]
    assert done.scenario["cost"]["wall"] < 60


def test_a_time_limit_of_something_else_is_no_verdict(stock_folder, tools, monkeypatch):
    """As of a node that a power cut waits for: an error, and not `stuck` after a limit that was not reached."""

    async def late(_):
        raise TimeoutError("the read operation timed out")

    monkeypatch.setenv("NATSVALUES_TOOLS", tools["NATSVALUES_TOOLS"])
    monkeypatch.setitem(SCENARIOS, "cold-restart", SCENARIOS["cold-restart"]._replace(run=late))
    steps = steps_in(stock_folder("2.14.2", *TWO), read_stream)

    with pytest.raises(TimeoutError, match="the read operation"):
        asyncio.run(rehearse(Order("cold-restart", steps)))
