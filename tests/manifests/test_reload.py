"""Which settings only a restart brings into force: the table, and what is left of a configuration without them."""

from __future__ import annotations

import pytest

from natsvalues.manifests.reload import canonical, restart_part
from natsvalues.manifests.reload_effect import effect
from natsvalues.manifests.reload_table import MOVED, ROWS, RUN_ON
from natsvalues.manifests.server import UNKNOWN, parse_version
from natsvalues.text.natsconf import Variable

# Real servers are asked in reload/test_reload_servers.py; here stands what pods must and need not restart for.
RELOADS = [
    "accounts",
    "authorization",
    "authorization.users",
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
    "write_deadline",
]
RESTARTS = [
    "authorization.auth_callout",
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
    "logfile_size_limit",
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
    "tls.verify_and_map",
    "websocket",
]


def conf_with(path, value):
    """A configuration with one setting."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def without_last(path):
    """The empty blocks around a setting, but for one that itself reloads."""
    block, _, _ = path.rpartition(".")
    return conf_with(block, {}) if block and block not in RELOADS else {}


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


def test_other_spellings_are_the_same_setting():
    """The server's aliases, in any case, in any block."""
    assert restart_part({"Logfile": "a", "max_conn": 5, "cluster": {"cluster_advertise": "a"}}) == {"cluster": {}}
    assert canonical(("Leaf", "remotes", 1, "URL")) == ("leafnodes", "remotes", "*", "urls")
    assert canonical(("store_dir",)) == ("jetstream", "store_dir")


def test_a_block_that_reloads_goes_with_what_it_needs():
    """What does not reload in it stays, and only that."""
    conf = {"authorization": {"users": [], "auth_callout": {"issuer": "a"}}, "tls": {"cert_file": "a"}}

    assert restart_part(conf) == {"authorization": {"auth_callout": {"issuer": "a"}}}


def outcome(path, before, after, version="2.14.6"):
    """What a reload does with a change on this version; an empty version is none that is known."""
    keys = tuple(int(key) if key.isdigit() else key for key in path.split("."))
    return effect(keys, before, after, parse_version(version) or UNKNOWN).outcome


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("max_payload", 1, 2, "reload"),
        ("gateway.advertise", "a:1", "b:1", "refused"),
        ("gateway.tls", None, {"cert_file": "a"}, "refused"),
        ("gateway.tls", {"cert_file": "a"}, {"cert_file": "b"}, "reload"),
        ("gateway.tls", {"cert_file": "a"}, {"cert_file": "b", "timeout": 5}, "refused"),
        ("jetstream.max_file_store", 1, 2, "reload"),
        ("jetstream.max_file_store", 2, 1, "refused"),
        ("jetstream.max_file_store", 2, None, "refused"),
        ("jetstream.max_file_store", 1, Variable("SIZE"), "refused"),
        ("jetstream", None, {"store_dir": "a", "max_file_store": 1}, "reload"),
        ("jetstream", None, {"store_dir": "a", "domain": "d"}, "refused"),
        ("jetstream", {"store_dir": "a"}, {"store_dir": "b"}, "refused"),
        ("authorization", None, {"users": []}, "reload"),
        ("authorization", None, {"users": [], "auth_callout": {}}, "refused"),
        ("leafnodes.remotes", [{"urls": ["a"]}], [{"urls": ["a"]}, {"urls": ["b"]}], "reload"),
        ("leafnodes.remotes", [{"urls": ["a"], "hub": True}], [{"urls": ["a"]}], "refused"),
        ("leafnodes", {"remotes": [{"urls": ["a"]}]}, None, "refused"),
        ("websocket.tls", None, {"cert_file": "a"}, "ignored"),
        ("proxies", None, {"trusted": []}, "crash"),
    ],
)
def test_the_kind_of_a_change_decides(path, before, after, expected):
    """Coming, going, growing; of many parts the worst."""
    assert outcome(path, before, after) == expected


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("jetstream.max_file_store", 1, 2, {"2.12.6": "refused", "2.12.7": "reload", "": "refused"}),
        ("jetstream.limits.max_ack_pending", 1, 2, {"2.14.6": "refused", "2.15.0": "reload", "2.99.0": "reload"}),
        ("leafnodes.remotes.0.deny_imports", [], ["a"], {"2.12.8": "ignored", "2.14.0": "refused", "": "refused"}),
        ("leafnodes.remotes.0", {"urls": []}, None, {"2.11.10": "refused", "2.12.8": "crash", "2.14.0": "reload"}),
        ("server_metadata", None, {"a": "b"}, {"2.12.0": "reload", "": "reload"}),
    ],
)
def test_the_version_decides(path, before, after, expected):
    """And without a known version, the worst of all that know the setting."""
    assert {version: outcome(path, before, after, version) for version in expected} == expected


@pytest.mark.parametrize("path", ["nonsense", "jetstream.nonsense", "cluster.nonsense.deeper"])
def test_what_is_not_in_the_table_is_refused(path):
    """As the server does with whatever it does not expect; the effect says so where nothing at all is known."""
    keys = tuple(path.split("."))
    told = effect(keys, 1, 2, UNKNOWN)

    assert told.outcome == "refused"
    assert told.known == path.startswith("cluster")  # all of a cluster is refused but what is named


@pytest.mark.parametrize("path", sorted({row.path for row in ROWS}))
def test_what_rolls_no_pods_reloads_everywhere(path):
    """Whatever the version and the change: the digest of the pods and the effect of a reload agree."""
    changes = [(None, 1), (1, None), (1, 2), (2, 1), ("a", "b"), (None, {}), ({}, None)]
    versions = ["", *(".".join(map(str, release)) for release in RUN_ON if release >= first_known(path))]
    dropped = path not in str(flat(restart_part(conf_with(path, 1))))
    outcomes = {outcome(path.replace("*", "x"), *change, version) for change in changes for version in versions}

    assert not dropped or outcomes == {"reload"}


def first_known(path):
    """The first version that any rule of a path is for."""
    return min(row.since for row in ROWS if row.path == path)


def flat(conf, at=""):
    """The paths of a configuration's settings."""
    if not isinstance(conf, dict):
        return [at]
    return [path for key, item in conf.items() for path in flat(item, f"{at}.{key}".lstrip("."))]


def test_a_rule_says_how_it_is_known():
    """The versions that were run, of those that it holds for."""
    told = effect(("jetstream", "max_file_store"), 1, 2, parse_version("2.14.6"))

    assert told.source == "run on nats-server 2.12.8, 2.14.6, 2.15.1"


def test_the_table_is_well_formed():
    """Paths are lower case, in the usual spelling, and no rule is hidden behind one before it."""
    paths = {row.path for row in ROWS}
    hidden = [
        (row.path, row.when)
        for number, row in enumerate(ROWS)
        for other in ROWS[:number]
        if other.path == row.path and not other.when and other.since <= row.since
        if other.before is None or (row.before is not None and row.before <= other.before)
    ]

    assert [path for path in paths if path != path.lower() or not all(path.split("."))] == []
    assert [path for path in paths if canonical(tuple(path.split("."))) != tuple(path.split("."))] == []
    assert [path for path in MOVED if ".".join(path) in paths] == []
    assert hidden == []
