"""The digest of a configuration, compared with what real servers print for it."""

from __future__ import annotations

import re

import pytest

from natsvalues.text.natsconf import read
from natsvalues.text.natsconf.digest import loaded_digests

CONF = """\
port: 4222
server_name: $SERVER_NAME
jetstream {store_dir: "/tmp/<a&b>é", max_file_store: 10G}
cluster {name: a, port: 6222, routes: ["nats://x:6222"]}
gateway {name: a, port: 7222, gateways: [{name: b, urls: ["nats://b:7222"]}]}
ping_interval: "2m"
debug: true
include "more.conf"
PASS: "x<y"
accounts { SYS: {users: [{user: a, password: $PASS}]} }
"""
MORE = "system_account: SYS\nmax_payload: 1MB\n"


@pytest.mark.parametrize("version", ["2.11.10", "2.12.8", "2.14.6", "2.15.1"])
def test_a_server_prints_one_of_the_digests(version, nats_server, run, tmp_path):
    """With variables, includes, units and letters that Go writes otherwise."""
    (tmp_path / "nats.conf").write_text(CONF)
    (tmp_path / "more.conf").write_text(MORE)
    done = run(nats_server(version), "-t", "-c", "nats.conf", env={"SERVER_NAME": "nats-1"}, check=True)
    [digest] = re.findall(r"\((sha256:[0-9a-f]{64})\)", done.stderr + done.stdout)
    assert digest in loaded_digests(read(CONF), {"SERVER_NAME": "nats-1"}, lambda _: MORE)
    assert digest not in loaded_digests(read(CONF), {"SERVER_NAME": "nats-2"}, lambda _: MORE)


def test_a_variable_without_a_value_gives_none():
    """What a Secret sets is not guessed."""
    assert loaded_digests(read("server_name: $SERVER_NAME"), {}) == ()
    assert loaded_digests(read("port: 4222\nrate: 1.5"), {}) == ()
