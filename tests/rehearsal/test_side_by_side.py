"""The acts that CI plays on real clusters have the same verdicts on loopback; and how both are compared."""

import asyncio
import os
import sys

import pytest

from natsvalues.rehearsal.run import rehearse as play

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def compared(load_module):
    """Return the script that compares."""
    sys.path += [os.path.join(ROOT, *path) for path in (("scripts",), ("scripts", "kubernetes"))]
    return load_module(os.path.join(ROOT, "scripts", "rehearsals_compared.py"))


@pytest.mark.nats
@pytest.mark.helm
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("helm4")
def test_what_ci_plays_on_clusters_has_the_same_verdicts_on_loopback(
    compared, tools, nats_server, tmp_path, monkeypatch
):
    """The chart alone is stuck in a cold restart; post-rendered it converges."""
    monkeypatch.setenv("NATSVALUES_TOOLS", tools["NATSVALUES_TOOLS"])
    suite = compared.named("promise")
    nats_server(suite.server)

    words = {}
    for number, order in compared.loopback.orders(suite, str(tmp_path), None):
        act = suite.acts[number - 1]
        words[number] = (act.name, act.expect, asyncio.run(play(order)).word)

    assert words == {
        2: ("cold-restart", "stuck", "stuck"),
        4: ("cold-restart", "converged", "converged"),
        5: ("power-cut", "converged", "converged"),
    }


def timeline(*events):
    """Events as the JSON of a rehearsal has them, in a scenario of one phase."""
    listed = [(0, "phase", "scenario", "warm-up"), *events[:-1], (events[-1], "phase", "scenario", "converged")]
    return [dict(zip(("seconds", "kind", "subject", "text"), event, strict=True)) for event in listed]


def test_an_event_counts_once_it_stays(compared):
    """From the beginning of the last phase, in which each server has to have it, until the end."""
    seen = compared.milestones(
        timeline(
            (1, "leader", "a/0", "a-0 (itself)"),
            (10, "phase", "scenario", "cold restart of all regions"),
            (10, "leader", "a/0", "none"),
            (11, "balancer", "a/gw", "0 of 2"),
            (12, "links", "a/0", "b"),
            (12, "balancer", "a/gw", "1 of 2"),
            (13, "links", "a/1", "none"),
            (14, "leader", "a/0", "a-0 (itself)"),
            (15, "leader", "a/0", "none"),
            (16, "leader", "a/0", "a-1"),
            (17, "links", "a/1", "b"),
            (17, "pod", "a/0", "running"),
            20,
        )
    )

    assert seen == compared.Milestones(balanced=2.0, linked=7.0, led=6.0, ready=None)
    assert compared.order_of(seen) == "b (gl)"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ((0.0, 3.0, 30.0, 1.0), True),
        ((5.0, 4.0, 6.0, 9.0), True),
        ((5.0, 9.0, 6.0, 9.0), False),
        ((0.0, 3.0, None, 1.0), False),
    ],
    ids=["slower", "within a second", "leader first", "no leader"],
)
def test_orders_agree_unless_something_clearly_came_first(compared, other, same):
    """When pods are ready does not count: a kubelet takes longer than a rehearsal's."""
    assert compared.agree(compared.Milestones(1.0, 3.0, 6.0, 2.0), compared.Milestones(*other)) == same
