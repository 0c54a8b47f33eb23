"""What a diff foretells of the API server comes true: refused changes, drift by hand, conflicts, orphans."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = [pytest.mark.helm, pytest.mark.kubectl]

VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
SET = ("--set", VALUES)


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def major(request):
    """Both majors of helm."""
    return request.param


def balanced(of):
    """Overlay changes: a load balancer of a class."""
    return {"us-east": {"loadBalancer": {"provider": "generic", "class": of}}}


# Words for helm, overlay changes, and the objects that are refused.
REFUSED = {
    "another claim size": (("--set", "config.jetstream.fileStore.pvc.size=20Gi"), {}, {"StatefulSet/nats"}),
    "another headless Service, another class": (
        ("--set", "headlessService.name=peers"),
        balanced("example.com/b"),
        {"StatefulSet/nats", "Service/nats-gateway"},
    ),
}
UNCHECKED = ("--prior=none",)  # the server has to decide, not natsvalues
TAKEN = (
    (("--set", "container.image.tag=2.14.3-alpine,config.cluster.replicas=5"), balanced("example.com/a")),
    (("--set", "service.merge.spec.type=NodePort,config.nats.port=4333"), balanced("example.com/a")),
    (("--set", "config.jetstream.fileStore.maxSize=1Gi,podDisruptionBudget.enabled=false"), balanced("example.com/a")),
)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_foretold(case, foretold, install, major, overlays):
    """Each object that is foretold as refused is named by the real upgrade's error."""
    words, changes, refused = REFUSED[case]
    install(major, "nats", region="us-east", overlays=overlays("expose", balanced("example.com/a")))
    folder = overlays("expose", balanced("example.com/a") | changes)
    assert foretold(words, folder) == refused
    done = install(major, "nats", *words, region="us-east", overlays=folder, more=UNCHECKED, check=False)
    assert done.returncode == 1
    named = {item for item in refused if re.search(rf"""[/ "]{item.split("/")[1]}[ "]""", done.stderr)}
    # Helm 4 goes on after the first object that is refused, Helm 3 stops there.
    assert named == refused if major == 4 else named


def test_what_is_not_foretold_as_refused_is_taken(foretold, install, major, namespace, overlays):
    """Images, ports, types, a smaller store, a class where there was none: revision by revision."""
    install(major, "nats", region="us-east", overlays=overlays("local"))
    for words, changes in TAKEN:
        folder = overlays("expose", changes)
        assert foretold(words, folder) == set()
        install(major, "nats", *words, region="us-east", overlays=folder, more=UNCHECKED)
    assert namespace.stored("nats") == [1, 2, 3, 4]


@pytest.fixture
def foretold(differences, major, nats_chart):
    """The objects that a diff says will be refused."""

    def call(words, folder):
        told = differences(major, "nats", nats_chart, *SET, *words, "--region=us-east", f"--overlays={folder}")
        assert not told.is_empty
        return {place.split()[0] for place, level in told.places().items() if level == "refused"}

    return call


