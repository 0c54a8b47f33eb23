"""When a cold start hangs, and when a first boot does, on regions of the example supercluster."""

from __future__ import annotations

import pytest

from natsvalues.supercluster.cold_start import cold_start, cold_starts, elects_early, first_boot, never_elects

pytestmark = pytest.mark.helm
STRICT = "container: {startupProbe: {httpGet: {path: /healthz}}}\n"
HIDDEN = "service: {spec: {publishNotReadyAddresses: null}}\n"
OWN_ACCOUNTS = """
us-east: {conf: {accounts: {SYS-US: {}}, system_account: SYS-US}}
eu-west: {conf: {accounts: {SYS-EU: {}}, system_account: SYS-EU}}
"""


@pytest.fixture
def regions(example_regions, stand_in, tmp_path):
    """Return a function that gives the states of an example's regions, by name."""

    def states(example):
        subject = example_regions.subject(example, stand_in, str(tmp_path))
        return {state.name: state for state in subject.states}

    return states


def hanging(regions) -> set[str]:
    """The regions whose cold start hangs."""
    return {name for name, start in cold_starts(tuple(regions.values())).items() if start.hangs}


CASES = {
    "as natsvalues renders it": ("", set()),
    "the strict probe alone": (STRICT, set()),
    "the hiding Service alone": (HIDDEN, set()),
    "both": (STRICT + HIDDEN, {"us-east", "eu-west"}),
    "both, in one region": (
        """\
us-east:
  container: {startupProbe: {httpGet: {path: /healthz}}}
  service: {spec: {publishNotReadyAddresses: null}}""",
        {"us-east"},
    ),
    "a strict readiness probe": ("container: {readinessProbe: {httpGet: {path: /healthz}}}\n" + HIDDEN,
                                 {"us-east", "eu-west"}),
    "a system account for each": (STRICT + HIDDEN + OWN_ACCOUNTS, set()),
    "no JetStream in the other": (STRICT + HIDDEN + "eu-west: {conf: {jetstream: null}}", set()),
    "a majority in one region": (STRICT + HIDDEN + "us-east: {statefulSet: {spec: {replicas: 5}}}", {"eu-west"}),
    "a region that is dialled and dials nobody": (
        """\
eu-west:
  container: {startupProbe: {httpGet: {path: /healthz}}}
  service: {spec: {publishNotReadyAddresses: null}}
  conf: {gateway: {gateways: null, reject_unknown_cluster: null}}""",
        {"eu-west"},
    ),
    "nodes' addresses": (STRICT + HIDDEN + "statefulSet: {spec: {template: {spec: {hostNetwork: true}}}}", set()),
    "js-server-only before 2.11": (
        "container: {image: nats:2.10.26, startupProbe: {httpGet: {path: '/healthz?js-server-only=true'}}}\n" + HIDDEN,
        {"us-east", "eu-west"},
    ),
    "js-server-only of an unknown version": (
        "container: {image: nats:latest, startupProbe: {httpGet: {path: '/healthz?js-server-only=true'}},\n"
        "  readinessProbe: {httpGet: {path: '/healthz?js-server-only=true'}}}\n" + HIDDEN,
        set(),
    ),
    "pods that start one after another": (
        STRICT + "statefulSet: {spec: {podManagementPolicy: OrderedReady}}", {"us-east", "eu-west"},
    ),
    "pods that start one after another and wait for nothing": (
        "statefulSet: {spec: {podManagementPolicy: OrderedReady}}", set(),
    ),
    "pods that start one after another by default": (
        STRICT + "statefulSet: {spec: {podManagementPolicy: null}}", {"us-east", "eu-west"},
    ),
    "single pods that would start one after another": (
        STRICT + "statefulSet: {spec: {podManagementPolicy: OrderedReady, replicas: 1}}", set(),
    ),
    "pods without routes that start one after another": (
        STRICT + "conf: {cluster: {routes: null}}\nstatefulSet: {spec: {podManagementPolicy: OrderedReady}}", set(),
    ),
    "one region's pods start one after another, and the other has a majority": (
        STRICT + "us-east: {statefulSet: {spec: {podManagementPolicy: OrderedReady}}}\n"
        "eu-west: {statefulSet: {spec: {replicas: 5}}}", set(),
    ),
    "a headless Service that hides starting pods, and no probe that waits": (
        "headless: {spec: {publishNotReadyAddresses: false}}", set(),
    ),
    "a headless Service that hides starting pods": (
        STRICT + "headless: {spec: {publishNotReadyAddresses: false}}", {"us-east", "eu-west"},
    ),
    "a strict check of the load balancer": (
        """\
service:
  metadata:
    annotations:
      load-balancer.hetzner.cloud/health-check-protocol: http
      load-balancer.hetzner.cloud/health-check-http-path: /healthz
      service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: null""",
        {"us-east", "eu-west"},
    ),
    "a path that a check over TCP does not request": (
        """\
service:
  metadata:
    annotations:
      load-balancer.hetzner.cloud/health-check-protocol: tcp
      load-balancer.hetzner.cloud/health-check-http-path: /healthz
      service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: null""",
        set(),
    ),
    "a strict check that fails open": (
        "service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: /healthz}}}",
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_cold_start_hangs_where_all_wait_for_each_other(case, regions):
    """And nowhere else: either fix ends it, and so does a majority, or a meta group for each region."""
    example, expected = CASES[case]

    assert hanging(regions(example or "conf: {debug: false}")) == expected


def test_remotes_without_a_rendering_share_the_default_system_account(regions):
    """They are assumed to be in the region's meta group; with a system account of its own they are not."""
    remotes = "gateway: {gateways: [{name: eu-west, url: nats://eu.example.com:7222}]}"
    shared = regions(f"untouched: true\n{STRICT}conf: {{{remotes}}}")
    own = regions(f"untouched: true\n{STRICT}conf: {{accounts: {{SYS: {{}}}}, system_account: SYS, {remotes}}}")

    assert cold_start(shared["us-east"]).hangs
    assert not cold_start(own["us-east"]).hangs


def test_the_reason_names_the_probe_and_the_service(regions):
    """In one sentence."""
    start = cold_starts(tuple(regions(STRICT + HIDDEN).values()))["us-east"]

    assert start.reason == (
        "a cold start would hang: the startup probe `/healthz` waits for a meta leader, Service `nats-gateway` sends "
        "only to pods that are Ready, and the leader needs the gateways"
    )


@pytest.mark.parametrize(
    ("image", "reason"), [("nats:2.14.2", "it counts 4 servers, 1 of them"), ("nats:2.11.4", ""), ("nats:latest", "")]
)
def test_a_first_boot_counts_remotes_of_another_system_account(image, reason, regions):
    """From 2.12 on it waits for all; before, and of an unknown version, a majority is enough as far as is known."""
    states = regions(f"container: {{image: '{image}'}}\n" + OWN_ACCOUNTS)
    boot = first_boot(states["us-east"], tuple(states.values()))

    assert reason in boot
    assert bool(boot) == bool(reason)


def test_a_first_boot_with_one_system_account_does_not_hang(regions):
    """The remote's servers also vote."""
    states = regions("container: {image: nats:2.14.2}")

    assert first_boot(states["us-east"], tuple(states.values())) == ""


def test_servers_before_2_12_elect_before_the_gateways_connect(regions):
    """But not in a region whose meta group is its own."""
    assert elects_early(regions("container: {image: nats:2.11.4}")["us-east"])
    assert not elects_early(regions("container: {image: nats:2.12.8}")["us-east"])
    alone = "untouched: true\ncontainer: {image: nats:2.11.4}\nconf: {accounts: {SYS: {}}, system_account: SYS}"
    assert not elects_early(regions(alone)["us-east"])


ONE = "statefulSet: {spec: {replicas: 1}}\n"
OPEN = "{gateways: null, reject_unknown_cluster: null}"
ROUTE = "nats://nats-0.nats-headless:6222"
LONE = {
    "its own route, no gateway": ("conf: {cluster: {routes: ['ROUTE']}, gateway: null}", True),
    "its own route with a login, by its whole name": (
        "conf: {cluster: {routes: ['nats://a:b@nats-0.nats-headless.ns.svc.cluster.local:6222']}, gateway: null}",
        True,
    ),
    "a gateway without remotes": ("conf: {cluster: {routes: ['ROUTE']}, gateway: {gateways: null}}", True),
    "a system account of its own": (
        "conf: {accounts: {SYS: {}}, system_account: SYS, cluster: {routes: ['ROUTE']}}",
        True,
    ),
    "a remote under the same system account": (
        "conf: {cluster: {routes: ['ROUTE']}, gateway: {gateways: [{name: eu-west, url: 'nats://eu:7222'}]}}",
        False,
    ),
    "a route to a server of another StatefulSet": (
        "conf: {cluster: {routes: ['ROUTE', 'nats://other-0.other:6222']}, gateway: null}",
        False,
    ),
    "a leaf node that connects the system account": (
        "conf: {cluster: {routes: ['ROUTE']}, gateway: null, leafnodes: {remotes: [{account: $SYS, url: 'nats://h'}]}}",
        False,
    ),
    "no cluster": ("conf: {cluster: null, gateway: null}", False),
    "no JetStream": ("conf: {jetstream: null, cluster: {routes: ['ROUTE']}, gateway: null}", False),
}


@pytest.mark.parametrize("case", LONE)
def test_one_server_never_elects_where_no_other_one_reaches_it(case, regions):
    """Judged by itself, as `post-render` and `diff` see it."""
    example, expected = LONE[case]
    states = regions(f"untouched: true\n{ONE}{example}".replace("ROUTE", ROUTE))

    assert bool(never_elects(states["us-east"])) == expected
    if expected:
        assert first_boot(states["us-east"]) == ""  # one answer: its advice, to boot without remotes, would not help


def test_one_server_elects_with_a_region_of_its_system_account(regions):
    """Also one that is only dialled; not with one under another account."""
    conf = f"cluster: {{routes: ['{ROUTE}']}}"
    dialled, apart = f"{conf}, gateway: {OPEN}", f"{conf}, accounts: {{EU: {{}}}}, system_account: EU"
    shared = regions(f"{ONE}us-east: {{conf: {{{dialled}}}}}\neu-west: {{conf: {{{conf}}}}}")
    other = regions(f"{ONE}us-east: {{conf: {{{conf}}}}}\neu-west: {{conf: {{{apart}}}}}")

    assert not any(never_elects(state, tuple(shared.values())) for state in shared.values())
    assert all(never_elects(state, tuple(other.values())) for state in other.values())
