"""Which regions dial one that runs alone, and which are rejected, on regions of the example supercluster."""

from __future__ import annotations

import pytest

from natsvalues.supercluster.joining import dialled_alone, order_of_change, unlisted

pytestmark = pytest.mark.helm
OTHER = "accounts: {SYS: {}}, system_account: SYS"
CASES = {
    "both list each other": ("debug: false", [], {}),
    "dials nobody": ("gateway: {gateways: null}", [("eu-west", "us-east")], {"us-east": ("eu-west",)}),
    "dials nobody and accepts all": (
        "gateway: {gateways: null, reject_unknown_cluster: false}",
        [("eu-west", "us-east")],
        {},
    ),
    "dials nobody under another account": (f"gateway: {{gateways: null}}, {OTHER}", [], {}),
    "dials nobody without JetStream": ("gateway: {gateways: null}, jetstream: null", [], {}),
    "dials another": ("gateway: {gateways: [{name: mars, url: 'nats://m:7222'}]}", [], {"us-east": ("eu-west",)}),
}


@pytest.fixture
def states(example_regions, stand_in, tmp_path):
    """Return a function that gives the states of an example's regions."""
    return lambda example: example_regions.subject(example, stand_in, str(tmp_path)).states


@pytest.mark.parametrize("case", CASES)
def test_a_region_that_does_not_list_the_other(case, states):
    """Those that run alone and are dialled, and those that are rejected."""
    conf, alone, rejected = CASES[case]
    regions = states(f"eu-west: {{conf: {{{conf}}}}}")

    assert [(region.name, other.name) for region, other in dialled_alone(regions)] == alone
    assert unlisted(regions) == rejected


def test_an_order_only_where_a_region_gets_remotes(states):
    """None without JetStream, in a meta group of its own, or with the remotes that it had."""
    (joined,) = (state for state in states("debug: x") if state.name == "eu-west")
    (alone,) = (state for state in states("conf: {gateway: {gateways: null}}") if state.name == "eu-west")
    (off,) = (state for state in states("conf: {jetstream: null}") if state.name == "eu-west")

    assert order_of_change(alone, joined)
    assert order_of_change(None, joined)
    assert order_of_change(joined, joined) == order_of_change(joined, alone) == order_of_change(None, off) == ""
