"""Who is upgraded first where a region joins: every command says the same, and refuses what would start too early."""

from __future__ import annotations

import json
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGIONS = ("us-east", "eu-west", "ap-south")
EARLY = "`eu-west` joins, and the seed `us-east` is in stage `expose`"

pytestmark = pytest.mark.helm


@pytest.fixture
def cases(load_module):
    """Return the script that writes overlays and renderings, as a module."""
    return load_module(os.path.join(ROOT, "scripts", "rehearsal_cases.py"))


@pytest.fixture
def rendered(cases, helm3, nats_chart, tmp_path):
    """Write the regions' releases in these stages: `rendered("before", {"us-east": "expose"}, version="2.11.10")`."""

    def write(name, stages, version="2.14.2", scope="supercluster", regions=REGIONS):
        overlays = str(tmp_path / f"overlays-{name}")
        cases.write_overlays(overlays, regions, scope, stages)
        renderer = cases.Renderer(helm3, nats_chart)
        (tmp_path / "plain.yaml").write_text(renderer.template(version))
        return cases.write_renderings(str(tmp_path / name), cases.ours(renderer, version, overlays))

    return write


@pytest.fixture
def too_early(cases, helm3, nats_chart, tmp_path):
    """Write a plain rendering, and overlays in which a region joins before the seed."""
    cases.write_overlays(str(tmp_path / "overlays"), REGIONS[:2], stages={"us-east": "expose"})
    text = cases.Renderer(helm3, nats_chart).template("2.14.2")
    (tmp_path / "plain.yaml").write_text(text)
    return text


@pytest.mark.parametrize(
    "words",
    [
        ["post-render", "--region=eu-west", "--overlays=overlays"],
        ["explain", "--region=eu-west", "--overlays=overlays"],
        ["export", "kustomize", "eu-west", "--overlays=overlays", "--output=files"],
    ],
    ids=lambda words: words[0],
)
def test_a_region_before_the_seed_is_refused(run, too_early, words):
    """It would elect a meta leader alone, or wait for the seed; nothing is written."""
    done = run("natsvalues", *words, stdin=too_early)

    assert (done.returncode, done.stdout) == (1, ""), done.stdout[:300]
    assert done.stderr.startswith(f"error[NV-O022]: {EARLY}\n --> overlays/eu-west.yaml:3: stage\n")
    assert "overlays/us-east.yaml:3: stage" in done.stderr


def test_values_for_a_region_before_the_seed_are_refused(run, too_early, nats_chart, helm3):
    """As a post-renderer would refuse it."""
    assert too_early
    settings = "config: {cluster: {enabled: true}, jetstream: {enabled: true}}\n"
    words = ["values", "eu-west", "--chart", nats_chart, "--overlays=overlays", "-f", "-"]
    done = run("natsvalues", *words, stdin=settings, env={"HELM_BIN": helm3})

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error[NV-O022]: {EARLY}\n")


def test_lint_says_the_same(run, too_early):
    """In the same words; the seed itself can be rendered, since it is what must go first."""
    done = run("natsvalues", "lint", "overlays", "--format=json")
    found = [item for item in json.loads(done.stdout)["findings"] if item["rule"] == "OV005"]

    assert [item["message"] for item in found] == [EARLY]
    run("natsvalues", "post-render", "--region=us-east", "--overlays=overlays", stdin=too_early, check=True)


@pytest.mark.parametrize(
    ("version", "level", "code"), [("2.11.10", "data-loss", "DI018"), ("2.14.2", "outage", "DI019")]
)
def test_a_region_that_the_seed_does_not_list_is_judged_by_its_version(run, rendered, tmp_path, version, level, code):
    """Where all releases are at hand and the seed's stays as it is; not where it is upgraded, too."""
    two = REGIONS[:2]
    rendered("before", {"us-east": "join", "eu-west": "expose"}, version, regions=two)
    rendered("after", {}, version, regions=two)
    both = run("natsvalues", "diff", "--all-regions", "before", "after", "-o", "json", check=True).stdout
    assert json.loads(both)["worst"] in ("restart", "exposure"), both[:2000]

    (tmp_path / "after" / "us-east.yaml").write_text((tmp_path / "before" / "us-east.yaml").read_text())
    report = json.loads(run("natsvalues", "diff", "--all-regions", "before", "after", "-o", "json", check=True).stdout)
    notes = [(note["id"], note["level"]) for item in report["regions"] for note in item["notes"]]

    assert (code, level) in notes
    assert report["worst"] == level


def test_leaving_independent_regions_is_an_outage_of_the_links(run, rendered):
    """Scope region, from join to expose: the streams stay, messages between the regions stop."""
    rendered("joined", {}, scope="region")
    rendered("exposed", {"us-east": "expose"}, scope="region")
    words = ["joined/us-east.yaml", "exposed/us-east.yaml", "-o", "json", "--overlays=overlays-exposed"]
    report = json.loads(run("natsvalues", "diff", *words, check=True).stdout)

    assert report["worst"] == "outage"
    assert "its own streams stay" in json.dumps(report)


def test_a_region_that_leaves_is_not_said_to_keep_its_quorum(run, rendered):
    """One report does not say both: JetStream is lost without the others."""
    rendered("joined", {})
    rendered("exposed", {"us-east": "expose", "eu-west": "expose", "ap-south": "expose"})
    done = run("natsvalues", "diff", "joined/us-east.yaml", "exposed/us-east.yaml", check=True)
    report = " ".join(done.stdout.split())

    assert "loses JetStream" in report
    assert "keeps its quorum" not in report
