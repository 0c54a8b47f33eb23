"""`natsvalues plan --to`: its commands are those of docs/delivery.md, which run against a real API server."""

from __future__ import annotations

import os
import re
from itertools import product

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.folder import load
from natsvalues.runbook import deliveries
from natsvalues.runbook.commands import Target, act_commands
from natsvalues.runbook.deliveries import Names, block
from natsvalues.runbook.delivering import DELIVERIES, delivering, delivery_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = Target("us-east", "", namespace="nats")
PAGE = Names(TARGET, version="2.14.2")
BLOCKS = {
    "look": [deliveries.LOOK],
    "to-values": [deliveries.TO_VALUES],
    "to-post-renderer": [deliveries.TO_POST_RENDERER],
    "to-flux": [deliveries.TO_FLUX],
    "keep": [deliveries.KEEP],
    "flux": [deliveries.SUSPEND, deliveries.REMOVE_FLUX],
    "from-flux": [deliveries.FROM_FLUX],
    "forget": [deliveries.FORGET],
    "argocd": [deliveries.ARGOCD],
    "adopt": [f"{deliveries.ADOPT}\n{deliveries.TO_POST_RENDERER}"],
}


def test_the_page_has_the_commands_of_the_plan():
    """Every block, word by word; and every block of the table is on the page."""
    with open(os.path.join(ROOT, "docs", "delivery.md"), encoding="utf-8") as file:
        shown = re.findall(r"^```sh (\S+)\n(.*?)\n```", file.read(), re.MULTILINE | re.DOTALL)
    page = {}
    for mark, text in shown:
        page.setdefault(mark, []).append(text)
    page.pop("elsewhere")
    names = {"adopt": PAGE._replace(install="--install ")}
    assert page == {mark: [block(text, names.get(mark, PAGE)) for text in texts] for mark, texts in BLOCKS.items()}


def steps(to, now="", places=None, target=TARGET):
    """The titles and the commands of a change."""
    plan = delivering("demo", places or {}, {"us-east": target}, to, now)
    return [(step, [line for act in step.acts for line in act_commands(act, target)]) for step in plan.steps]


@pytest.mark.parametrize(("now", "to"), list(product(DELIVERIES, DELIVERIES)))
def test_every_change_looks_at_the_service_before_and_after(now, to):
    """With helm's, Flux' or Argo CD's commands of its own between; the same delivery needs none."""
    if {now, to} == {"flux", "argocd"}:
        with pytest.raises(NatsvaluesError, match="no steps"):
            steps(to, now)
        return
    made = steps(to, now)
    assert bool(made) == (now != to)
    if now == to:
        return
    look = block(deliveries.LOOK, PAGE)
    assert made[0][1][0] == look
    assert all("same-service" in {check.kind for check in step.after} for step, _ in made)
    assert all(step.effect and step.back and step.record for step, _ in made)
    lines = "\n".join(line for _, commands in made for line in commands)
    assert "helm uninstall" not in lines
    assert ("suspend" in lines) == (now == "flux")
    assert ("delete application" in lines) == (now == "argocd")
    assert ("helm upgrade" in lines) == (to in ("values", "post-renderer"))
    assert ("--install" in lines) == (now == "argocd")


def test_the_commands_are_for_the_region_s_own_cluster_and_names():
    """Context, kubeconfig, namespace, release, chart, and the values files."""
    target = Target("us-east", "", "prod-us", "ns", "kc", "bus", "oci://c/nats", ("a.yaml", "b.yaml"), pods="bus-nats")
    _, (look, write, upgrade) = steps("values", "post-renderer", target=target)[0]
    assert look.startswith("kubectl --context=prod-us --kubeconfig=kc get service bus-nats-gateway -n ns -o ")
    assert write == "natsvalues values us-east --chart oci://c/nats -f a.yaml -f b.yaml -o us-east.values.yaml"
    assert upgrade == (
        "helm --kube-context=prod-us --kubeconfig=kc upgrade bus oci://c/nats -n ns -f us-east.values.yaml"
    )


OVERLAYS = {
    "supercluster": "kind: Supercluster\nname: demo\njetstream: {scope: supercluster}\n",
    "us-east": "kind: Region\nname: us-east\nstage: join\njoins: seed\nserverNames: {prefix: ''}\n"
    "gateway: {host: gw.example}\nloadBalancer: {provider: generic}\n",
}


_LABELS = "kind: StatefulSet\nmetadata:\n  labels:\n"
FLUX = {_LABELS: _LABELS + "    helm.toolkit.fluxcd.io/name: nats\n"}


@pytest.mark.helm
@pytest.mark.parametrize(
    ("changed", "now"),
    [
        ({}, "post-renderer"),
        ({"natsvalues.io/restart-digest": "x/restart"}, "values"),
        (FLUX, "flux"),
        ({"natsvalues.io/region": "x/region"}, ""),
    ],
)
def test_the_delivery_of_a_release_shows_in_its_marks(world, changed, now):
    """Those of natsvalues and of Flux."""
    world.wants("supercluster", **{"us-east": ("join", 3, "joins: seed\nserverNames: {prefix: ''}")})
    world.installed("us-east", overlay=OVERLAYS)
    (text,) = world.revisions["us-east"]
    for was, new in changed.items():
        text = text.replace(was, new)
    world.revisions["us-east"] = [text]
    places = world.places()
    assert delivery_of(places["us-east"]) == now
    assert load(world.overlays).regions
    if now:
        plan = delivering("demo", places, {"us-east": TARGET}, now, "")
        assert plan.steps == ()
        assert plan.done == (f"us-east: its delivery is {now}",)
    else:
        with pytest.raises(NatsvaluesError, match="natsvalues did not render it"):
            delivering("demo", places, {"us-east": TARGET}, "flux", "")
