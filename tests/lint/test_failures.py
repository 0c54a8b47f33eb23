"""Regions and servers whose failure ends JetStream, and pods on one node: where lint says so, and where it does not."""

from __future__ import annotations

import pytest
import yaml

from natsvalues.lint.linter import lint

pytestmark = pytest.mark.helm
BOTH = "if `eu-west` or `us-east` fails, JetStream has no leader in any region: 3 of 6 servers are no majority"
LARGER = "if `us-east` fails, JetStream has no leader in any region: 1 of 4 servers is no majority"
APART = "in scope `region` each region has a leader of its own"
ONE_MORE = f"with one more JetStream server in a third region any one region may fail; {APART}"
INDEPENDENT = """\
supercluster: {jetstream: {scope: region}}
us-east: {overlay: {joins: null, systemAccount: SYS-us}}
eu-west: {overlay: {joins: null, systemAccount: SYS-eu}}
"""


@pytest.fixture
def found(stand_in, examples, tmp_path):
    """Return the findings of some rules: severity, rule and message; with `overlays_only` without the renderings."""

    def judge(example, *rules, overlays_only=False):
        subject = examples.subject(example, stand_in, str(tmp_path))
        report = lint(subject._replace(clusters=()) if overlays_only else subject)
        return [f"{item.severity} {item.rule.id} {item.message}" for item in report.findings if item.rule.id in rules]

    return judge


@pytest.mark.parametrize("overlays_only", [False, True])
@pytest.mark.parametrize(
    ("example", "told"),
    [
        ("{}", [f"warning JS014 {BOTH}; {ONE_MORE}"]),
        (
            "eu-west: {overlay: {servers: 1}, statefulSet: {spec: {replicas: 1}}}",
            [f"note JS014 {LARGER}; with 3 more JetStream servers in a third region any one region may fail; {APART}"],
        ),
        ("overlay: {stage: expose}", []),
        (INDEPENDENT, []),
    ],
)
def test_a_region_that_a_meta_group_cannot_do_without(example, told, overlays_only, found):
    """From renderings as from the overlays alone; before the regions join, and in scope region, there is none."""
    assert found(example, "JS013", "JS014", overlays_only=overlays_only) == told


def test_two_servers_are_no_more_than_one(found):
    """In one meta group; with two servers in each of two regions it is the regions that count."""
    two = "statefulSet: {spec: {replicas: 2}}\noverlay: {servers: 2}\n"
    cause = "fails, JetStream has no leader: 1 of 2 servers is no majority"
    assert found(INDEPENDENT + two, "JS013", "JS014") == [
        f"warning JS013 if one of the two servers of `{region}` {cause}" for region in ("eu-west", "us-east")
    ]
    assert [item[:13] for item in found(two, "JS013", "JS014")] == ["warning JS014"]


@pytest.mark.parametrize(
    "example",
    [
        "untouched: true\nonly: us-east\nconf: {gateway: {gateways: [{name: mars, url: 'nats://mars.example.com:7222'}]}}\n",
        "untouched: true\nonly: us-east\nconf: {gateway: null, cluster: null}\n",
        "untouched: true\nonly: us-east\nconf: {gateway: null, jetstream: null}\n",
    ],
    ids=["remote that is not among the files", "no cluster", "no JetStream"],
)
def test_nothing_is_said_of_what_is_not_known(example, found):
    """Another region's servers may be in the group; servers without a cluster have no group."""
    assert found(example + "statefulSet: {spec: {replicas: 2}}", "JS013", "JS014") == []


TERM = "{topologyKey: kubernetes.io/hostname, labelSelector: %s}"
MATCHING = "{matchExpressions: [{key: app.kubernetes.io/component, operator: In, values: [nats]}]}"
ANTI = "affinity: {podAntiAffinity: {%s}}"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution: [%s]"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: %s}]"
CONSTRAINT = "{topologyKey: topology.kubernetes.io/zone, maxSkew: %s, whenUnsatisfiable: %s, labelSelector: %s}"
SPREADS = {
    "a zone, as a preference": f"topologySpreadConstraints: [{CONSTRAINT % (5, 'ScheduleAnyway', '{}')}]",
    "a zone, strictly": f"topologySpreadConstraints: [{CONSTRAINT % (2, 'DoNotSchedule', MATCHING)}]",
    "required": ANTI % REQUIRED % (TERM % MATCHING),
    "preferred": ANTI % PREFERRED % (TERM % "{}"),
    "host ports": "hostNetwork: true",
}
NO_SPREADS = {
    "nothing": "{}",
    "other pods": f"topologySpreadConstraints: [{CONSTRAINT % (1, 'DoNotSchedule', '{matchLabels: {app: other}}')}]",
    "no selector": ANTI % REQUIRED % (TERM % "null"),
    "all of them allowed": f"topologySpreadConstraints: [{CONSTRAINT % (3, 'DoNotSchedule', '{}')}]",
}


def placed(pod: str, more: str = "") -> str:
    """An example whose pods have this in their spec, and no spread of the chart's."""
    template = {"spec": {"topologySpreadConstraints": None, **yaml.safe_load(pod)}}
    return yaml.safe_dump({"statefulSet": {"spec": {"template": template}}, **yaml.safe_load(more or "{}")})


@pytest.mark.parametrize("case", SPREADS)
def test_pods_that_are_kept_apart(case, found):
    """On nodes, in zones, strictly or not."""
    assert found(placed(SPREADS[case]), "PL001") == []


@pytest.mark.parametrize("case", NO_SPREADS)
def test_pods_that_may_all_run_on_one_node(case, found):
    """Also where a constraint is about other pods, or allows it."""
    assert found(placed(NO_SPREADS[case]), "PL001") == [
        f"warning PL001 nothing keeps the 3 servers of `{region}` on different nodes, and a power cut of one node can "
        "lose messages that they acknowledged: sync_interval is 2m"
        for region in ("eu-west", "us-east")
    ]


def test_without_jetstream_it_is_a_note_and_one_server_needs_no_spread(found):
    """Its clients reconnect elsewhere."""
    assert {item[:10] for item in found(placed("{}", "conf: {jetstream: null}"), "PL001")} == {"note PL001"}
    alone = yaml.safe_load(placed("{}"))
    alone["statefulSet"]["spec"]["replicas"] = 1
    assert found(yaml.safe_dump(alone), "PL001") == []


def test_the_remedy_is_what_the_chart_understands(run, helm3, nats_chart):
    """Its settings in the chart's values become a constraint on the servers' own pods, and natsvalues sees it."""
    settings = "config.cluster.enabled=true,config.jetstream.enabled=true"
    values = (
        "podTemplate: {topologySpreadConstraints: {kubernetes.io/hostname: {maxSkew: 1, "
        "whenUnsatisfiable: DoNotSchedule}}}"
    )
    told = []
    for given in ("{}", values):
        text = run(helm3, "template", "nats", nats_chart, "--set", settings, "-f", "-", stdin=given, check=True).stdout
        told.append(run("natsvalues", "lint", "-", "--severity", "PL001=error", stdin=text).returncode)

    assert told == [4, 0]
