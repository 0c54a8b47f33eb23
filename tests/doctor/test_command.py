"""`natsvalues doctor` as a person calls it, without a cluster: bundles, formats, exit codes, wrong words."""

from __future__ import annotations

import json

import pytest
import seeding

from natsvalues.cli.doctor_watch import watch
from natsvalues.doctor.examination import examine
from natsvalues.report.bundle import bundle_text
from natsvalues.report.doctor_html import doctor_html

CUT_OFF = {
    name: {name: {"gatewayz": {"outbound_gateways": {other: None}}}}
    for name, other in (("us-east", "eu-west"), ("eu-west", "us-east"))
}
"""Faults: a region's servers have no connection to the other's gateway."""


@pytest.fixture
def doctor(run):
    """Run `natsvalues doctor`."""
    return lambda *words: run("natsvalues", "doctor", *words)


def test_a_healthy_bundle_is_silent(doctor):
    """Exit code 0, and nine items."""
    done = doctor("--from-bundle", seeding.BUNDLE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no findings" in done.stdout
    assert "\n9. The servers have loaded the configuration that was rendered\n" in done.stdout


def test_the_exit_code_follows_the_threshold(doctor, tmp_path):
    """And each format may go to a file."""
    bundle = tmp_path / "incident.json"
    bundle.write_text(bundle_text(seeding.seeded({"us-east": {"varz": {"nats-1": {"version": "2.12.8"}}}})))
    assert doctor("--from-bundle", bundle).returncode == 0
    assert doctor("--from-bundle", bundle, "--fail-on=warning", "-o", f"json={tmp_path}/report.json").returncode == 4
    report = json.loads((tmp_path / "report.json").read_text())
    assert [finding["rule"] for finding in report["findings"]] == ["DR205"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({}, "us-east and eu-west are connected both ways"),
        (CUT_OFF["us-east"], "eu-west is connected to us-east, and not us-east to eu-west"),
        (CUT_OFF["us-east"] | CUT_OFF["eu-west"], "us-east and eu-west are not connected, neither way"),
        (
            {"eu-west": {"silent": ["nats-0", "nats-1", "nats-2"]}},
            "not known whether us-east and eu-west are connected",
        ),
    ],
)
def test_the_page_says_which_ways_are_connected(fault, words):
    """As the servers report it: a link that is dead both ways is not one way, nor is one of which nobody said it."""
    page = doctor_html(examine(seeding.seeded(fault)))
    lines = page.partition("The picture in words")[2].partition("</ul>")[0]
    ways = ("connected both ways", "is connected to", "neither way", "not known whether")

    assert f"<li>{words}</li>" in lines
    assert sum(way in lines for way in ways) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--contexts or --from-bundle"),
        (("gather", "file"), "only `collect FILE`"),
        (("--from-bundle=x.json", "--watch"), "a bundle does not change"),
        (("--from-bundle=x.json",), "error[NV-I007]"),
        (("--from-bundle=x.json", "-o", "pdf"), "error[NV-L009]"),
        (("--contexts=us-east=nowhere",), "error[NV-R0"),
    ],
)
def test_wrong_words_are_an_error(doctor, words, message):
    """With what is wrong with them."""
    done = doctor(*words)
    assert done.returncode == 1
    assert message in done.stdout + done.stderr


def test_watching_prints_what_changes(capfd):
    """Without a terminal: all items at first, then the fault, then that it is solved; the code is the last look's."""
    stale = {"us-east": {"digests": {"nats-1": ["sha256:0000"]}}}
    looks = iter([examine(seeding.seeded(fault)) for fault in ({}, stale, stale)])
    assert watch(lambda: next(looks), 0, 3, "error") == 4
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 18 + 2
    assert " us-east configuration: fail: 2 of 3 servers have loaded ConfigMap nats-config as it is;" in lines[18]
    assert " error[DR202] nats-1 of `us-east` " in lines[19]
