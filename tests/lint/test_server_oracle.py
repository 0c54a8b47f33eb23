"""Real servers as judges of the rules that say a server does not start: FAIL does not, PASS does."""

from __future__ import annotations

import os

import pytest

from natsvalues.lint.rules import find_rule

HERE = os.path.dirname(os.path.abspath(__file__))
SAYS = {
    "NM001": "cluster name conflicts between cluster and gateway definitions",
    "NM007": "cannot contain spaces",
    "GW007": "has no URL",
    "JS004": "requires configured routes",
    "JS006": "invalid domain name",
    "JS007": "error resolving system account: account missing",
    "JS010": "require a system account to also be configured",
    "PR010": "invalid lame_duck_duration of 10s, minimum is 30 seconds",
}


@pytest.fixture(scope="module")
def trial(load_module):
    """The module that tries a configuration on a real server."""
    return load_module(os.path.join(HERE, "..", "overlays", "server_trial.py"))


def said(code, kind, stand_in, examples, trial, nats_server, folder) -> str:
    """What a real server says to the configuration of an example; nothing if it starts."""
    subject = examples.subject(getattr(find_rule(code), kind), stand_in, os.path.join(folder, kind))
    nats = subject.clusters[-1].nats
    return trial.checked(nats_server("2.14.2"), trial.trial_of(nats), folder)


@pytest.mark.nats
@pytest.mark.helm
@pytest.mark.parametrize("code", SAYS)
def test_the_server_does_not_start(code, stand_in, examples, trial, nats_server, tmp_path):
    """The words are the server's own."""
    context = (stand_in, examples, trial, nats_server, str(tmp_path))

    assert SAYS[code].lower() in said(code, "fails", *context).lower()
    assert said(code, "passes", *context) == ""
