"""Causes, elections and verdicts, from snapshots made up for the purpose."""

from types import SimpleNamespace

import pytest

from natsvalues.manifests.probes import Probe
from natsvalues.manifests.server import ServerVersion
from natsvalues.rehearsal.causes import why_stuck
from natsvalues.rehearsal.convergence import missing
from natsvalues.rehearsal.elections import Elections, observe
from natsvalues.rehearsal.groups import expected_groups, observed_groups
from natsvalues.rehearsal.rendering import Rendering
from natsvalues.rehearsal.snapshot import BalancerNow, PodNow, Snapshot, View, trouble_in
from natsvalues.supercluster.joining import LISTED_FIRST, without_leader
from natsvalues.supercluster.region_state import RegionState

STRICT = Probe("startup", "/healthz", 8222)
NO_LEADER = (503, '{"status":"unavailable","error":"JetStream has not established contact with a meta leader"}')
REGIONS = ("us-east", "eu-west")


def rendering(region, account="$SYS", dials=REGIONS, jetstream=True, **jetstream_block):
    """A region whose configuration says only what matters here."""
    remotes = [{"name": name, "urls": [f"nats://gw-{name}:7222"]} for name in dials]
    conf = {
        "cluster": {"name": region},
        "gateway": {"name": region, "port": 7222, "gateways": remotes},
        "system_account": account,
        **({"jetstream": {"store_dir": "/data", **jetstream_block}} if jetstream else {}),
    }
    empty = dict.fromkeys(Rendering._fields)
    statefulset = SimpleNamespace(value={"spec": {"replicas": 3}})
    nats = SimpleNamespace(plain=None, name="nats", statefulset=statefulset, container_value={}, env=[])
    state = RegionState(region, None, nats, conf, ServerVersion(2, 14, 6), ())
    return Rendering(**empty | {"region": region, "state": state})


def pod(region, number, *, ready=False, leader="", size=6, links=(), answer=NO_LEADER, troubles=None, restarts=0):
    """A pod that waits for its startup probe, or is ready."""
    view = View(200 if leader else 503, "", f"{region}-{number}", leader, size, tuple(links), jetstream=True)
    waiting = None if ready else STRICT
    state = "ready" if ready else "starting"
    return PodNow(
        f"{region}/nats-{number}", region, state, ready, restarts, waiting, answer, view, troubles or {}, None
    )


def balancer(region, *, publish=False, backends=(), endpoints=(), arrived=True, check="", breaks=""):
    """The load balancer of a region's gateway."""
    address = f"gw-{region}:7222"
    return BalancerNow(f"{region}/gw", region, address, publish, arrived, backends, endpoints, 3, 41, check, breaks)


def snapshot(renderings, pods, balancers=(), *, cut=(), fresh=False, seconds=30.0):
    """Everything at one moment."""
    return Snapshot(seconds, renderings, tuple(pods), tuple(balancers), frozenset(cut), fresh)


@pytest.fixture
def two():
    """Two regions that dial each other under one system account."""
    return {region: rendering(region) for region in REGIONS}


def deadlocked(two, **options):
    """Six servers without a leader behind load balancers that wait for them."""
    pods = [pod(region, number) for region in REGIONS for number in range(3)]
    return snapshot(two, pods, [balancer(region, **options) for region in REGIONS])


def test_the_ring_closes_where_it_began(two):
    """From the probe to the leader, to the gateway, to the load balancer, and back to the probe."""
    why = why_stuck(deadlocked(two))

    assert why.is_ring
    assert [cause.waits_for.split(" (")[0] for cause in why.causes] == [
        "a meta leader",
        "a meta leader",
        "a majority of 6 servers",
        "load balancer eu-west/gw",
        "a pod that is ready",
        "load balancer us-east/gw",
        "a pod that is ready",
    ]
    assert [(cause.subject, cause.closes) for cause in why.causes if cause.closes is not None] == [
        ("load balancer eu-west/gw", 1),
        ("load balancer us-east/gw", 0),
    ]
    assert "connection refused: its Service has no endpoints" in why.causes[3].seen


def test_a_health_check_that_waits_for_a_leader_closes_the_ring_too(two):
    """PublishNotReadyAddresses is there, but the load balancer's own check finds nobody healthy."""
    now = deadlocked(two, publish=True, endpoints=("nats-0", "nats-1"), check="HTTP /healthz on 8222")

    why = why_stuck(now)

    assert why.is_ring
    assert any("none passes its health check (HTTP /healthz on 8222)" in cause.seen for cause in why.causes)
    assert "check a path that does not wait for a meta leader" in why.remedy


def test_a_load_balancer_that_breaks_connections_is_the_cause(two):
    """Before anything that a log tells: servers see only what a header or a missing answer makes of it."""
    words = "annotation `ppv2: on` sends PROXY headers to the gateway"
    troubles = {"authorization": "Authorization Violation"}
    pods = [pod(region, number, troubles=troubles) for region in REGIONS for number in range(3)]
    balancers = [balancer(region, publish=True, backends=("nats-0",), breaks=words) for region in REGIONS]

    why = why_stuck(snapshot(two, pods, balancers))

    assert why.is_ring
    assert [cause.seen for cause in why.causes if cause.subject.startswith("the gateway")] == [words, words]
    assert "remove the annotation" in why.remedy
    assert "password" not in why.remedy


