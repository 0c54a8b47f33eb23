"""The reload table, asked of real servers: every rule, in every version that it claims."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from base64 import b32encode
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from natsvalues.manifests import reload_effect
from natsvalues.manifests.reload_table import READ, ROWS, RUN_ON
from natsvalues.manifests.server import ServerVersion, parse_version
from natsvalues.text.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = os.path.dirname(os.path.abspath(__file__))
WORLDS = [
    *("plain", "users", "token", "tls", "https", "mutual tls", "tags", "single", "nothing"),
    *(
        "cluster",
        "gateway",
        "gateway without tls",
        "gateway tls",
        "remote gateway",
        "leafnodes",
        "leaf node",
        "leaf node to come",
        "listen",
    ),
    *("jetstream", "jetstream without limits", "doors", "doors that listen"),
]
VERSIONS = [".".join(map(str, release)) for release in RUN_ON]


@pytest.fixture(scope="session")
def trials(load_module):
    """Return the module of the trials, with the worlds of all files as its WORLDS."""
    module = load_module(os.path.join(HERE, "trials.py"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "trials", module)
        parts = [load_module(os.path.join(HERE, f"worlds_{part}.py")).WORLDS for part in ("clients", "links", "doors")]
    module.WORLDS = {name: world for part in parts for name, world in part.items()}
    return module


@pytest.fixture(scope="session")
def servers(load_module):
    """Return the module that starts a server and talks to it."""
    return load_module(os.path.join(HERE, "server.py"))


@pytest.fixture(scope="session")
def certificates(servers, tmp_path_factory):
    """Make certificates, in the folder that all servers' folders lie in."""
    folder = tmp_path_factory.mktemp("reload")
    servers.certificates(str(folder))
    return str(folder)


def public_key(kind: int, seed: int) -> str:
    """A public key as NATS writes it: the kind, 32 bytes and their checksum (CRC-16 of XMODEM), in base 32."""
    raw = bytes([kind << 3]) + bytes([seed]) * 32
    check = 0
    for byte in raw:
        check ^= byte << 8
        for _ in range(8):
            check = (check << 1) ^ (0x1021 if check & 0x8000 else 0)
        check &= 0xFFFF
    return b32encode(raw + check.to_bytes(2, "little")).decode().rstrip("=")


KEYS = {"user_key": public_key(20, 1), "other_key": public_key(20, 2), "account_key": public_key(0, 1)}
KEYS["operator_key"] = public_key(14, 1)


def path_of(trial) -> tuple[str | int, ...]:
    """The path of a trial, with numbers for the items of lists."""
    return tuple(int(key) if key.isdigit() else key for key in trial.path.split("."))


def changed(conf: dict[str, Any], trial) -> dict[str, Any]:
    """The configuration after the trial's change."""
    conf = json.loads(json.dumps(conf))  # a copy without parts in common
    *way, last = path_of(trial)
    at: Any = conf
    for key in way:
        at = at.setdefault(key, {}) if isinstance(at, dict) else at[key]
    if trial.after is None:
        del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(trial.after)
    else:
        at[last] = trial.after
    return conf


def rule(base, trial, version):
    """The row that decides, by the table."""
    path = path_of(trial)
    return reload_effect.rule(path, value_at(base, path), trial.after, version)


@pytest.fixture
def start(servers, nats_server, certificates, request):
    """Start a server on this configuration: `start(version, conf, others)`; it ends with the test."""

    def call(version, conf, others):
        words = {"certificates": certificates, **KEYS}
        for name, other in others.items():
            host, port = other.address("leaf" if name == "hub" else "gateway")
            words[name] = f"{host}:{port}"
        folder = tempfile.mkdtemp(dir=certificates)
        server = servers.Server(nats_server(version), words, conf, folder, others)
        request.addfinalizer(server.end)
        return server

    return call


def settled(trial, server, log="", *, unlike=None):
    """What is seen, once it is what the trial begins with or no longer what it was; the last if it never is."""
    end = time.monotonic() + (5 if unlike is not None or trial.first is not None else 0)
    while True:
        seen = trial.see(server, log)
        wanted = seen == trial.first if unlike is None else seen != unlike[0]
        if wanted or time.monotonic() >= end:
            return seen
        time.sleep(0.01)


def mistakes(trial, row, server, again, conf) -> Iterator[str]:
    """What a server did otherwise than the table says; `again` starts another one on a configuration."""
    before = settled(trial, server) if trial.see else None
    outcome, log = server.reload(conf)
    expected = "reload" if row.outcome == "ignored" else row.outcome
    if outcome != expected:
        yield f"{row.outcome} by the table, {outcome} in truth: {log[-300:]}"
    if outcome == "refused" and not re.search("(not|n't) support", log):
        yield f"refused for another reason: {log[-300:]}"
    if outcome == "crash":
        return
    if trial.see:
        after = settled(trial, server, log, unlike=[before] if row.outcome == "reload" else None)
        if (after != before) != (row.outcome == "reload"):
            yield f"seen before: {before!r}, after: {after!r}"
        if row.outcome == "ignored" and settled(trial, again(conf), unlike=[before]) == before:
            yield "a restart does not bring it either"
    elif row.outcome == "ignored" or (row.outcome == "reload" and not row.source and trial.path == row.path):
        yield "nothing shows that it took effect"


@pytest.mark.nats
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("world", WORLDS)
def test_real_servers_do_what_the_table_says(world, version, trials, start):
    """Each change is written, the server reloads, and log, /varz and behaviour are as the rule says."""
    base, asked = trials.WORLDS[world]
    release = parse_version(version)
    named = [name for name in trials.OTHERS if "{" + name + "}" in str(trials.WORLDS[world])]
    others = {name: start(version, trials.OTHERS[name], {}) for name in named}
    server = None
    found = []
    for trial in asked:
        if not trial.since <= release[:3] < trial.before:
            continue
        server = server or start(version, base, others)
        conf = changed(base, trial)
        again = partial(start, version, others=others)
        row = rule(base, trial, release)
        found += [f"{trial.path}: {mistake}" for mistake in mistakes(trial, row, server, again, conf)]
        if server.process.poll() is not None or server.reload(base)[0] != "reload":
            server.end()
            server = None

    assert not found, "\n".join(found)


def test_every_rule_is_asked_about(trials):
    """In each version that it claims and that knows the setting, unless it says that it was only read."""
    asked: dict[Any, set[Any]] = {}
    known: dict[Any, Any] = {}
    for base, changes in trials.WORLDS.values():
        for trial in changes:
            for release in RUN_ON:
                if trial.since <= release < trial.before:
                    row = rule(base, trial, ServerVersion(*release))
                    asked.setdefault(row, set()).add(release)
                    known[row] = min(trial.since, known.get(row, trial.since))
    missing = [
        (row.path, row.outcome, row.when, release)
        for row in ROWS
        for release in RUN_ON
        if row.source != READ and reload_effect.holds(row, release) and release >= known.get(row, release)
        if release not in asked.get(row, ())
    ]

    assert not missing, "\n".join(map(str, missing))


def test_the_worlds_are_all_there(trials):
    """The names that the test above runs through are those of the trials."""
    assert list(trials.WORLDS) == WORLDS
