"""Diffs made by hand, as the reports get them: redacted, with every level and every kind of change."""

import pytest

from natsvalues.diff.changes import LEVELS, About, Change, Impact, Note, ObjectDiff, ReleaseDiff
from natsvalues.manifests.release import ResourceKey
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import Item

STATEFULSET = ResourceKey("apps", "StatefulSet", "messaging", "nats")
CONFIG = ResourceKey("", "ConfigMap", "messaging", "nats-config")
GATEWAY = ResourceKey("", "Service", "messaging", "nats-gateway")
CONTAINER = ("spec", "template", "spec", "containers", Item("name", "nats"))

RESTART = Impact(
    "restart",
    "The pod template changes, so the pods are replaced one by one; 2 of 3 servers keep the quorum.",
    "Kubernetes: rolling update of a StatefulSet",
    "Watch `nats server report jetstream` while they roll.",
)
LOSS = Impact(
    "data-loss",
    "This region's JetStream ran alone, and joins others under one system account: the meta group with the newer log "
    "wins, and the streams of the other region are deleted.",
    "run on nats-server 2.12.8 and 2.15.1",
    "Give every region a system account of its own (scope `region`), or empty the store of all regions but one.",
)
REMOTES = [
    {"name": "eu-west", "url": "nats://nats-gw-eu-west.example.com:7222"},
    {"name": "ap-south", "url": "nats://nats-gw-ap-south.example.com:7222"},
    {"name": "self", "url": Variable("GATEWAY")},
]
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "nats-gateway", "annotations": {"note": "two\nlines\n"}},
    "spec": {"type": "LoadBalancer", "ports": [{"name": "gateway", "port": 7222}]},
}
SCRIPT = "#!/bin/sh\nset -e\nexec nats-server -c /etc/nats.conf\n"


def upgrade():
    """An upgrade that loses streams, opens a port, restarts pods, and has notes, hooks, noise and values."""
    statefulset = (
        Change((*CONTAINER, "image"), "replace", "nats:2.12.8", "nats:2.14.6", "", RESTART, "", 120, 121),
        Change(
            (*CONTAINER, "env", Item("name", "TOKEN"), "value"),
            "replace",
            "(redacted token 3f9a2c)",
            "(redacted token 77bb01)",
            impact=RESTART,
        ),
        Change(("metadata", "labels", "helm.sh/chart"), "replace", "nats-1.3.16", "nats-2.14.2", derived="the chart"),
        Change(("metadata", "labels", "version"), "remove", "2.12.8", impact=RESTART, derived="the chart"),
    )
    grown = Impact("reload", "The limit only grows.", "run on nats-server 2.12.8")
    config = (
        Change(("gateway", "gateways"), "add", None, REMOTES, "nats.conf", LOSS, after_line=12),
        Change(("jetstream", "max_file_store"), "replace", "10Gi", "20Gi", "nats.conf", grown, "", 3, 3),
        Change(("data", "entry.sh"), "replace", SCRIPT, SCRIPT.replace("-e", "-eu") + "# end"),
        Change(("server_tags",), "reorder", ["az:1", "disk:ssd"], ["disk:ssd", "az:1"], "nats.conf"),
    )
    opened = Impact("exposure", "A LoadBalancer opens port 7222 to 0.0.0.0/0.", "", "Set `loadBalancer.sourceRanges`.")
    hook = Change(("spec", "containers", 0, "image"), "replace", "nats-box:0.14", "nats-box:0.16")
    return ReleaseDiff(
        About("release:nats@7", "nats", "messaging", 7, "nats-1.3.16", "2.12.8"),
        About("new/us-east.yaml"),
        (
            ObjectDiff(STATEFULSET, "change", {}, {}, statefulset, before_line=100, after_line=101),
            ObjectDiff(CONFIG, "change", {}, {}, config),
            ObjectDiff(GATEWAY, "add", None, SERVICE, impact=opened, after_line=300),
            ObjectDiff(GATEWAY._replace(kind="ConfigMap"), "remove", {"kind": "ConfigMap", "data": {"a": "b"}}, None),
            ObjectDiff(GATEWAY._replace(name="nats-test", kind="Pod"), "change", {}, {}, (hook,), hook=True),
        ),
        (
            Change(("config", "jetstream", "fileStore", "pvc", "size"), "replace", "10Gi", "20Gi"),
            Change(("podTemplate",), "add", None, {"merge": {"spec": {"priorityClassName": "c" * 150}}}),
        ),
        (
            Note("none", "CustomResourceDefinitions were not compared."),
            Note(
                "deadlock",
                "The new release was rendered without natsvalues: its startup probe waits for a meta leader.",
                "Pass `--post-renderer natsvalues` on every upgrade.",
            ),
        ),
    )


def every_level():
    """One change for each level, harmless first."""
    changes = tuple(
        Change(("spec", level), "replace", index, index + 1, "", Impact(level, f"Why {level}."), "", 5, 10 + index)
        for index, level in enumerate(LEVELS)
    )
    renamed = ObjectDiff(GATEWAY, "rename", {}, {}, (), Impact("outage", "Its address goes."), CONFIG)
    objects = (ObjectDiff(STATEFULSET, "change", {}, {}, changes), renamed)
    return ReleaseDiff(About("old.yaml"), About("new.yaml"), objects)


def hostile():
    """Names and values that would like to be markup, commands of a terminal, or commands of a runner."""
    words = "<script>alert(1)</script> `code` ``` @everyone #1 | a|b ![x](http://evil.example/x.png) $x^2$ </pre> **b**"
    impact = Impact("exposure", f"why {words}", f"- source {words}", f"1. help {words}\n::error::forged\n# title")
    changes = (
        Change(("data", words), "replace", f"\x1b[31mred\x1b[0m {words}", f"\u202eleft {words}", impact=impact),
        Change(
            ("data", "text"), "replace", f"```\n</pre>\n{words}\n", f"````\n```diff\n{words}\r\n\n::error::", "", impact
        ),
        Change(("data", "more"), "add", None, "`", derived="cause\n::warning::forged"),
    )
    key = ResourceKey("", "ConfigMap", "", f"name\n{words}")
    objects = (ObjectDiff(key, "change", {}, {}, changes), ObjectDiff(key, "remove", {"data": {words: words}}, None))
    notes = (Note("outage", f"note {words}\nsecond line", words),)
    return ReleaseDiff(About(f"a,b:c%\n{words}"), About("new,a%:b.yaml"), objects, (changes[1],), notes)


def regions():
    """Three regions: most of the upgrade in two of them, nothing in the third."""
    first = upgrade()
    second = first._replace(objects=(*first.objects[:1], *first.objects[2:]), notes=first.notes[1:])
    return (
        first._replace(region="us-east"),
        second._replace(region="eu-west", new=About("new/eu-west.yaml")),
        ReleaseDiff(About("old/ap-south.yaml"), About("new/ap-south.yaml"), (), region="ap-south"),
    )


@pytest.fixture(scope="session")
def samples() -> dict[str, tuple[ReleaseDiff, ...]]:
    """All diffs made by hand, by name."""
    return {
        "upgrade": (upgrade(),),
        "regions": regions(),
        "levels": (every_level(),),
        "hostile": (hostile(),),
        "nothing": (ReleaseDiff(About("old.yaml"), About("new.yaml"), ()),),
    }