def test_no_ring_while_a_load_balancer_has_not_arrived(two):
    """Waiting helps: the chain ends at what is on its way."""
    why = why_stuck(deadlocked(two, arrived=False))

    assert not why.is_ring
    assert any("nothing listens there yet" in cause.seen for cause in why.causes)


@pytest.mark.parametrize(
    ("line", "trouble", "remedy"),
    [
        ('[1] [ERR] Remote server has a duplicate name: "nats-0"', "duplicate name", "server name prefix"),
        ('Failing connection to gateway "x", remote gateway name is "y"', "wrong gateway", "gateway.name"),
        ("[ERR] TLS gateway handshake error: x509: bad", "TLS", "certificates"),
        ('[ERR] Rejecting connection from gateway "us-east"', "rejected", "rejects it"),
    ],
)
def test_what_a_log_tells_comes_before_load_balancers(two, line, trouble, remedy):
    """A gateway that is refused by name, by certificate or as unknown is the cause, in the server's own words."""
    assert trouble_in(line) == trouble
    pods = [pod(region, number, troubles={trouble: line}) for region in REGIONS for number in range(3)]

    why = why_stuck(snapshot(two, pods, [balancer(region) for region in REGIONS]))

    assert any(line in cause.seen for cause in why.causes)
    assert remedy in why.remedy


def test_a_server_that_ends_by_itself_is_the_first_cause(two):
    """Its last words are shown, and waiting longer is useless."""
    pods = [pod("us-east", 0, troubles={"fatal": "cluster name conflicts"}, restarts=2)]

    why = why_stuck(snapshot({"us-east": two["us-east"]}, pods))

    assert (why.is_ring, why.causes[0].seen) == (True, "cluster name conflicts")


def test_a_fresh_region_under_its_own_account_waits_for_votes_that_never_come():
    """Scope region, first boot with remotes: the remedy is a first boot without them."""
    regions = {"us-east": rendering("us-east", "SYS-a"), "eu-west": rendering("eu-west", "SYS-b")}
    pods = [pod(region, number, ready=True, size=4, links=REGIONS) for region in REGIONS for number in range(3)]

    why = why_stuck(snapshot(regions, pods, fresh=True))

    assert why.is_ring
    assert "stage local or expose" in why.remedy


def test_names_that_are_gone_stay_members(two):
    """A group that counts more servers than exist says that names have changed, and that waiting is useless."""
    why = why_stuck(whole(two, size=9))

    assert (why.is_ring, why.causes[0].waits_for) == (True, "servers with other names")
    assert "keep the server names" in why.remedy


def test_an_early_election_names_the_version_to_move_to(two):
    """Servers of 2.11 that count differently elected before they had heard all."""
    old = {
        region: item._replace(state=item.state._replace(version=ServerVersion(2, 11, 4)))
        for region, item in two.items()
    }
    pods = (*whole(old, size=3).pods[:3], *whole(old).pods[3:])

    why = why_stuck(snapshot(old, pods))

    assert "count 3, 6 servers of 6" in why.causes[0].seen
    assert "run 2.12.0 or later: nats-server 2.11.4" in why.remedy


@pytest.mark.parametrize(
    ("patch", "size", "fresh", "told"),
    [(8, 7, True, True), (10, 7, True, False), (8, 6, True, False), (8, 7, False, False)],
)
def test_a_first_boot_that_counts_addresses_names_the_version_to_move_to(two, patch, size, fresh, told):
    """2.12.8 waits for the votes of seven servers where six exist, and each has one url; 2.12.10 counts names."""
    regions = {
        region: item._replace(state=item.state._replace(version=ServerVersion(2, 12, patch)))
        for region, item in two.items()
    }
    pods = [pod(region, number, ready=True, size=size, links=REGIONS) for region in REGIONS for number in range(3)]

    why = why_stuck(snapshot(regions, pods, fresh=fresh))

    assert ("run nats-server 2.12.10 or 2.14.2 or later" in why.remedy) == told, why


def test_a_region_that_changed_its_system_account_has_lost_its_group():
    """It counts those it was with before, and is no majority without them."""
    regions = {"us-east": rendering("us-east", "SYS-a"), "eu-west": rendering("eu-west", "SYS-b")}
    pods = [pod(region, number, ready=True, size=6, links=REGIONS) for region in REGIONS for number in range(3)]

    why = why_stuck(snapshot(regions, pods))

    assert why.is_ring
    assert "keep its system account" in why.remedy
    assert "`SYS-a`, and 3 of 6 are not a majority" in why.causes[1].seen