def test_drift_is_told_with_its_owner_and_what_becomes_of_it(
    differences, install, kubectl_on, major, namespace, nats_chart
):
    """Scaled, edited, deleted by hand: Helm 4 meets a conflict and is helped by force, Helm 3 sets things back."""
    install(major, "nats")
    words = ("nats", nats_chart, *SET, "--no-post-renderer", "--live")
    assert differences(major, *words).is_empty
    kubectl_on("scale", "statefulset/nats", "--replicas=5")
    by_hand(kubectl_on, "statefulset/nats", {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 61}}}})
    by_hand(kubectl_on, "service/nats", {"spec": {"ports": [{"name": "other", "port": 99}]}})
    kubectl_on("annotate", "service/nats", "example.com/owner=somebody")
    kubectl_on("delete", "poddisruptionbudget/nats", "--wait=false")

    told = differences(major, *words)
    assert told.drifted() == {
        "StatefulSet/nats spec.replicas": "refused" if major == 4 else "none",
        "StatefulSet/nats spec.template.spec.terminationGracePeriodSeconds": "refused" if major == 4 else "restart",
        "Service/nats spec.ports[name=other]": "none",
        'Service/nats metadata.annotations["example.com/owner"]': "none",
        "PodDisruptionBudget/nats (remove)": "outage",
    }
    assert (told["objects"], told["values"]) == ([], [])
    impacts = {
        change["path"].rpartition(".")[2]: change["impact"] for item in told["drift"] for change in item["changes"]
    }
    assert "kubectl set it" in impacts["replicas"]["reason"]  # the server notes no time of scaling
    assert "kubectl-edit set it (20" in impacts["terminationGracePeriodSeconds"]["reason"]
    assert "so it stays" in impacts["ports[name=other]"]["reason"]

    done = install(major, "nats", check=False)  # the same chart again
    if major == 4:
        assert done.returncode == 1
        assert 'with "kubectl" with subresource "scale"' in done.stderr
        assert 'with "kubectl-edit"' in done.stderr
        assert "--force-conflicts" in impacts["replicas"]["remedy"]
        install(major, "nats", "--force-conflicts")
    else:
        assert done.returncode == 0, done.stderr
    spec = namespace.get("StatefulSet", "nats")["spec"]
    assert (spec["replicas"], spec["template"]["spec"]["terminationGracePeriodSeconds"]) == (3, 60)
    assert namespace.get("PodDisruptionBudget", "nats") is not None
    assert differences(major, *words).drifted().keys() == {
        "Service/nats spec.ports[name=other]",
        'Service/nats metadata.annotations["example.com/owner"]',
    }


def by_hand(kubectl_on, name, patch):
    """What `kubectl edit` does."""
    kubectl_on("patch", name, "-p", json.dumps(patch), "--field-manager=kubectl-edit")


def test_without_a_conflict_nothing_is_called_refused(differences, install, kubectl_on, nats_chart):
    """The number that somebody scaled to goes through where the upgrade sets it; so does a client's own apply."""
    install(4, "nats")
    kubectl_on("scale", "statefulset/nats", "--replicas=5")
    words = ("nats", nats_chart, *SET, "--no-post-renderer", "--live")
    same = ("--set", "config.cluster.replicas=5")
    assert differences(4, *words, *same).drifted() == {"StatefulSet/nats spec.replicas": "none"}
    install(4, "nats", *same)
    install(4, "nats", "--server-side=false", *same)
    kubectl_on("scale", "statefulset/nats", "--replicas=4")
    assert differences(4, *words).drifted() == {"StatefulSet/nats spec.replicas": "outage"}  # a server less
    forced = differences(4, "upgrade", *words, "--server-side=true", "--force-conflicts")
    assert forced.drifted() == {"StatefulSet/nats spec.replicas": "outage"}
    on_server = differences(4, "upgrade", *words, "--server-side=true").drifted()
    assert on_server == {"StatefulSet/nats spec.replicas": "refused"}
    assert install(4, "nats", "--server-side=true", check=False).returncode == 1
    install(4, "nats", "--server-side=false")


def test_what_a_failed_upgrade_left_behind_is_an_orphan(differences, install, kubectl_on, major, namespace, nats_chart):
    """A Service that no revision has any more is shown with how to take it away, and gone after that."""
    install(major, "nats")
    assert install(major, "nats", "--set", "headlessService.name=peers", check=False).returncode == 1
    assert namespace.get("Service", "peers") is not None
    words = ("nats", nats_chart, *SET, "--no-post-renderer", "--live")
    failed = differences(major, *words)
    assert any("failed" in note["message"] for note in failed["notes"])
    install(major, "nats")
    told = differences(major, *words)
    assert told.drifted() == {"Service/peers (add)": "none"}
    [orphan] = told["drift"]
    assert orphan["impact"]["remedy"].endswith(f"kubectl delete service peers -n {namespace.name}")
    kubectl_on(*orphan["impact"]["remedy"].split("kubectl ")[1].split(), "--wait=false")
    assert differences(major, *words).is_empty
