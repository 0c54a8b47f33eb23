"""What natsvalues renders has no finding: in every stage and scope, alone and with all regions, for every provider."""

from __future__ import annotations

import os

import pytest

from natsvalues.lint.linter import lint
from natsvalues.lint.subject import Subject, clusters_of
from natsvalues.manifests.chart import all_nats
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.model import Tls
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plans
from natsvalues.providers import load as load_provider
from natsvalues.providers import names
from natsvalues.text.natsconf import read, symbolic

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHIPPED = os.path.join(ROOT, "charts", "overlays")
STAGES = ("local", "expose", "join")
# What the chart's own values bring, or the server's version: natsvalues changes neither.
OF_THE_INPUT = {"SE003", "PR009", "GW015", "GW016", "PL001", "PL002"}
# gateway-handmade has load balancers of its own, which stay in its values: natsvalues warns of them as well.
REFUSED = {"NC004"}
"""full.yaml has a token and users of accounts: nats-server -t refuses both together (run on 2.10.26 and 2.15.1)."""
HANDMADE = {"LB003", "LB021"}


def staged(overlays, stage, scope, nats, held):
    """All regions in one stage and scope; in scope region the first keeps the system account it has."""
    jetstream = overlays.supercluster.jetstream._replace(scope=scope)
    regions = {}
    for name, file in overlays.regions.items():
        fields = {"nats": file.region.nats._replace(name=nats), "stage": stage, "servers": None}
        if scope == "region":
            fields["system_account"] = held if file.region.joins == "seed" else f"SYS-{name}"
            fields["joins"] = None
        regions[name] = file._replace(region=file.region._replace(**fields))
    return overlays._replace(supercluster=overlays.supercluster._replace(jetstream=jetstream), regions=regions)


def findings(overlays, planned, releases, known) -> set[str]:
    """The findings of these releases, by region; without the overlays unless they are `known`."""
    clusters = [
        cluster
        for name, release in releases.items()
        for cluster in clusters_of(release, name, overlays if known else None, planned if known else {})
        if cluster.is_stamped  # another NATS of the same release is not ours
    ]
    report = lint(Subject(overlays if known else None, planned if known else {}, tuple(clusters), {}))
    found = [item for item in report.findings if item.rule.applies_to != "overlays"]
    return {f"{item.rule.id} {item.message}" for item in found if item.rule.id not in OF_THE_INPUT}


def own(text, plan, held) -> str:
    """The rendering as the region's own values would give it: its server names, its system account."""
    for name in plan.known:
        text = text.replace(f"{name}-$(POD_NAME)", f"{plan.name_prefix}$(POD_NAME)")
    return text.replace(f'"{held}"', f'"{plan.region.system_account}"') if plan.region.system_account else text


def check(text) -> dict[str, set[str]]:
    """The findings of a rendering post-rendered for all regions, by what was done with it; nothing if clean."""
    wrong = {}
    shipped = load(SHIPPED)
    for nats in all_nats(Release(text)):
        held = symbolic(read(nats.conf)).get("system_account", "$SYS")
        for scope in ("supercluster", "region"):
            for stage in STAGES:
                overlays = staged(shipped, stage, scope, nats.name, held)
                planned = plans(overlays)
                releases = {
                    name: Release(render(Release(own(text, plan, held)), plan).release.text(), f"{name}.yaml")
                    for name, plan in planned.items()
                }
                cases = {"together": findings(overlays, planned, releases, known=True)}
                cases["without overlays"] = findings(overlays, planned, releases, known=False)
                for name, release in releases.items():
                    cases[name] = findings(overlays, planned, {name: release}, known=False)
                wrong |= {f"{nats.name} {scope} {stage} {case}": found for case, found in cases.items() if found}
    return wrong


@pytest.mark.helm
def test_output_from_the_stand_in_is_clean(stand_in):
    """With the gateway off and on in the chart's values."""
    assert check(stand_in.plain) == {}
    assert check(stand_in.gateway) == {}