def test_a_reload_that_was_refused_is_final(two):
    """The gateway waits for a restart that nothing brings."""
    words = "Failed to reload server configuration: config reload not supported for Gateway"
    told = {"reload refused": words}
    pods = [pod(region, number, ready=True, troubles=told) for region in REGIONS for number in range(3)]

    why = why_stuck(snapshot(two, pods))

    assert why.is_ring
    assert "restart the pods" in why.remedy


def test_groups_follow_the_system_account_not_the_domain():
    """One account: one group, whatever the domains say; two accounts: two groups; a region without JetStream: none."""
    shared = {"a": rendering("us-east", domain="x"), "b": rendering("eu-west", domain="y")}
    apart = {"a": rendering("us-east", "SYS-a"), "b": rendering("eu-west", "SYS-b")}
    without = {"a": rendering("us-east"), "b": rendering("eu-west", jetstream=False)}

    assert [(group.regions, group.size) for group in expected_groups(shared)] == [(("a", "b"), 6)]
    assert [(group.regions, group.size) for group in expected_groups(apart)] == [(("a",), 3), (("b",), 3)]
    assert [(group.regions, group.size) for group in expected_groups(without)] == [(("a",), 3)]


def test_a_region_that_rejects_unknown_clusters_is_joined_once_it_dials_back():
    """The seed dials a newcomer that does not know it yet: no gateway is expected between them."""
    seed, newcomer = rendering("us-east"), rendering("eu-west", dials=())
    newcomer.conf["gateway"]["reject_unknown_cluster"] = True
    pods = [pod(region, number, ready=True, leader=f"{region}-0", size=3) for region in REGIONS for number in range(3)]

    assert missing(snapshot({"us-east": seed, "eu-west": newcomer}, pods)) == ()


def test_a_newcomer_waits_for_the_seed_to_list_it():
    """Neither another system account nor a boot without remotes: the seed rejects a cluster that it does not list."""
    seed, newcomer = rendering("us-east", dials=()), rendering("eu-west")
    seed.conf["gateway"]["reject_unknown_cluster"] = True
    rejected = {"rejected": "Gateway Error 'Connection to gateway \"us-east\" rejected'"}
    pods = [pod("us-east", number, ready=True, leader="us-east-0", size=3) for number in range(3)]
    pods += [pod("eu-west", number, ready=True, size=4, troubles=rejected) for number in range(3)]

    why = why_stuck(snapshot({"us-east": seed, "eu-west": newcomer}, pods))

    assert why.is_ring
    assert why.remedy == LISTED_FIRST
    assert ("the 3 servers of eu-west", "us-east to list eu-west") in [cause[:2] for cause in why.causes]
    assert without_leader(newcomer.state, "the releases of us-east") in [cause.seen for cause in why.causes]


def whole(two, leader="us-east-0", **changed):
    """Six healthy servers under one leader."""
    pods = [
        pod(region, number, ready=True, leader=leader, links=[other for other in REGIONS if other != region], **changed)
        for region in REGIONS
        for number in range(3)
    ]
    return snapshot(two, pods)


def test_whole_means_ready_healthy_linked_and_led(two):
    """Each of these missing is told."""
    assert missing(whole(two)) == ()
    assert [group.regions for group in observed_groups(whole(two))] == [{"us-east": 3, "eu-west": 3}]
    assert "5 servers of 6" in missing(whole(two, size=5))[0]
    assert "no common meta leader" in " ".join(missing(whole(two, leader="")))
    cut = tuple(item._replace(view=item.view._replace(outbound=())) for item in whole(two).pods)
    lonely = whole(two)._replace(pods=cut)
    assert "no gateway to eu-west: us-east/nats-0" in missing(lonely)[0]


def test_leaders_apart_on_a_first_boot_are_remembered_once(two):
    """Each region follows its own leader for two seconds: that is told, once, and only while stores are fresh."""
    pods = [pod(region, number, leader=f"{region}-0", size=4) for region in REGIONS for number in range(3)]
    seen = Elections({})
    for seconds in (1.0, 2.0, 3.0, 4.0):
        seen = observe(seen, snapshot(two, pods, fresh=True, seconds=seconds))

    (meeting,) = seen.meetings
    assert meeting.fresh
    assert meeting.leaders == (("us-east", "us-east-0"), ("eu-west", "eu-west-0"))
    assert observe(Elections({}), snapshot(two, pods, seconds=9.0)).meetings == ()


def test_regions_that_elected_alone_and_then_share_a_group_have_met(two):
    """First apart by configuration, each with its leader; then joined: one log will lose."""
    alone = {region: rendering(region, dials=()) for region in REGIONS}
    pods = [pod(region, number, leader=f"{region}-0", size=3) for region in REGIONS for number in range(3)]
    before = observe(Elections({}), snapshot(alone, pods))
    assert before.meetings == ()

    after = observe(before, whole(two))

    assert [meeting.fresh for meeting in after.meetings] == [False]
    one = observe(Elections({}), snapshot({"us-east": alone["us-east"]}, pods[:3]))
    assert observe(one, whole(two)).meetings == ()
