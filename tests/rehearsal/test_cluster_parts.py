"""The parts of a rehearsal on clusters that need none: streams compared, overlays in other stages, the reports."""

import json
import os
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.outside.jetstream import Listed
from natsvalues.overlays.folder import load
from natsvalues.rehearsal.inventory import compared
from natsvalues.rehearsal.outcome import Cost, Outcome, PodFate, Site
from natsvalues.rehearsal.staged import folder_with_stages
from natsvalues.report.rehearsal_json import document
from natsvalues.report.rehearsal_junit import junit
from natsvalues.report.rehearsal_text import scenario_text
from natsvalues.report.timeline_files import as_file

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
KEY = ("us-east", "ORDERS")
ORDERS = Listed("ORDERS", "us-east", is_ours=False, created="t1", messages=40, last=100, replicas=3, lagging=())


@pytest.mark.parametrize(
    ("after", "fate", "lost"),
    [
        (ORDERS, "kept", 0),
        (ORDERS._replace(last=120, messages=60), "kept", 0),
        (ORDERS._replace(messages=2), "kept", 0),  # consumed, or too old
        (ORDERS._replace(last=97, messages=37), "lost messages", 3),
        (ORDERS._replace(last=97, lagging=("us-east-nats-1",)), "lost messages", 3),
        (ORDERS._replace(lagging=("us-east-nats-1",)), "not current", 0),
        (ORDERS._replace(created="t2"), "gone", 40),
        (None, "gone", 40),
    ],
)
def test_what_has_become_of_a_stream_of_a_user(after, fate, lost):
    """A loss is a stream that is gone or another one, or a last sequence number that went back."""
    (result,) = compared({KEY: ORDERS}, {KEY: after} if after is not None else {})

    assert (result.name, result.region, result.fate, result.lost) == ("ORDERS", "us-east", fate, lost)


def test_a_replica_that_lagged_before_is_no_news():
    """Only what the rehearsal changed counts; nor do streams that others have made meanwhile."""
    before = ORDERS._replace(lagging=("us-east-nats-1",))
    new = ORDERS._replace(name="NEW")

    (result,) = compared({KEY: before}, {KEY: before, ("us-east", "NEW"): new})

    assert result.fate == "kept"


STAGES = st.dictionaries(st.sampled_from(("us-east", "eu-west")), st.sampled_from(("local", "expose", "join")))


@given(STAGES)
def test_overlays_in_other_stages_differ_in_nothing_else(tmp_path_factory, stages):
    """The copies are read as the files are, with these stages; a region that is not named is local."""
    overlays = load(os.path.join(GOLDEN, "stage-join-seed", "overlays"))
    folder = folder_with_stages(overlays, stages, str(tmp_path_factory.mktemp("overlays") / "copies"))

    copies = load(folder)

    assert copies.supercluster == overlays.supercluster
    assert {name: file.region for name, file in copies.regions.items()} == {
        name: file.region._replace(stage=stages.get(name, "local")) for name, file in overlays.regions.items()
    }


def test_overlays_that_have_the_stages_are_used_where_they_are(tmp_path):
    """So that helm's errors name the user's own files."""
    overlays = load(os.path.join(GOLDEN, "stage-join-seed", "overlays"))
    stages = {name: file.region.stage for name, file in overlays.regions.items()}

    assert folder_with_stages(overlays, stages, str(tmp_path / "copies")) == overlays.folder
    assert os.listdir(tmp_path) == []


OUTCOME = Outcome(
    scenario="rolling", verdict="converged", lossy=False, phase="rolling update of eu-west", seconds=48.7,
    pods=(PodFate("eu-west/nats-0", "eu-west", "10.244.2.4", "2.14.2", ready=True, restarts=0, ready_after=1.0),),
    groups=(), streams=(), causes=(), remedy="", notes=(), moves={}, balancers={"eu-west/nats-gateway": "198.18.2.10"},
    versions={"eu-west": "2.14.2"}, programs=(), renderings={"eu-west": "abc"}, scale=1.0,
    cost=Cost(122.2, 0.0, 9.4, 0), events=(), times={}, sites={"eu-west": Site("kind-eu", "team", "nats", 3, 3)},
)  # fmt: skip


def test_the_reports_say_where_it_ran():
    """Context, namespace, release and the servers' version; nothing about what is simulated on loopback."""
    text = scenario_text(OUTCOME)

    assert text.splitlines()[1] == "  eu-west: context kind-eu, namespace team, release nats, revision 3"
    assert "  122.2 s on real clusters\n" in text
    assert "1 server (eu-west 2.14.2), 0 restarts by the kubelet" in text
    assert not [word for word in ("shorter", "nats-server", "memory", "CPU") if word in text]
    assert "<p>eu-west: context kind-eu, namespace team, release nats, revision 3</p>" in as_file([OUTCOME], "t.html")
    (scenario,) = document([OUTCOME])["scenarios"]
    assert scenario["clusters"] == {
        "eu-west": {"context": "kind-eu", "namespace": "team", "release": "nats", "revision": 3, "then": 3}
    }
    assert json.dumps(scenario)
    case = ET.fromstring(junit([OUTCOME], "")).find("testcase")  # noqa: S314   # our own
    assert "context kind-eu" in case.findtext("system-out")


@pytest.mark.parametrize(
    ("revision", "then", "words"),
    [(3, 3, "3"), (3, 5, "3, now 5"), (None, 1, "none, now 1"), (2, None, "2, now none"), (None, None, "unknown")],
)
def test_the_head_names_the_old_revision_and_the_new_one(revision, then, words):
    """A rehearsal that installs makes new ones; one that only deletes pods leaves the revision as it is."""
    site = Site("kind-eu", "team", "nats", revision, then)
    text = scenario_text(OUTCOME._replace(sites={"eu-west": site}))

    assert text.splitlines()[1] == f"  eu-west: context kind-eu, namespace team, release nats, revision {words}"
