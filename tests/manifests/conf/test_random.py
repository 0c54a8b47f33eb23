"""Random configurations: the server and natsvalues accept and refuse the same ones.

`scripts/check_configurations.py` compares thousands; docs/configuration.md has the results.
"""

from __future__ import annotations

import os

import pytest

SCRIPT = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "scripts", "check_configurations.py")
COUNT = 60


@pytest.mark.nats
@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.10.26", "2.11.4", "2.11.10", "2.12.8", "2.14.2", "2.14.6", "2.15.1"])
def test_both_say_the_same(load_module, nats_server, version):
    """None of them differs, and both kinds occur."""
    nats_server(version)
    answers = load_module(SCRIPT).answers(list(range(COUNT)), [version])

    assert [answer for answer in answers if not answer.agrees] == []
    assert {bool(answer.server) for answer in answers} == {True, False}
