"""The real nats-server reads what we wrote: its exit code and its digest of a configuration decide."""

from __future__ import annotations

import re

import pytest

from natsvalues.text.natsconf import ConfOp, Raw, Variable, edit

pytestmark = pytest.mark.nats

CHART = """\
{
  "cluster": {
    "name": "nats",
    "port": 6222,
    "routes": [
      "nats://nats-0:6222",
      "nats://nats-1:6222"
    ]
  },
  "jetstream": {
    "max_file_store": 10Gi,
    "max_memory_store": 0,
    "store_dir": "/data"
  },
  "lame_duck_duration": "30s",
  "port": 4222,
  "server_name": $SERVER_NAME
}
"""
HAND = """\
# by hand
port = 4222; server_name = $SERVER_NAME // from outside
lame_duck_duration: 30s
cluster { port: 6222, name: 'nats'
  routes = [
    nats://nats-0:6222
    nats://nats-1:6222 ]
}
jetstream {
  max_file_store: 10GB
  max_memory_store: 0
  store_dir: "/data"
}
"""


@pytest.fixture
def digest(nats_server, run, tmp_path):
    """Give the server's digest of a configuration; None where the server refuses it."""
    binary = nats_server("2.14.2")

    def ask(text):
        path = tmp_path / "nats.conf"
        path.write_bytes(text.encode())
        done = run(binary, "-t", "-c", path, env={"SERVER_NAME": "n0", "POD_NAME": "p0"})
        found = re.search(r"sha256:[0-9a-f]+", done.stderr)
        return found.group() if done.returncode == 0 and found else None

    return ask


def test_both_styles_are_the_same_configuration_to_the_server(digest):
    """The texts these tests begin with have one digest."""
    assert digest(CHART)
    assert digest(CHART) == digest(HAND)


EDITS = {
    "a value changes": (
        [ConfOp("replace", ("port",), 4333), ConfOp("replace", ("server_name",), Variable("POD_NAME"))],
        lambda text: text.replace("4222", "4333").replace("$SERVER_NAME", "$POD_NAME"),
    ),
    "a gateway comes": (
        [
            ConfOp("add", ("gateway",), {"name": "nats", "port": 7222, "gateways": []}),
            ConfOp(
                "add",
                ("gateway", "gateways", "-"),
                {"name": "eu", "urls": ["nats://eu:7222", "nats://e2:7222"]},
            ),
            ConfOp("add", ("gateway", "advertise"), "10.0.0.1:7222"),
        ],
        lambda text: (
            text.rstrip().removesuffix("}" if text[0] == "{" else "").rstrip()
            + ', "gateway" { name: nats, port: 7222, advertise: 10.0.0.1:7222\n'
            "gateways: [{name: eu, urls: [nats://eu:7222, nats://e2:7222]}] }" + ("\n}" if text[0] == "{" else "")
        ),
    ),
    "things go": (
        [ConfOp("remove", ("cluster", "routes", 1)), ConfOp("remove", ("server_name",))],
        lambda text: (
            re.sub(r',?\s+"?nats://nats-1:6222"?', "", text)
            .replace(',\n  "server_name": $SERVER_NAME', "")
            .replace(" server_name = $SERVER_NAME", "")
        ),
    ),
    "sizes and strings": (
        [
            ConfOp("replace", ("jetstream", "max_file_store"), Raw("20Gi")),
            ConfOp("replace", ("jetstream", "store_dir"), "/da\tta/'\"\\ \u00e9\x01"),
        ],
        lambda text: (
            text.replace("10Gi", "21474836480")
            .replace("10GB", "21474836480")
            .replace('"/data"', '"/da\\tta/\'\\"\\\\ \u00e9\\x01"')
        ),
    ),
}


@pytest.mark.parametrize("text", [CHART, HAND], ids=["chart", "hand"])
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_the_digest_of_the_same_change_made_by_hand(digest, text, name):
    """Both styles, compared with a text that the editor had no part in."""
    ops, by_hand = EDITS[name]
    expected = digest(by_hand(text))
    assert expected
    assert digest(edit(text, ops)) == expected
    assert digest(edit(text.replace("\n", "\r\n"), ops)) == expected
    assert expected != digest(text)


def test_an_edit_and_its_undoing_give_the_digest_of_before(digest):
    """What was added and taken out again leaves no trace in the meaning."""
    ops = [
        ConfOp("add", ("gateway",), {"name": "x", "gateways": [{"n": [1, 2]}]}),
        ConfOp("remove", ("gateway",)),
    ]
    assert edit(CHART, ops) == CHART
    assert digest(edit(HAND, ops)) == digest(HAND)
