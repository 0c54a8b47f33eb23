"""What Flux and Argo CD write on objects is no difference, and what Flux applies beside a release is a note."""

import pytest

from natsvalues.diff.drift import Upgrade, drift
from natsvalues.manifests.objects import entries
from natsvalues.manifests.release import Release

FLUX = {f"helm.toolkit.fluxcd.io/{name}": text for name, text in {"name": "nats", "namespace": "flux-system"}.items()}
APPLIED = {"kustomize.toolkit.fluxcd.io/name": "nats", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
TRACKED = {"argocd.argoproj.io/tracking-id": "nats:apps/StatefulSet:nats/nats"}
INSTANCE = "app.kubernetes.io/instance"
GATEWAY = ("Service", "nats-gateway")


def marked(objects, where, marks):
    """A copy of the objects, each with these labels or annotations."""
    copy = objects.copy()
    for value in copy.values.values():
        value["metadata"][where] = {**(value["metadata"].get(where) or {}), **marks}
    return copy


@pytest.mark.parametrize(
    ("where", "marks"),
    [("labels", FLUX), ("labels", APPLIED), ("annotations", TRACKED), ("labels", {INSTANCE: "acme-nats"})],
    ids=["HelmRelease", "Kustomization", "Argo CD", "Argo CD by label"],
)
def test_marks_are_no_difference(where, marks, objects, tell):
    """Neither where they come nor where they go."""
    told = [
        tell(*sides) for sides in ((marked(objects, where, marks), objects), (objects, marked(objects, where, marks)))
    ]
    assert [(item.diff.is_empty, item.notes) for item in told] == [(True, ())] * 2


def test_what_people_write_beside_them_is_a_difference(objects, tell):
    """Settings of Flux and of Argo CD, a label of another name, an instance whose pods change, too."""
    for where, marks in (
        ("annotations", {"kustomize.toolkit.fluxcd.io/prune": "disabled"}),
        ("annotations", {"argocd.argoproj.io/sync-options": "Prune=false"}),
        ("labels", {"team": "a"}),
    ):
        assert len(tell(objects, marked(objects, where, marks)).diff.objects) == len(objects.values)
    other = marked(objects, "labels", {INSTANCE: "other"})
    other["StatefulSet", "nats"]["spec"]["template"]["metadata"]["labels"][INSTANCE] = "other"
    assert f'StatefulSet/nats metadata.labels["{INSTANCE}"]' in tell(objects, other).levels


def test_the_service_beside_a_release_of_flux(objects, tell):
    """It is in no release of Flux's; it is not new, and the note says how Helm takes it."""
    flux = marked(objects, "labels", FLUX)
    del flux.values[GATEWAY]
    told = tell(flux, objects)
    assert told.diff.is_empty
    [note] = told.notes
    assert note.level == "none"
    assert "Service/nats-gateway is not in the old release: Flux applies it beside that" in note.message
    assert "meta.helm.sh/release-name" in note.remedy
    assert "kubectl label service nats-gateway" in note.remedy


def test_a_service_that_is_new_stays_new(objects, tell):
    """In a release of Helm's, one of Flux's without a gateway, one of values, and one that loses it."""
    without = objects.copy()
    del without.values[GATEWAY]
    assert tell(without, objects).levels["Service/nats-gateway"] == "exposure"

    local = marked(without, "labels", FLUX)
    local.conf(("remove", "gateway", None))
    assert "Service/nats-gateway" in tell(local, objects).levels

    by_values = marked(without, "labels", FLUX)
    del by_values["StatefulSet", "nats"]["spec"]["template"]["metadata"]["annotations"]["natsvalues.io/restart-digest"]
    assert tell(by_values, objects).levels["Service/nats-gateway"] == "exposure"

    assert tell(objects, marked(without, "labels", FLUX)).levels["Service/nats-gateway"] == "outage"


@pytest.mark.parametrize("is_beside", [False, True])
def test_what_flux_applies_beside_a_release_is_no_matter_of_helms_upgrades(is_beside, objects):
    """Its Service is missing, or was changed: Flux makes that good, and no upgrade of Helm's; without Flux it does."""
    release = Release(objects.text())
    every = entries(release, release.numbers())
    stated = [entry for entry in every if (entry.key.kind, entry.key.name) == GATEWAY]
    (service,) = stated
    flux = frozenset([service.key] if is_beside else [])
    opened = {**service.value, "spec": {**service.value["spec"], "loadBalancerSourceRanges": ["0.0.0.0/0"]}}
    service.value["spec"]["loadBalancerSourceRanges"] = ["192.0.2.0/24"]
    upgrade = Upgrade(stated, meets_conflicts=is_beside, beside=flux)

    [missing] = drift(release, stated, [], "nats", upgrade)
    [changed] = drift(release, stated, [opened], "nats", upgrade)

    assert ("no upgrade creates it; Flux applies it beside" in missing.impact.reason) is is_beside
    assert ("the next upgrade creates it again" in missing.impact.reason) is not is_beside
    reasons = [change.impact.reason for change in changed.changes]
    assert [("Flux applies the object beside the release" in reason) for reason in reasons] == [is_beside]
    assert [("the next upgrade sets it back" in reason) for reason in reasons] == [not is_beside]
