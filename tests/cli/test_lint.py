"""`natsvalues lint` as people run it: inputs, formats, exit codes, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import pytest

from natsvalues.lint.rules import RULES

OF_BOTH, ONLY_OVERLAYS, OF_EVIDENCE, OF_SERVER = (
    sum(rule.applies_to == looks for rule in RULES) for looks in ("regions", "overlays", "rehearsal", "server")
)
OF_OVERLAYS = ONLY_OVERLAYS + OF_BOTH
OF_RENDERINGS = len(RULES) - ONLY_OVERLAYS - OF_EVIDENCE - OF_SERVER
SPREAD = r"podTemplate.topologySpreadConstraints.topology\.kubernetes\.io/zone"
THREE = "3 renderings (ap-south, eu-west, us-east)"
VALUES = f"config.cluster.enabled=true,config.jetstream.enabled=true,{SPREAD}.maxSkew=1"

pytestmark = pytest.mark.helm


@pytest.fixture
def rendering(run, helm3, nats_chart, home):
    """A rendering that natsvalues never touched, with the chart's gateway on."""
    text = run(
        helm3, "template", "nats", nats_chart, "--set", f"{VALUES},config.gateway.enabled=true", check=True
    ).stdout
    (home / "raw.yaml").write_text(text, encoding="utf-8")
    return "raw.yaml"


@pytest.fixture
def folder(run, helm3, nats_chart, home):
    """A folder with a rendering for each region, made by natsvalues."""
    raw = run(helm3, "template", "nats", nats_chart, "--set", VALUES, check=True).stdout
    (home / "rendered").mkdir()
    for region in ("us-east", "eu-west", "ap-south"):
        text = run("natsvalues", "post-render", f"--region={region}", stdin=raw, cwd=home, check=True).stdout
        (home / "rendered" / f"{region}.yaml").write_text(text, encoding="utf-8")
    return home / "rendered"


def test_overlays_of_this_directory(run, home):
    """Without a path the overlays are linted; a note does not fail."""
    done = run("natsvalues", "lint", cwd=home)

    assert (done.returncode, done.stderr) == (0, "")
    assert "note[OV010]" in done.stdout
    assert "charts/overlays/us-east.yaml:13: loadBalancer.scheme" in done.stdout
    assert done.stdout.endswith(f"1 note: {OF_OVERLAYS} rules on the overlays of 3 regions\n")


def test_a_comment_in_an_overlay(run, home):
    """Behind the field; the report shows the reason."""
    file = home / "charts" / "overlays" / "us-east.yaml"
    text = file.read_text(encoding="utf-8")
    comment = "  # natsvalues: ignore OV010 until the certificates are there"
    file.write_text(text.replace("internet-facing", "internet-facing" + comment), encoding="utf-8")
    done = run("natsvalues", "lint", "--fail-on", "note", cwd=home)

    assert done.returncode == 0
    assert "ignored[OV010] `us-east` is internet-facing, and gateways have no TLS" in done.stdout
    assert "  = until the certificates are there\n" in done.stdout


def test_a_rendering_alone(run, home, rendering):
    """A file and standard input give the same findings; an error fails."""
    from_file = run("natsvalues", "lint", rendering, "--format", "json", cwd=home)
    text = (home / rendering).read_text(encoding="utf-8")
    from_input = run("natsvalues", "lint", "-", "--format", "json", cwd=home, stdin=text)

    assert from_file.returncode == from_input.returncode == 4
    found = [json.loads(done.stdout)["findings"] for done in (from_file, from_input)]
    assert [item["rule"] for item in found[0]] == [item["rule"] for item in found[1]]
    assert {"GW001", "LB004"} <= {item["rule"] for item in found[0]}
    assert {item["where"][0]["file"] for item in found[1]} == {"standard input"}


def test_an_object_of_another_kind_region(run, home, rendering):
    """A custom resource in a rendering does not make it an overlay."""
    file = home / rendering
    other = "---\napiVersion: cloud.example.com/v1\nkind: Region\nmetadata: {name: a}\n"
    file.write_text(file.read_text(encoding="utf-8") + other, encoding="utf-8")
    done = run("natsvalues", "lint", rendering, cwd=home)

    assert done.returncode == 4
    assert f"{OF_RENDERINGS} rules on 1 rendering (region " in done.stdout


