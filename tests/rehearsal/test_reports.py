"""The reports of a rehearsal: text, SVG, HTML, JSON, JUnit, from an outcome made up for the purpose."""

import json
import xml.etree.ElementTree as ET

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.rehearsal.moving import Move
from natsvalues.rehearsal.outcome import Cause, Cost, Group, Noticed, Outcome, PodFate, Program, StreamFate
from natsvalues.rehearsal.timeline import MOST_EVENTS, Event, Timeline, state_at, tracks
from natsvalues.report.rehearsal_json import document
from natsvalues.report.rehearsal_junit import junit
from natsvalues.report.rehearsal_text import scenario_text
from natsvalues.report.timeline_files import as_file
from natsvalues.report.timeline_svg import svg


def parsed(text):
    """The root of our own XML."""
    return ET.fromstring(text)  # noqa: S314   # nobody else wrote it


TWO = ("us-east", "eu-west")
EVENTS = (
    Event(0.0, "phase", "scenario", "warm-up"),
    Event(0.0, "pod", "us-east/nats-0", "starting"),
    Event(0.5, "probe", "us-east/nats-0 startup", "503"),
    Event(1.0, "balancer", "us-east/gw", "0 of 1"),
    Event(4.0, "probe", "us-east/nats-0 startup", "200"),
    Event(4.0, "pod", "us-east/nats-0", "ready"),
    Event(4.0, "leader", "us-east/nats-0", "nats-0 (itself)"),
    Event(4.2, "links", "us-east/nats-0", "eu-west"),
    Event(4.5, "balancer", "us-east/gw", "1 of 1"),
    Event(5.0, "log", "us-east/nats-0", "dial nats://route:s3cr3t@127.2.1.1:6222 \x1b[31m<refused>"),
    Event(8.0, "pod", "us-east/nats-0", "stopping"),
    Event(9.0, "pod", "us-east/nats-0", "down"),
    Event(10.0, "phase", "scenario", "stuck"),
)
OUTCOME = Outcome(
    scenario="cold-restart",
    verdict="stuck",
    lossy=True,
    phase="cold restart of all regions",
    seconds=None,
    pods=(PodFate("us-east/nats-0", "us-east", "127.2.1.1", "2.14.6", ready=False, restarts=2, ready_after=4.0),),
    groups=(Group("nats-0", 1, {"us-east": 1}),),
    streams=(StreamFate("S", "us-east", 20, 0, 20, "gone", "10059 stream not found"),),
    causes=(
        Cause("us-east/nats-0", "a meta leader", "the startup probe gets 503"),
        Cause("load balancer us-east/gw", "a pod that is ready", "see nats://u:s3cr3t@host <&>", closes=0),
    ),
    remedy="let no probe wait",
    notes=("to warm up, everybody is let through",),
    moves={"us-east": (Move("host", "", "127.2.1.1", "the address of nats-0"),)},
    balancers={"us-east/gw": "127.2.100.1"},
    versions={"us-east": "2.14.6"},
    programs=(
        Program("/cache/nats-server-2.14.6/nats-server", "2.14.6", is_fetched=False, is_known=True),
        Program("/cache/nats-server-2.14.3/nats-server", "2.14.3", is_fetched=True, is_known=False),
    ),
    renderings={"us-east": "abc"},
    scale=20.0,
    cost=Cost(12.5, 1.1, 0.7, 131_000_000),
    events=EVENTS,
    times={"warm-up": 4.0},
)
WELL = OUTCOME._replace(verdict="converged", lossy=False, causes=(), remedy="", seconds=3.5)


def test_the_text_says_verdict_chain_and_figures():
    """The chain is numbered and says where it closes; the timeline has a row for pod and load balancer."""
    lines = scenario_text(OUTCOME, mapping=True).splitlines()

    assert lines[0] == "cold-restart: stuck (cold restart of all regions)"
    assert "  2. load balancer us-east/gw: waits for a pod that is ready -> 1" in lines
    assert "  stream S (us-east): gone; 0 messages, 20 acknowledged, 20 lost; 10059 stream not found" in lines
    assert "    host: (none) -> 127.2.1.1 (the address of nats-0)" in lines
    row = next(line for line in lines if line.startswith("  us-east/nats-0") and "s" in line[20:])
    assert row.split()[1].strip("sLx.") == ""
    assert [sign in row.split()[1] for sign in "sLx"] == [True] * 3


def test_a_converged_outcome_tells_its_time():
    """And has no chain."""
    assert scenario_text(WELL).splitlines()[0] == "cold-restart: converged in 3.5 s (cold restart of all regions)"
    assert "waits for" not in scenario_text(WELL)


def test_the_reports_name_the_programs():
    """Each with its version, where it came from, and whether its hash is known; in JSON with its path."""
    line = "nats-server 2.14.6 (from the cache, known hash), 2.14.3 (fetched, unknown hash)"

    assert f"  {line}" in scenario_text(OUTCOME).splitlines()
    assert f"<p>{line}</p>" in as_file([OUTCOME], "timeline.html")
    assert json.loads(as_file([OUTCOME], "t.json"))["scenarios"][0]["programs"][1] == {
        "path": "/cache/nats-server-2.14.3/nats-server",
        "version": "2.14.3",
        "is_fetched": True,
        "is_known": False,
    }