def stored_files(rendered) -> list[str]:
    """Every stored rendering."""
    folders = [name for name in sorted(os.listdir(rendered)) if name.startswith(("nats-", "umbrella"))]
    return [os.path.join(rendered, name, file) for name in folders for file in sorted(os.listdir(f"{rendered}/{name}"))]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_output_from_stored_renderings_is_clean(rendered):
    """For each version of the upstream chart, and in an umbrella release."""
    wrong = {}
    for path in stored_files(rendered):
        with open(path, encoding="utf-8", newline="") as file:
            for case, found in check(file.read()).items():
                known = HANDMADE if "handmade" in path else REFUSED if path.endswith("full.yaml") else ()
                left = {item for item in found if item.split()[0] not in known}
                wrong |= {f"{os.path.relpath(path, rendered)} {case}": left} if left else {}

    assert wrong == {}


@pytest.mark.helm
def test_a_second_nats_of_the_release_is_not_missed(run, helm3, umbrella_chart):
    """Of two NATS in an umbrella release the overlay means one; nobody forgot to render the other."""
    text = run(helm3, "template", "plat", umbrella_chart, "--set", "audit.enabled=true", check=True).stdout
    first, second = all_nats(Release(text))
    overlays = staged(load(SHIPPED), "local", "supercluster", first.name, "$SYS")
    output = render(Release(text), plans(overlays)["us-east"]).release.text()

    clusters = tuple(clusters_of(Release(output, "plat.yaml"), "plat", None, {}))
    report = lint(Subject(None, {}, clusters, {}))

    assert [(cluster.region, cluster.nats.name) for cluster in clusters] == [
        ("us-east", first.name),
        (f"plat/{second.name}", second.name),
    ]
    assert "HS001" not in {finding.rule.id for finding in report.findings}


@pytest.mark.helm
@pytest.mark.parametrize("provider", names())
@pytest.mark.parametrize("tls", [False, True])
def test_every_provider_is_clean(provider, tls, run, helm3, nats_chart):
    """The example of each profile, with and without TLS between the gateways."""
    if provider == "openshift-route-passthrough" and not tls:
        return  # refused without TLS
    settings = "config.cluster.enabled=true,config.jetstream.enabled=true"
    text = run(helm3, "template", "nats", nats_chart, "--set", settings).stdout
    overlays = load(SHIPPED)
    port = 443 if provider == "openshift-route-passthrough" else None
    file = overlays.regions["us-east"]
    region = file.region._replace(
        load_balancer=load_provider(provider).example._replace(provider=provider),
        gateway=file.region.gateway._replace(port=port),
    )
    overlays = overlays._replace(regions={**overlays.regions, "us-east": file._replace(region=region)})
    if tls:
        gateway = overlays.supercluster.gateway._replace(tls=Tls("gateway"))
        overlays = overlays._replace(supercluster=overlays.supercluster._replace(gateway=gateway))
    planned = plans(overlays)
    release = Release(render(Release(text), planned["us-east"]).release.text(), "us-east.yaml")

    assert findings(overlays, planned, {"us-east": release}, known=True) == set()
    assert findings(overlays, planned, {"us-east": release}, known=False) == set()


CHECKING = sorted(name for name in names() if load_provider(name).health.on_monitor != "never")


@pytest.mark.helm
@pytest.mark.parametrize("readiness", ["auto", "keep", "/healthz?js-enabled-only=true", "/varz"])
@pytest.mark.parametrize("path", [None, "/healthz?js-enabled-only=true"])
def test_the_load_balancer_checks_what_readiness_checks(readiness, path, run, helm3, nats_chart):
    """Whichever leader-free path the readiness probe has; a path that waits for a leader is not repeated."""
    settings = "config.cluster.enabled=true,config.jetstream.enabled=true"
    text = run(helm3, "template", "nats", nats_chart, "--set", settings).stdout
    if path is not None:
        text = text.replace("path: /healthz?js-server-only=true", f"path: {path}")
    shipped = load(SHIPPED)
    file = shipped.regions["us-east"]
    for provider in CHECKING:
        region = file.region._replace(
            load_balancer=load_provider(provider).example._replace(provider=provider),
            probes=shipped.supercluster.probes._replace(readiness=readiness),
        )
        overlays = shipped._replace(regions={**shipped.regions, "us-east": file._replace(region=region)})
        planned = plans(overlays)
        release = Release(render(Release(text), planned["us-east"]).release.text(), "us-east.yaml")

        assert findings(overlays, planned, {"us-east": release}, known=True) == set(), provider