@pytest.mark.usefixtures("folder")
def test_all_regions_and_their_overlays(run, home):
    """A folder is one rendering for each region; with the overlays the stamps are checked, too."""
    alone = run("natsvalues", "lint", "rendered", cwd=home)
    assert (alone.returncode, alone.stdout) == (0, f"no findings: {OF_RENDERINGS} rules on {THREE}\n")
    both = run("natsvalues", "lint", "rendered", "charts/overlays", "--fail-on", "warning", cwd=home)
    assert both.returncode == 0
    assert f"{OF_RENDERINGS + ONLY_OVERLAYS} rules on the overlays of 3 regions and {THREE}\n" in both.stdout

    overlay = home / "charts" / "overlays" / "eu-west.yaml"
    overlay.write_text(overlay.read_text(encoding="utf-8").replace("nats-gw-eu-west", "gw-eu"), encoding="utf-8")
    stale = run("natsvalues", "lint", "rendered", "--overlays", "charts/overlays", "--format", "json", cwd=home)
    assert {(item["rule"], *item["regions"]) for item in json.loads(stale.stdout)["findings"]} >= {
        ("HS002", "eu-west"),
        ("HS002", "us-east"),
    }


def test_a_rendering_that_could_be_any_region(run, home, rendering):
    """What needs no overlay is checked, and a note says what --region adds: there it is found untouched."""
    words = ["natsvalues", "lint", rendering, "--overlays", "charts/overlays", "--format", "json"]
    done = run(*words, cwd=home)
    assert done.stderr == (
        f"note: {rendering} is not compared with an overlay; --region says with which: ap-south, eu-west, us-east\n"
    )
    assert "HS001" not in {item["rule"] for item in json.loads(done.stdout)["findings"]}
    named = run(*words, "--region", "us-east", cwd=home)
    assert named.stderr == ""
    [untouched] = [item for item in json.loads(named.stdout)["findings"] if item["rule"] == "HS001"]
    assert ": it is the chart's own rendering; to lint what post-rendering gives: " in untouched["message"]


def test_an_untouched_rendering_leads_to_what_post_rendering_gives(run, home, helm3, nats_chart):
    """Installed like this it is an error; the command that the error prints lints it as it will be, and passes."""
    text = run(helm3, "template", "nats", nats_chart, "--set", VALUES, check=True).stdout
    (home / "raw file.yaml").write_text(text, encoding="utf-8")
    words = ["natsvalues", "lint", "charts/overlays", "--region", "us-east", "--format", "json"]
    done = run(*words, "raw file.yaml", cwd=home)
    (message,) = [item["message"] for item in json.loads(done.stdout)["findings"] if item["rule"] == "HS001"]
    command = message.partition("to lint what post-rendering gives: ")[2]
    followed = run("sh", "-c", command, cwd=home)

    assert done.returncode == 4
    assert command == (
        "natsvalues post-render --region us-east --overlays charts/overlays <'raw file.yaml' | "
        "natsvalues lint - charts/overlays"
    )
    assert (followed.returncode, followed.stderr) == (0, "")
    assert "1 rendering (region us-east, StatefulSet/nats)" in followed.stdout
    piped = run(*words, "-", stdin=text, cwd=home)
    (message,) = [item["message"] for item in json.loads(piped.stdout)["findings"] if item["rule"] == "HS001"]
    assert message.endswith(": … | " + command.replace(" <'raw file.yaml'", ""))


def test_a_rendering_that_no_region_means(run, home, rendering):
    """Overlays that select another NATS: without a region it is linted alone, for a region it is refused."""
    for region in ("us-east", "eu-west", "ap-south"):
        with open(home / "charts" / "overlays" / f"{region}.yaml", "a", encoding="utf-8") as file:
            file.write("nats: {name: bus}\n")
    words = ["natsvalues", "lint", rendering, "charts/overlays"]
    alone = run(*words, cwd=home)
    assert alone.returncode == 4
    assert alone.stderr.startswith(f"note: {rendering} is not compared with an overlay")
    named = run(*words, "--region", "us-east", cwd=home)
    assert (named.returncode, named.stdout) == (1, "")
    assert named.stderr.startswith("error[NV-I005]: the release has no NATS named `bus`")