def test_findings_and_consumers_stand_in_every_report():
    """What lint says of the renderings, a line for each rule; a consumer by its name and that of its stream."""
    consumer = StreamFate("S", "us-east", 0, 0, 0, "kept", "acknowledged up to 5, now 5", "worker")
    unfit = StreamFate("T", "us-east", 0, 0, 0, "does not fit", "10039 JetStream not enabled for account")
    outcome = WELL._replace(
        untested=True, findings=(Noticed("PL001", "warning", "servers-not-spread", TWO),), streams=(consumer, unfit)
    )
    line = "lint: warning PL001 servers-not-spread (us-east, eu-west)"

    lines = scenario_text(outcome).splitlines()
    assert lines[:2] == ["cold-restart: untested in 3.5 s (cold restart of all regions)", f"  {line}"]
    assert "  consumer worker of S (us-east): kept; acknowledged up to 5, now 5" in lines
    assert "  stream T (us-east): does not fit; 10039 JetStream not enabled for account" in lines
    assert line in as_file([outcome], "x.html")
    assert line in junit([outcome], "")
    report = document([WELL, outcome])
    assert (report["format"], report["verdict"], report["untested"]) == (1, "converged", True)
    assert [scenario["untested"] for scenario in report["scenarios"]] == [False, True]
    assert report["scenarios"][1]["findings"] == [
        {"rule": "PL001", "severity": "warning", "title": "servers-not-spread", "regions": TWO}
    ]


def test_the_worst_word_counts():
    """`--expect` compares with it."""
    words = [OUTCOME, WELL._replace(lossy=True, untested=True), WELL._replace(untested=True), WELL]
    assert [outcome.word for outcome in words] == ["stuck", "lossy", "untested", "converged"]


def test_the_svg_is_well_formed_and_shows_every_kind_of_thing():
    """States, probe answers, leader, links, load balancer and phases have a title or a text each."""
    root = parsed(svg(OUTCOME))
    texts = {element.text for element in root.iter() if element.text and element.text.strip()}

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {"0.0 s starting", "0.5 s startup probe: 503", "4.0 s meta leader", "4.2 s gateways to eu-west"} <= texts
    assert {"1.0 s sends to 0 of 1", "A 0.0 s warm-up", "above: meta leader", "cold-restart: stuck"} <= texts


def test_the_page_escapes_what_logs_say():
    """Nothing of a log or a cause becomes markup."""
    page = as_file([OUTCOME, WELL], "timeline.html")

    assert "&lt;refused&gt;" in page
    assert "<refused>" not in page
    assert page.count("<figure") == 2


@pytest.mark.parametrize("name", ["t.html", "t.json", "t.txt", "t.svg"])
def test_no_report_shows_a_password(name):
    """User and password of a url are hidden in every format."""
    assert "s3cr3t" not in as_file([OUTCOME], name)
    assert "s3cr3t" not in junit([OUTCOME], "")


def test_the_json_has_verdict_messages_and_timeline():
    """Of several scenarios the worst verdict counts."""
    report = json.loads(as_file([WELL, OUTCOME], "t.json"))

    assert (report["format"], report["verdict"], report["lossy"]) == (1, "stuck", True)
    assert report["scenarios"][1]["messages"] == {"acknowledged": 20, "lost": 20}
    assert len(report["scenarios"][0]["timeline"]) == len(EVENTS)
    assert document([WELL])["verdict"] == "converged"


def test_junit_fails_what_did_not_end_as_expected():
    """One test case for each scenario; control characters of a log do not break the XML."""
    suite = parsed(junit([WELL, OUTCOME], ""))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert suite.find("testcase/failure").get("message") == ("stuck instead of converged (cold restart of all regions)")

    assert parsed(junit([OUTCOME], "stuck")).get("failures") == "0"


@pytest.mark.parametrize(("name", "many"), [("t.png", 1), ("timeline", 1), ("t.svg", 2)])
def test_other_formats_are_refused(name, many):
    """An ending that is no format; an SVG of two scenarios."""
    with pytest.raises(NatsvaluesError) as caught:
        as_file([OUTCOME] * many, name)
    assert caught.value.code == "NV-R009"


def test_a_timeline_keeps_changes_only_and_is_bounded():
    """What repeats is no event; beyond the bound events are counted, not kept."""
    timeline = Timeline()
    for text in ("down", "down", "ready"):
        timeline.tell(1.0, "pod", "a", text)
    assert [event.text for event in timeline.events] == ["down", "ready"]

    for number in range(MOST_EVENTS):
        timeline.tell(2.0, "log", "a", str(number))
    assert (len(timeline.events), timeline.dropped) == (MOST_EVENTS, 2)


def test_tracks_cover_the_time():
    """A state holds until the next, the last until the end."""
    (track,) = tracks(list(EVENTS), "pod", 10.0)

    assert [(segment.begin, segment.end, segment.state) for segment in track.segments][-1] == (9.0, 10.0, "down")
    assert [state_at(track, at) for at in (0.1, 5.0, 9.5)] == ["starting", "ready", "down"]
