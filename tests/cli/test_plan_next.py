"""What `natsvalues plan -f values.yaml` says of the next releases: immutable fields, and values of chart 0.x."""

from __future__ import annotations

import os
import subprocess

import pytest
import yaml

from natsvalues.cli.plan_next import with_upgrades
from natsvalues.cli.plan_options import PlanOptions
from natsvalues.cli.plan_places import places_of
from natsvalues.cli.plan_rendered import rendered
from natsvalues.cli.rehearse_options import ClusterOptions
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan as plan_of
from natsvalues.overlays.plan import plans
from natsvalues.runbook.commands import act_commands
from natsvalues.runbook.planning import runbook

pytestmark = pytest.mark.helm
CHARTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "charts")
OVERLAYS = {
    "supercluster": "kind: Supercluster\nname: demo\njetstream: {scope: region}\n",
    "east": "kind: Region\nname: east\nstage: expose\ngateway: {host: gw.east.example}\nserverNames: {prefix: ''}\n"
    "systemAccount: $SYS\nloadBalancer: {provider: generic}\n",
}
CLUSTER = {"config": {"cluster": {"enabled": True}, "jetstream": {"enabled": True}}}
OF_0X = {"nats": {"jetstream": {"enabled": True}}, "cluster": {"enabled": True, "replicas": 3}}
KEPT = {
    "config": {
        "cluster": {"enabled": True},
        "jetstream": {
            "enabled": True,
            "fileStore": {"pvc": {"name": "nats-js-pvc"}},
            "memoryStore": {"enabled": True},
        },
    },
    "headlessService": {"name": "nats"},
    "service": {"name": "nats-svc"},
}
_SELECTOR = "/spec/selector/matchLabels"
ALL_KEPT = KEPT | {
    "statefulSet": {"patch": [{"op": "remove", "path": _SELECTOR + "/app.kubernetes.io~1component"}]},
    "natsBox": {
        "deployment": {
            "patch": [
                {"op": "replace", "path": _SELECTOR, "value": {"app": "nats-box"}},
                {"op": "add", "path": "/spec/template/metadata/labels/app", "value": "nats-box"},
            ]
        }
    },
}
LARGER = {
    "config": {
        "cluster": {"enabled": True},
        "jetstream": {"enabled": True, "fileStore": {"pvc": {"size": "20Gi"}}},
    }
}
ORPHAN = "kubectl delete statefulset/nats --cascade=orphan --ignore-not-found"


