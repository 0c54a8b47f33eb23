"""What is planned when servers and backups show that a step was made, of which the releases have no trace."""

import json
import os
import sys

import pytest

from natsvalues.rehearsal.plan_stage import PlanStage
from natsvalues.rehearsal.stage import Aims
from natsvalues.rehearsal.world import World
from natsvalues.runbook.checking import backups_in
from natsvalues.runbook.stores import Stored, Stores

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "scripts")
pytestmark = pytest.mark.helm


@pytest.fixture
def stage(load_module, renderer, tmp_path, monkeypatch):
    """Give the stage of a starting point, on which nothing runs: `stage("two-full")`."""
    monkeypatch.setattr(sys, "path", [SCRIPTS, *sys.path])
    module = load_module(os.path.join(SCRIPTS, "plan_cases.py"))

    def of(name):
        (case,) = (case for case in module.CASES if case.name == name)
        order = module.order(case, renderer, "2.14.6", str(tmp_path))
        regions = tuple(dict.fromkeys(key for step in order.steps for key in step.renderings))
        return PlanStage(
            World(regions, str(tmp_path), 1, 20), order.steps, Aims("", (), 1), order.planned, str(tmp_path)
        )

    return of


def stored(region, **fields):
    """A stream of a region."""
    known = {"replicas": 3, "storage": "file", "cluster": region, "messages": 7, "is_whole": True, "last": "9"}
    return Stored(account="$G", name="ORDERS", **known | fields)


def planned(stage, running=None, **stores):
    """The plan where the regions' servers say this, `us_east=Stores(…)`; `running` is what `kubectl scale` left."""
    return stage.planned_from(
        {
            name: stage.place(name)._replace(
                stores=stores.get(name.replace("-", "_")), running=(running or {}).get(name)
            )
            for name in stage.revisions
        }
    )


def back_up(stage, region, messages, last):
    """A backup of ORDERS, as the nats command describes it."""
    folder = os.path.join(stage.folder(region), "ORDERS")
    os.makedirs(folder)
    with open(os.path.join(folder, "backup.json"), "w", encoding="utf-8") as file:
        json.dump({"config": {"name": "ORDERS"}, "state": {"messages": messages, "last_seq": last}}, file)


def kinds(plan):
    """The acts of each step."""
    return ["+".join(act.kind for act in step.acts) for step in plan.steps]


@pytest.mark.parametrize(("last", "first"), [(9, "upgrade"), (8, "backup")])
def test_a_backup_is_not_made_again_unless_it_is_older(stage, last, first):
    """As many messages are not enough: a work queue may have others by now."""
    at = stage("two-full")
    back_up(at, "eu-west", 7, last)
    plan = planned(at, eu_west=Stores((stored("eu-west"),)))
    assert kinds(plan)[0] == first


def test_a_region_gets_smaller_only_with_replicated_streams(stage):
    """What the only replica has is lost with its server."""
    at = stage("smaller")
    single, whole = (Stores((stored("us-east", replicas=number),)) for number in (1, 3))
    first, second, *_ = planned(at, us_east=single).steps
    assert [(act.kind, act.detail, act.other) for act in first.acts] == [("raise", ("$G/ORDERS",), "3")]
    assert "replicated" in {check.kind for check in second.before}
    assert kinds(planned(at, us_east=whole)) == ["upgrade+remove-peer", "upgrade+remove-peer", "upgrade"]
    assert kinds(planned(at))[0] == "raise"  # nobody asked the servers


def test_streams_that_copy_others_are_restored_last(stage):
    """A mirror that is there first may never get what its origin got meanwhile."""
    at = stage("two-full")
    back_up(at, "eu-west", 7, 9)
    folder = at.folder("eu-west")
    for name, further in (
        ("A_MIRROR", {"mirror": {"name": "ORDERS"}}),
        ("B_SOURCES", {"sources": [{"name": "ORDERS"}]}),
    ):
        os.makedirs(os.path.join(folder, name))
        with open(os.path.join(folder, name, "backup.json"), "w", encoding="utf-8") as file:
            json.dump({"config": {"name": name, **further}, "state": {"messages": 7, "last_seq": 9}}, file)
    assert list(backups_in(folder)) == ["ORDERS", "A_MIRROR", "B_SOURCES"]


def test_streams_in_memory_are_not_backed_up(stage):
    """Servers refuse it."""
    plan = planned(stage("two-full"), eu_west=Stores((stored("eu-west", storage="memory"),)))
    assert plan.steps == ()
    assert [(item.region, item.way) for item in plan.refused] == [("eu-west", "empty")]
    assert "$G/ORDERS" in plan.refused[0].reason


def test_streams_that_moved_and_servers_that_stopped_are_done(stage):
    """`kubectl scale` and the JetStream API leave no trace in the releases."""
    at = stage("leaving")
    here = Stores((stored("ap-south"),))
    assert kinds(planned(at, ap_south=here))[:2] == ["place", "scale+remove-peer"]
    plan = planned(at, {"ap-south": 2}, ap_south=Stores(()))
    assert kinds(plan)[:3] == ["scale+remove-peer", "scale+remove-peer", "uninstall"]
    assert kinds(planned(at, {"ap-south": 0})) == ["uninstall", "upgrade", "upgrade"]  # nobody answers


def test_a_single_server_that_became_a_cluster_is_restored_once(stage):
    """After the step that makes the cluster, until its streams are there again."""
    at = stage("standalone")
    back_up(at, "us-east", 7, 9)
    steps = planned(at, us_east=Stores((stored(""),))).steps
    assert [act.kind for act in steps[0].acts] == ["upgrade", "wait"]
    at.moves = at.moves | steps[0].moves
    at.revisions["us-east"].append(at.post_rendered("us-east", None))
    restores = [step.way for step in planned(at, us_east=Stores(())).steps if step.acts[0].kind == "restore"]
    assert restores == ["cluster"]
    assert "restore" not in "".join(kinds(planned(at, us_east=Stores((stored("us-east"),)))))
