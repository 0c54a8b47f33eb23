"""Real servers start with the system account that post-render leaves them: leaf nodes, users, operators."""

from __future__ import annotations

import json
import os

import pytest

from natsvalues.manifests.chart import find_nats
from natsvalues.supercluster.region_state import region_state

pytestmark = [pytest.mark.nats, pytest.mark.helm]
VERSIONS = ("2.10.26", "2.11.10", "2.12.8", "2.14.6", "2.15.1")
HERE = os.path.dirname(os.path.abspath(__file__))
NEEDS_ACCOUNT = "leaf nodes and gateways (both being defined) require a system account"
ADMIN = {"users": [{"user": "admin", "password": "example"}]}


@pytest.fixture(scope="module")
def jwt(load_module):
    """The module that makes JWTs."""
    return load_module(os.path.join(HERE, "operator_jwt.py"))


# --- leaf nodes ------------------------------------------------------------------------------------------------------

LISTENING = {
    "port": {"leafnodes": {"port": 7422}},
    "listen": {"leafnodes": {"listen": "127.0.0.1:-1"}},
    "alias": {"leaf": {"port": 7422}},
    "other case": {"LeafNodes": {"port": 7422}},
    "variable": {"leafnodes": {"port": "$LEAF_PORT"}},
    "accounts": {"leafnodes": {"port": 7422}, "accounts": {"APP": ADMIN}},
    "account list": {"leafnodes": {"port": 7422}, "accounts": ["APP"]},
    "default account with users": {"leafnodes": {"port": 7422}, "accounts": {"$SYS": ADMIN}},
    "without JetStream": {"leafnodes": {"port": 7422}, "jetstream": None},
}
NOT_LISTENING = {
    "empty": {"leafnodes": {}},
    "remotes": {"leafnodes": {"remotes": [{"url": "nats://leaf.example.com:7422"}]}},
    "port 0": {"leafnodes": {"port": 0}},
    "websocket": {"websocket": {"port": 8080, "no_tls": True}},
}
ENV = {"env": [{"name": "LEAF_PORT", "value": "-1"}]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", LISTENING)
def test_leaf_nodes_and_gateways_start(form, version, world):
    """Servers that listen for leaf nodes start in stage join; without the system account they do not."""
    result = world.rendered(world.given(conf=LISTENING[form], container=ENV))

    assert world.said(result.nats, version) == ""
    assert NEEDS_ACCOUNT in world.said(result.nats, version, without=("system_account",))


@pytest.mark.parametrize("form", LISTENING)
def test_accounts_stay_and_the_default_account_is_no_other_account(form, world):
    """What `accounts` has stays; stage local needs nothing; no identity changes between the stages."""
    given = world.given(conf=LISTENING[form], container=ENV)
    local, joined = world.rendered(given, stage="local"), world.rendered(given, stage="join")

    before, after = LISTENING[form].get("accounts"), world.conf_of(joined)["accounts"]
    assert world.conf_of(local).get("accounts") == before
    assert "system_account" not in world.conf_of(local)
    assert after == (["APP", "$SYS"] if isinstance(before, list) else {"$SYS": {}} | (before or {}))
    assert world.conf_of(joined)["system_account"] == "$SYS"
    states = [region_state(result.release, result.nats) for result in (local, joined)]
    assert {state.account for state in states} == {"$SYS"}


@pytest.mark.parametrize("form", NOT_LISTENING)
def test_no_account_where_none_is_needed(form, world):
    """The other forms start as they are, on the first and the last version, and get no account."""
    result = world.rendered(world.given(conf=NOT_LISTENING[form]))

    assert "system_account" not in world.conf_of(result)
    assert [world.said(result.nats, version) for version in (VERSIONS[0], VERSIONS[-1])] == ["", ""]


def impacts_in(report):
    """Id and level of every impact in a report of diff."""
    if isinstance(report, dict) and report.get("id") and report.get("level"):
        yield report["id"], report["level"]
    for part in report.values() if isinstance(report, dict) else report if isinstance(report, list) else ():
        yield from impacts_in(part)


def test_every_command_says_the_same_of_leaf_nodes(world, run, tmp_path):
    """Without the account lint and diff say that the servers do not start; with it nobody speaks of a loss."""
    given = world.given(conf=LISTENING["port"])
    by_hand = world.given(
        conf={**LISTENING["port"], "cluster": {"name": "us-east"}, "gateway": {"name": "us-east", "port": 7222}}
    )
    releases = {
        "plain": given,
        "by-hand": by_hand,
        **{stage: world.rendered(given, stage=stage).release for stage in ("local", "expose", "join")},
    }
    folder = tmp_path / "renderings"
    folder.mkdir()
    paths = {name: str(folder / f"{name}.yaml") for name in releases}
    for name, release in releases.items():
        with open(paths[name], "w", encoding="utf-8") as file:
            file.write(release.text())

    def lint(name):
        report = json.loads(run("natsvalues", "lint", paths[name], "-o", "json").stdout)
        return {finding["rule"] for finding in report["findings"]}

    def diff(old, new):
        words = ("--overlays", world.folder, "-o", "json")
        report = json.loads(run("natsvalues", "diff", paths[old], paths[new], *words).stdout)
        return [(code, level) for code, level in impacts_in(report) if level != "none"]

    assert "JS010" in lint("by-hand")
    assert not {"JS007", "JS010"} & (lint("plain") | lint("local") | lint("expose") | lint("join"))
    assert ("DI306", "refused") in diff("plain", "by-hand")
    for old, new in (("local", "expose"), ("expose", "join"), ("expose", "local")):
        assert {level for _, level in diff(old, new)} <= {"restart", "exposure", "outage"}
        assert "DI306" not in {code for code, _ in diff(old, new)}
    returned = world.rendered(releases["join"], stage="join").release
    assert returned.text() == releases["join"].text()
    words = ("--overlays", world.folder, "--region", "us-east")
    for prior in ("local", "expose"):
        upgraded = run("natsvalues", *words, "--prior", paths[prior], stdin=given.text(), check=True)
        assert upgraded.stdout == releases["join"].text()


def test_a_region_of_its_own_that_returns_to_the_default_account(world):
    """Scope region, systemAccount $SYS: the account is replaced, and stated because of the leaf nodes."""
    given = world.given(conf={"leafnodes": {"port": 7422}, "accounts": {"OLD": {}}, "system_account": "OLD"})
    result = world.rendered(given, scope="region", systemAccount="$SYS", joins=None)

    assert world.conf_of(result)["system_account"] == "$SYS"
    assert world.said(result.nats, VERSIONS[-1]) == ""


def test_accounts_in_an_included_file(world):
    """An account cannot be added beside those of another file."""
    leaf = {"leafnodes": {"port": 7422}}
    given = world.given(conf=leaf, appended="{include accounts.conf\nREST}", files={"accounts.conf": "accounts {A {}}"})

    assert world.refused(given).code == "NV-T061"
    given = world.given(conf=leaf, appended="{include ../secret/accounts.conf\nREST}")
    notices = world.rendered(given).notices
    assert any("need a system account" in notice.message for notice in notices)


# --- users of the system account -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.10.26", "2.12.8", "2.14.6", "2.15.1"])
def test_users_move_to_the_regions_own_account(version, world):
    """With the users in $SYS the edit would refuse anonymous clients; with the users moved, all is as before."""
    heard = {}

    def listen(name):
        def visit(folder):
            port = world.trial.client_port(folder)
            admin = world.answer(port, {"user": "admin", "pass": "example"}, "$SYS.REQ.SERVER.PING")
            heard[name] = world.answer(port, {}), admin

        return visit

    local = world.given(conf={"accounts": {"$SYS": ADMIN}})
    ours = {"region": "eu-west", "scope": "region", "systemAccount": "SYS-eu-west", "joins": None, "stage": "local"}
    error = world.refused(local, **ours)
    assert (error.code, "accounts.SYS-eu-west" in error.hint) == ("NV-T064", True)
    assert world.said(find_nats(local), version, visit=listen("before")) == ""
    naive = world.given(conf={"accounts": {"$SYS": ADMIN, "SYS-eu-west": {}}, "system_account": "SYS-eu-west"})
    assert world.said(find_nats(naive), version, visit=listen("naive")) == ""
    moved = world.rendered(world.given(conf={"accounts": {"SYS-eu-west": ADMIN}}), **ours)
    assert world.said(moved.nats, version, visit=listen("moved")) == ""

    assert heard["before"] == heard["moved"] == ("OK", "MSG")
    assert heard["naive"] == ("-ERR 'Authorization Violation'", "HMSG")  # no responders: no rights in $SYS


# --- operators -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.10.26", "2.12.8", "2.14.6", "2.15.1"])
def test_operators_in_scope_region(version, world, jwt):
    """Accepted is what starts, and what the servers then have as system account; the rest is refused."""
    operator, mine, other = jwt.Key("O"), jwt.Key("A"), jwt.Key("A")
    naming = operator.sign(operator.public, "operator", system_account=mine.public)
    silent = operator.sign(operator.public, "operator")
    resolver = {
        "resolver": "MEMORY",
        "resolver_preload": {key.public: operator.sign(key.public, "account") for key in (mine, other)},
    }

    def given(token, stated=None, **more):
        return world.given(conf={"operator": token, "system_account": stated, **resolver, **more})

    def code(release, account):
        return world.refused(release, scope="region", systemAccount=account, joins=None).code

    for release in (
        given(naming),
        given(naming, mine.public),
        given(silent, mine.public),
        given([naming], mine.public),
    ):
        result = world.rendered(release, scope="region", systemAccount=mine.public, joins=None)
        assert world.said(result.nats, version) == ""
        assert region_state(result.release, result.nats).account == mine.public
    assert code(given(naming), other.public) == code(given(naming), "$SYS") == "NV-T022"
    assert code(given(silent, other.public), mine.public) == "NV-T022"
    for release, words in (
        (given(naming, other.public), "must be identical"),
        (given(silent), "system account not setup"),
        (given([naming, silent]), "system account not setup"),
        (given(silent, jetstream=None, leafnodes={"port": 7422}, gateway={"name": "us-east"}), NEEDS_ACCOUNT),
        (given(naming, accounts={"A": {}}), "operators do not allow Accounts"),
    ):
        assert world.refused(release).code == "NV-T067"
        named = find_nats(world.regions.changed(release, {"conf": {"cluster": {"name": "us-east"}}}))
        assert words in world.said(named, version)
    elsewhere = given("/etc/nats/operator.jwt")
    assert code(elsewhere, "$SYS") == "NV-T022"
    assert world.rendered(elsewhere).nats
    with_leaf_nodes = world.rendered(given(naming, leafnodes={"port": 7422}))
    assert world.said(with_leaf_nodes.nats, version) == ""