@pytest.fixture
def planned(helm3, nats_chart, monkeypatch, tmp_path):
    """Return what makes a plan: of a release in a file, and of values for the next one."""
    monkeypatch.setenv("HELM_BIN", helm3)
    for folder in ("ov", "prior"):
        (tmp_path / folder).mkdir()
    for name, text in OVERLAYS.items():
        (tmp_path / "ov" / f"{name}.yaml").write_text(text)

    def planned(release, values, chart=nats_chart):
        (tmp_path / "prior" / "east.yaml").write_text(release)
        if values is not None:
            (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
        files = (str(tmp_path / "values.yaml"),) if values is not None else ()
        options = PlanOptions(
            overlays=str(tmp_path / "ov"), prior=str(tmp_path / "prior"), jsz=(),
            clusters=ClusterOptions("", "", "nats", None, ""), chart=chart, values=files, regions=(),
            backups="backups", emptied=(), lost=(), next=False, check=False, write=False, output=(),
        )  # fmt: skip
        overlays = load(options.overlays)
        where = places_of(options, overlays)
        new = rendered(options, plans(overlays))
        places, unknown = with_upgrades(chart, overlays, where, new)
        whole = runbook(overlays, places, {}, new.regions)
        commands = [
            line for step in whole.steps for act in step.acts for line in act_commands(act, where.targets["east"])
        ]
        return whole, commands, (*new.unknown, *unknown)

    return planned


@pytest.fixture
def template(helm3, nats_chart, tmp_path):
    """Return a function that renders a chart with values: as it is, or post-rendered with the overlays."""

    def templated(values, chart=nats_chart, *, is_post_rendered=False):
        (tmp_path / "given.yaml").write_text(yaml.safe_dump(values))
        command = [helm3, "template", "nats", chart, "-f", str(tmp_path / "given.yaml")]
        text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        if not is_post_rendered:
            return text
        return render(Release(text, "now"), plan_of(load(str(tmp_path / "ov")), "east")).release.text()

    return templated


@pytest.fixture
def old(template):
    """Return a release of a chart 0.x."""
    return template({}, os.path.join(CHARTS, "nats-0.x"))


def test_values_of_chart_0x_are_refused(planned, old):
    """The plan names some of the keys that have no effect, and lint, which explains each."""
    whole, commands, _ = planned(old, OF_0X)
    [refused] = whole.refused
    assert commands == []
    assert "its values are for chart 0.19.17, and the next chart ignores `cluster.enabled`" in refused.reason
    assert "natsvalues lint --chart CHART -f FILE" in refused.remedy


def test_what_loses_the_store_or_has_a_gap_is_refused_with_the_values_that_keep_it(planned, old):
    """Other claims, another governing Service, and no streams in memory any more."""
    whole, _, _ = planned(old, CLUSTER)
    words = " ".join(f"{item.reason} {item.remedy}" for item in whole.refused)
    assert len(whole.refused) == 3
    for value in ("config.jetstream.fileStore.pvc.name: nats-js-pvc", "headlessService.name: nats", "max_memory_store"):
        assert value in words


def test_another_selector_is_given_to_the_running_pods(planned, old):
    """The StatefulSet goes without them; the upgrade that would be refused comes right after."""
    whole, commands, _ = planned(old, KEPT)
    assert not whole.refused
    box, orphan, label, upgrade = commands[:4]
    assert (box, orphan) == ("kubectl delete deployment/nats-box --ignore-not-found", ORPHAN)
    assert label == "kubectl label pod/nats-0 pod/nats-1 pod/nats-2 app.kubernetes.io/component=nats --overwrite"
    assert upgrade.startswith("helm upgrade")
    assert upgrade.endswith(" --post-renderer-args=--allow=immutable-field")
    assert "takes them over" in whole.steps[0].effect


def test_values_that_keep_everything_need_no_such_step(planned, old, template):
    """Nor does a release that has it behind it."""
    for release, values in ((old, ALL_KEPT), (template(KEPT, is_post_rendered=True), KEPT)):
        whole, commands, unknown = planned(release, values)
        assert (whole.refused, unknown) == ((), ())
        assert "kubectl delete" not in " ".join(commands)


def test_a_larger_claim_is_expanded_before(planned, template):
    """Each of them; a region that needs nothing else gets a step for it. A smaller one is refused."""
    release = template(CLUSTER, is_post_rendered=True)
    whole, commands, _ = planned(release, LARGER)
    patch = """kubectl patch pvc/nats-js-nats-0 -p '{"spec":{"resources":{"requests":{"storage":"20Gi"}}}}'"""
    assert [step.id for step in whole.steps] == ["east/update"]
    assert (commands[0], commands[3]) == (patch, ORPHAN)
    whole, _, _ = planned(template(LARGER, is_post_rendered=True), CLUSTER)
    assert "gets smaller" in whole.refused[0].reason


def test_a_service_whose_address_would_go_is_refused(planned, template):
    """The plan does not delete it."""
    release = template(CLUSTER, is_post_rendered=True)
    assert "type: LoadBalancer" in release
    whole, _, _ = planned(release.replace("type: LoadBalancer", "type: LoadBalancer\n  loadBalancerClass: a"), CLUSTER)
    [refused] = whole.refused
    assert refused.reason.startswith("Service `nats-gateway`: loadBalancerClass cannot change")


def test_what_is_restored_from_a_backup_may_have_other_claims(planned, template):
    """One server without a cluster becomes a cluster: its streams are restored."""
    whole, commands, _ = planned(
        template({"config": {"jetstream": {"enabled": True}}}),
        {"config": CLUSTER["config"] | {"jetstream": {"enabled": True, "fileStore": {"pvc": {"name": "other"}}}}},
    )
    assert not whole.refused
    assert [act.kind for act in whole.steps[0].acts] == ["backup"]
    assert ORPHAN in commands


def test_what_is_not_known_is_said(planned, template):
    """No values, or a chart that helm does not render: the rest of the plan holds."""
    release = template(CLUSTER)
    whole, _, unknown = planned(release, None)
    assert whole.steps
    assert "what they change that Kubernetes refuses: -f FILE" in unknown[0]
    whole, _, unknown = planned(release, CLUSTER, chart="./nowhere")
    assert whole.steps
    assert "east: which nats-server its new release has: NV-H003" in unknown[0]
