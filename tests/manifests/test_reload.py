"""Which settings only a restart brings into force: the table, and what is left of a configuration without them."""

from __future__ import annotations

import pytest

from natsvalues.manifests.reload import RELOADABLE, restart_part

# facts: SIGHUP on real servers 2.12.8 and 2.14.6.
RELOADS = [
    "accounts",
    "authorization",
    "cluster.advertise",
    "cluster.compression",
    "cluster.no_advertise",
    "cluster.pool_size",
    "cluster.ping_interval",
    "cluster.routes",
    "cluster.tls",
    "connect_error_reports",
    "debug",
    "gateway.tls.ca_file",
    "gateway.tls.cert_file",
    "gateway.tls.key_file",
    "gateway.tls.verify",
    "leafnodes.compression",
    "log_file",
    "logtime",
    "max_connections",
    "max_control_line",
    "max_payload",
    "no_fast_producer_stall",
    "pid_file",
    "ping_interval",
    "ping_max",
    "server_tags",
    "tls",
    "trace",
    "users",
    "write_deadline",
]
RESTARTS = [
    "cluster.host",
    "cluster.name",  # reloads only without a gateway
    "cluster.port",
    "disable_sublist_cache",
    "gateway.advertise",
    "gateway.authorization",
    "gateway.connect_retries",
    "gateway.gateways",
    "gateway.name",
    "gateway.port",
    "gateway.reject_unknown",
    "gateway.reject_unknown_cluster",
    "gateway.tls.timeout",
    "http_port",
    "jetstream",
    "jetstream.domain",
    "jetstream.limits",
    "jetstream.max_file_store",  # an increase reloads on newer servers, a decrease never
    "jetstream.max_outstanding_catchup",
    "jetstream.store_dir",
    "jetstream.sync_interval",
    "jetstream.unique_tag",
    "lame_duck_duration",
    "lame_duck_grace_period",
    "leafnodes.port",
    "leafnodes.remotes",  # adding one reloads on 2.14 and not on 2.12
    "listen",
    "max_pending",
    "max_subscriptions",
    "mqtt",
    "no_auth_user",
    "port",
    "prof_port",
    "resolver",
    "server_metadata",  # reloads from 2.12 on only
    "server_name",
    "system_account",
    "websocket",
]


def conf_with(path, value):
    """A configuration with one setting."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def without_last(path):
    """The empty blocks around a setting."""
    block, _, _ = path.rpartition(".")
    return conf_with(block, {}) if block else {}


@pytest.mark.parametrize("path", RELOADS)
def test_what_reloads_is_left_out(path):
    """A change of it needs no new pods; everything under it is left out, too."""
    assert restart_part(conf_with(path, 1)) == without_last(path)
    assert restart_part(conf_with(path, {"deep": {"er": [1]}})) == without_last(path)


@pytest.mark.parametrize("path", RESTARTS)
def test_what_needs_a_restart_stays(path):
    """A change of it must show in the digest that rolls the pods."""
    assert restart_part(conf_with(path, 1)) == conf_with(path, 1)


def test_one_configuration_is_taken_apart():
    """Reloadable parts go, whatever the case of their keys; the rest keeps its spelling, lists stay whole."""
    conf = {
        "port": 4222,
        "Max_Payload": 1024,
        "cluster": {"name": "east", "ROUTES": ["nats://a:6222"], "tls": {"cert_file": "a"}},
        "Gateway": {"name": "east", "tls": {"cert_file": "a"}, "gateways": [{"name": "west", "tls": {}}]},
        "authorization": {"users": [{"user": "a", "password": "b"}]},
    }

    assert restart_part(conf) == {
        "port": 4222,
        "cluster": {"name": "east"},
        "Gateway": {"name": "east", "tls": {}, "gateways": [{"name": "west", "tls": {}}]},
    }


def test_a_setting_reloads_only_at_its_own_place():
    """`tls` of the clients reloads; a `tls` in another block is another setting."""
    conf = {"websocket": {"tls": {"cert_file": "a"}}, "mqtt": {"users": []}, "extra": {"cluster": {"routes": []}}}

    assert restart_part(conf) == conf


def test_gateway_tls_itself_shows():
    """New certificates reload, but turning TLS on or off does not: the empty block stays to tell the difference."""
    assert restart_part({"gateway": {"tls": {"cert_file": "a"}}}) != restart_part({"gateway": {}})


def test_what_is_given_is_not_changed():
    """The function gives a new configuration and leaves the old one alone."""
    conf = {"debug": True, "cluster": {"routes": [], "port": 6222}}
    restart_part(conf)

    assert conf == {"debug": True, "cluster": {"routes": [], "port": 6222}}


def test_the_table_is_well_formed():
    """Keys are lower case, as they are looked up, and no entry is covered by another."""
    assert [path for path in RELOADABLE if any(part != part.lower() or not part for part in path)] == []
    assert [path for path in RELOADABLE if any(path[:depth] in RELOADABLE for depth in range(1, len(path)))] == []