def test_a_render_that_forgot_natsvalues(run, home, folder, rendering):
    """Beside stamped regions it is found without any overlay."""
    shutil.copy(home / rendering, folder / "eu-west.yaml")
    done = run("natsvalues", "lint", "rendered", "--format", "json", "--region", "eu-west", cwd=home)

    findings = json.loads(done.stdout)["findings"]
    assert "HS001" in {item["rule"] for item in findings}
    assert all("eu-west" in item["regions"] for item in findings)


def test_a_file_of_an_overlay_folder_means_the_folder(run, home):
    """As a pre-commit hook names files: two of them are the same overlays."""
    files = ["charts/overlays/us-east.yaml", "charts/overlays/eu-west.yaml"]
    done = run("natsvalues", "lint", *files, cwd=home)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        f"1 note: {OF_OVERLAYS} rules on the overlays of 3 regions",
    )


def test_several_formats_at_once(run, home, rendering):
    """One on standard output, the others into files, all of the same findings."""
    formats = ["text", "json=a.json", "sarif=a.sarif", "junit=a.xml", "github=a.txt", "markdown=a.md"]
    words = [word for name in formats for word in ("--format", name)]
    done = run("natsvalues", "lint", rendering, *words, cwd=home)

    assert done.returncode == 4
    number = len(json.loads((home / "a.json").read_text(encoding="utf-8"))["findings"])
    assert number == done.stdout.count("\nhelp: ")
    assert len(json.loads((home / "a.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]) == number
    assert (home / "a.txt").read_text(encoding="utf-8").count("::") == 2 * number
    assert (home / "a.md").read_text(encoding="utf-8").count("\n| ") == number + 2
    assert 'failures="' in (home / "a.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("threshold", "severity", "code"),
    [("error", [], 4), ("never", [], 0), ("error", ["GW001=note"], 0), ("note", ["GW001=note"], 4)],
)
def test_the_threshold_decides_the_exit_code(threshold, severity, code, run, home, rendering):
    """Findings are told in any case."""
    words = [word for item in severity for word in ("--severity", item)]
    done = run("natsvalues", "lint", rendering, "--fail-on", threshold, *words, cwd=home)

    assert done.returncode == code
    assert "[GW001]" in done.stdout


def test_taking_over_an_existing_setup(run, home, rendering):
    """With a baseline the present findings are passed over."""
    first = run("natsvalues", "lint", rendering, "--write-baseline", "known.json", cwd=home)
    assert first.returncode == 0
    later = run("natsvalues", "lint", rendering, "--baseline", "known.json", "--fail-on", "note", cwd=home)
    assert later.returncode == 0
    assert "known from the baseline" in later.stdout


def test_fix_edits_the_overlay(run, home):
    """And tells what it did; a second run has nothing left."""
    file = home / "charts" / "overlays" / "supercluster.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "\nprobes:\n  startup: keep   # for now\n", encoding="utf-8")
    done = run("natsvalues", "lint", "--fix", cwd=home)

    assert done.stderr == "fixed charts/overlays/supercluster.yaml: set probes.startup to auto\n"
    assert file.read_text(encoding="utf-8") == text + "\nprobes:\n  startup: auto   # for now\n"
    assert "OV008" not in done.stdout


WRONG = {
    "an unknown format": (["--format", "xml"], "NV-L009"),
    "two for standard output": (["--format", "text", "--format", "json"], "NV-L009"),
    "an unknown threshold": (["--fail-on", "fatal"], "NV-L009"),
    "an unknown rule": (["--severity", "GW999=note"], "NV-L002"),
    "an unknown severity": (["--severity", "GW001=fatal"], "NV-L004"),
    "a missing file": (["nothing.yaml"], "NV-I007"),
    "a folder without YAML": (["charts"], "NV-L007"),
    "no NATS": (["app.yaml"], "NV-I003"),
    "no YAML": (["broken.yaml"], "NV-I002"),
    "two superclusters": (["charts/overlays", "other"], "NV-L006"),
    "the same region twice": (["raw.yaml", "again/raw.yaml"], "NV-L001"),
    "a region that is none": (["raw.yaml", "--overlays", "charts/overlays", "--region", "mars"], "NV-O003"),
    "no baseline": (["--baseline", "app.yaml"], "NV-L005"),
    "a file that cannot be written": (["--format", "json=no/such/folder.json"], "NV-S005"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_gives_an_error_and_no_report(case, run, home, rendering):
    """Exit code 1, a code and a remedy, and nothing on standard output."""
    (home / "app.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", encoding="utf-8")
    (home / "broken.yaml").write_text("a: [b\n---\nStatefulSet nats configMap volumeMounts config: ]\n", "utf-8")
    (home / "again").mkdir()
    shutil.copy(home / rendering, home / "again")
    shutil.copytree(home / "charts" / "overlays", home / "other")
    words, code = WRONG[case]
    done = run("natsvalues", "lint", *words, cwd=home)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error[{code}]: ")
    assert "\nhelp: " in done.stderr


def rehearsal(home, *scenarios, renderings=()):
    """A report of a rehearsal, of the files named, in which each scenario went as it says."""
    texts = [(home / file).read_text(encoding="utf-8") for file in renderings]
    ran = {str(number): hashlib.sha256(text.encode()).hexdigest()[:16] for number, text in enumerate(texts)}
    well = {"verdict": "converged", "lossy": False, "seconds": 5.7, "remedy": "", "renderings": ran}
    (home / "r.json").write_text(json.dumps({"format": 1, "scenarios": [well | item for item in scenarios]}))


@pytest.mark.usefixtures("folder")
def test_a_rehearsal_as_evidence(run, home):
    """Good news in a line, bad news as findings, and nothing from renderings that have changed since."""
    files = sorted(f"rendered/{file}" for file in os.listdir(home / "rendered"))
    lint = ("natsvalues", "lint", "rendered", "--evidence", "r.json")
    rehearsal(home, {"scenario": "cold-restart"}, renderings=files)
    good = run(*lint, "-o", "text", "-o", "json=l.json", "-o", "markdown=l.md", cwd=home)
    told = "rehearsed with real servers, `cold-restart`: converged in 5.7 s"
    assert (good.returncode, good.stdout) == (
        0,
        f"{told}\nno findings: {OF_RENDERINGS + OF_EVIDENCE} rules on {THREE}\n",
    )
    assert told in (home / "l.md").read_text(encoding="utf-8")
    (shown,) = json.loads((home / "l.json").read_text(encoding="utf-8"))["rehearsed"]
    assert (shown["scenario"], shown["proves"]) == ("cold-restart", True)

    bad = (
        {"scenario": "rolling", "verdict": "stuck", "seconds": None, "remedy": "move on"},
        {"scenario": "walk", "lossy": True},
    )
    rehearsal(home, *bad, renderings=files)
    done = run(*lint, cwd=home)
    assert done.returncode == 4
    assert "error[RH001] rehearsal-stuck: rehearsed with real servers, `rolling` got stuck: move on" in done.stdout
    assert " --> r.json: scenarios[1]\n" in done.stdout
    assert f"2 errors: {OF_RENDERINGS + OF_EVIDENCE} rules on {THREE}" in done.stdout

    with open(home / files[0], "a", encoding="utf-8") as file:
        file.write("# edited since\n")
    changed = run(*lint, cwd=home)
    assert changed.returncode == 0
    assert "2 warnings" in changed.stdout
    assert "warning[RH003] rehearsed-otherwise: `rolling` was rehearsed with another rendering of " in changed.stdout


def test_evidence_that_is_none(run, home, rendering):
    """Not a rehearsal's report, or nothing to compare it with: an error, and no report."""
    (home / "r.json").write_text("[]")
    done = run("natsvalues", "lint", rendering, "--evidence", "r.json", cwd=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-D011]: not a report of a rehearsal\n --> r.json")
    done = run("natsvalues", "lint", "--evidence", "r.json", cwd=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-L010]")


def test_an_empty_file_is_said_to_be_empty(run, tmp_path):
    """A template that failed leaves such a file behind; it is an error of its own, with its name."""
    (tmp_path / "us-east.yaml").write_text("")
    done = run("natsvalues", "lint", "us-east.yaml", cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("error[NV-I001]: the input is empty")
    assert " --> us-east.yaml" in done.stderr
