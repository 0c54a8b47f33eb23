"""`natsvalues diff` of files: exit codes, outputs, sources and errors, as a user meets them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CASE = os.path.join(ROOT, "tests", "diff", "golden", "upgrade-chart-bump")
OLD, NEW = os.path.join(CASE, "old.yaml"), os.path.join(CASE, "new.yaml")


@pytest.fixture
def diff(run):
    """Run `natsvalues diff` with these words."""
    return lambda *words, **keywords: run("natsvalues", "diff", *words, **keywords)


def stored(manifest, revision=3, values=None, hooks=(), kind="Secret"):
    """A release as Helm stores it, as kubectl exports it."""
    release = {
        "name": "nats", "namespace": "nats", "version": revision, "manifest": manifest, "config": values or {},
        "chart": {"metadata": {"name": "nats", "version": "2.14.2", "appVersion": "2.14.2"}},
        "info": {"status": "deployed"},
        "hooks": [{"path": "nats/templates/test.yaml", "manifest": text} for text in hooks],
    }  # fmt: skip
    data = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    data = base64.b64encode(data) if kind == "Secret" else data
    name = f"sh.helm.release.v1.nats.v{revision}"
    labels = {"owner": "helm", "name": "nats", "status": "deployed", "version": str(revision)}
    head = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
        "data": {"release": data.decode()},
    }
    return head | ({"type": "helm.sh/release.v1"} if kind == "Secret" else {})


def test_exit_codes(diff):
    """0 whatever differs; 2 and 4 only where somebody asks; equal files are 0 with everything asked."""
    assert diff(OLD, NEW).returncode == 0
    assert diff(OLD, NEW, "--detailed-exitcode").returncode == 2
    assert diff(OLD, NEW, "--fail-on", "restart").returncode == 4
    assert diff(OLD, NEW, "--fail-on", "restart", "--detailed-exitcode").returncode == 4
    assert diff(OLD, NEW, "--fail-on", "exposure").returncode == 0
    done = diff(OLD, OLD, "--detailed-exitcode", "--fail-on", "none")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "No differences")


def test_ignored_changes_count_nowhere(diff):
    """Neither in the report nor for the exit code."""
    rules = ["--ignore", "derived", "--ignore", "*/*:spec.template", "--ignore", "Pod/nats-test-*"]
    done = diff(OLD, NEW, "--detailed-exitcode", *rules)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "No differences")
    assert diff(OLD, NEW, "--detailed-exitcode", "--ignore", "derived").returncode == 2


def test_one_side_may_be_standard_input(diff):
    """The other is a file; both at once is an error."""
    with open(NEW, encoding="utf-8") as file:
        text = file.read()
    assert "new: standard input" in diff(OLD, "-", stdin=text).stdout
    assert diff("-", "-", stdin=text).stderr.startswith(
        "error[NV-D005]: standard input can be the old or the new release, not both"
    )


def test_several_reports_in_one_run(diff, tmp_path):
    """Files and one on standard output, all or none."""
    done = diff(OLD, NEW, "-o", "json", "-o", "html=a.html", "-o", "markdown=a.md", cwd=tmp_path)
    assert json.loads(done.stdout)["worst"] == "restart"
    assert sorted(os.listdir(tmp_path)) == sorted(["a.html", "a.md", *_folders(tmp_path)])

    done = diff(OLD, NEW, "-o", "json=b.json", "-o", "html=missing/a.html", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "error[NV-S005]: cannot write the file: No such file or directory\n --> missing/a.html"
    )
    assert "b.json" not in os.listdir(tmp_path)


def _folders(path):
    return [name for name in os.listdir(path) if os.path.isdir(os.path.join(path, name))]


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_an_exported_release_is_a_side(diff, tmp_path, kind):
    """With its values, chart and hooks; `FILE@REVISION` chooses one of several."""
    with open(OLD, encoding="utf-8") as file:
        old = file.read()
    hook = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: h\n  annotations: {helm.sh/hook: test}\n"
    items = [stored(old, 3, {"a": 1}, [hook], kind), stored(old, 4, {"a": 2}, [], kind)]
    (tmp_path / "list.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    told = json.loads(diff("list.json@3", "list.json@4", "-o", "json", cwd=tmp_path, check=True).stdout)["regions"][0]

    assert [(item["object"]["name"], item["op"], item["hook"]) for item in told["objects"]] == [("h", "remove", True)]
    assert [(item["path"], item["before"], item["after"]) for item in told["values"]] == [("a", 1, 2)]
    assert (told["old"]["revision"], told["new"]["revision"], told["old"]["chart"]) == (3, 4, "nats-2.14.2")


WRONG_FILES = [
    ("", "error[NV-D004]: the file is empty"),
    ("a: [1\n", "error[NV-I002]: not YAML"),
    (
        json.dumps(stored("") | {"data": {"release": "bm90IGEgcmVsZWFzZQ=="}}),
        "error[NV-D003]: Secret/sh.helm.release.v1",
    ),
    (json.dumps(stored("") | {"data": {"release": base64.b64encode(b"e30=").decode()}}), "error[NV-D003]"),
    (json.dumps(stored("")) + "\n---\n" + json.dumps(stored("") | {"data": None}), "error[NV-D003]"),
]


@pytest.mark.parametrize(("text", "message"), WRONG_FILES)
def test_a_file_that_is_no_side_is_an_error(diff, tmp_path, text, message):
    """Exit code 1, nothing on standard output, and the file in the message."""
    (tmp_path / "old.yaml").write_text(text)
    done = diff("old.yaml", NEW, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(message)
    assert "old.yaml" in done.stderr


def test_without_two_sides_the_ways_are_told(diff):
    """What can be compared with what."""
    done = diff("only.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "error[NV-D005]: diff takes an old and a new release, and got: only.yaml\nhelp: natsvalues diff OLD NEW"
    )


def test_all_regions_of_two_folders(diff, tmp_path):
    """One report: what regions share is told once, a region that is new is told as such."""
    for name in ("before", "after"):
        os.mkdir(tmp_path / name)
    for region, side, text in (
        ("a", "before", OLD),
        ("a", "after", NEW),
        ("b", "before", OLD),
        ("b", "after", NEW),
        ("c", "after", NEW),
    ):
        with open(text, encoding="utf-8") as file:
            (tmp_path / side / f"{region}.yaml").write_text(file.read())
    done = diff("--all-regions", "before", "after", cwd=tmp_path, check=True)

    assert "[a, b]" in done.stdout
    told = json.loads(diff("--all-regions", "before", "after", "-o", "json", cwd=tmp_path, check=True).stdout)
    assert [item["region"] for item in told["regions"]] == ["a", "b", "c"]
    assert {item["op"] for item in told["regions"][2]["objects"]} == {"add"}
    assert diff("--all-regions", "before", cwd=tmp_path).stderr.startswith("error[NV-D005]: --all-regions compares")


def test_two_regions_that_both_ran_alone_lose_when_they_join(diff, tmp_path):
    """One region alone is the seed; two under one system account lose one side's streams."""
    for name in ("before", "after"):
        os.mkdir(tmp_path / name)
    with open(NEW, encoding="utf-8") as file:
        joined = file.read()
    alone = (
        joined[: joined.index('"gateways": [')].rstrip().rstrip(",")
        + "\n"
        + joined[joined.index('      },\n      "http_port"') :]
    )
    for region in ("a", "b"):
        (tmp_path / "before" / f"{region}.yaml").write_text(alone)
        (tmp_path / "after" / f"{region}.yaml").write_text(joined.replace("4ac73e066da612e0", "0"))
    assert diff("--all-regions", "before", "after", "--fail-on", "data-loss", cwd=tmp_path).returncode == 4
    for side in ("before", "after"):
        os.remove(tmp_path / side / "b.yaml")
    done = diff("--all-regions", "before", "after", "-o", "json", cwd=tmp_path, check=True)
    assert json.loads(done.stdout)["worst"] == "restart"
    for side in ("before", "after"):
        os.rename(tmp_path / side / "a.yaml", tmp_path / side / "z.yaml")
    (tmp_path / "after" / "b.yaml").write_text(joined)
    listed = json.loads(diff("--all-regions", "before", "after", "-o", "json", cwd=tmp_path, check=True).stdout)
    assert [item["region"] for item in listed["regions"]] == ["z", "b"], "the seed is upgraded first"
    opening = diff("--all-regions", "before", "after", cwd=tmp_path, check=True).stdout.partition("\nRESTART")[0]
    assert "this is the seed, so upgrade it before" in opening


def test_a_plain_post_render_leaves_a_report(run, tmp_path):
    """With --prior and --report; the format is that of the suffix, and the output stays what it is."""
    command = ["natsvalues", "post-render", "--region=us-east", f"--overlays={ROOT}/charts/overlays"]
    with open(NEW, encoding="utf-8") as file:
        text = file.read()
    plain = run(*command, stdin=text, check=True).stdout
    done = run(*command, f"--prior={OLD}", "--report=r.json", stdin=text, cwd=tmp_path, check=True)
    assert done.stdout == plain
    assert json.loads((tmp_path / "r.json").read_text())["worst"] == "restart"
    run(*command, f"--prior={OLD}", stdin=text, cwd=tmp_path, env={"NATSVALUES_REPORT": "r.html"}, check=True)
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    done = run(*command, "--report=r.json", stdin=text)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-D009]")


def test_a_refused_post_render_leaves_the_report_that_says_why(run, tmp_path):
    """Nothing goes to Helm, and the report has the loss in it."""
    command = ["natsvalues", "post-render", "--region=us-east", f"--overlays={ROOT}/charts/overlays"]
    with open(NEW, encoding="utf-8") as file:
        text = file.read()
    (tmp_path / "prior.yaml").write_text(text.replace("value: $(POD_NAME)", "value: x-$(POD_NAME)"))
    done = run(*command, "--prior=prior.yaml", "--report=r.json", stdin=text, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads((tmp_path / "r.json").read_text())["worst"] == "identity"


def test_a_rehearsal_of_the_new_side_is_told(diff, tmp_path):
    """Only one of the very rendering counts; what was stuck or lost sets the level."""
    with open(NEW, encoding="utf-8") as file:
        digest = hashlib.sha256(file.read().encode()).hexdigest()[:16]
    good = {"scenario": "cold-restart", "verdict": "converged", "lossy": False, "seconds": 5.7, "remedy": ""}
    stuck = good | {"scenario": "rolling", "verdict": "stuck", "seconds": None, "remedy": "do so"}
    lost = good | {"scenario": "stage-walk", "lossy": True, "remedy": "do otherwise"}
    report = {"format": 1, "scenarios": [item | {"renderings": {"a": digest}} for item in (good, stuck, lost)]}
    (tmp_path / "r.json").write_text(json.dumps(report))
    told = json.loads(diff(OLD, NEW, "--evidence", "r.json", "-o", "json", cwd=tmp_path, check=True).stdout)
    assert [(note["level"], note["remedy"]) for note in told["regions"][0]["notes"]] == [
        ("none", None), ("deadlock", "do so"), ("data-loss", "do otherwise"),
    ]  # fmt: skip
    assert (
        "rehearsed with real servers, `cold-restart`: converged in 5.7 s" in told["regions"][0]["notes"][0]["message"]
    )

    done = diff(NEW, OLD, "--evidence", "r.json", cwd=tmp_path, check=True)
    assert "r.json is a rehearsal of other renderings" in done.stdout
    (tmp_path / "r.json").write_text("{}")
    done = diff(OLD, NEW, "--evidence", "r.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-D011]: not a report of a rehearsal\n --> r.json")


def test_the_phases_are_told_on_standard_error(diff):
    """As `--timings`, or where helm is told to debug; never in the report."""
    quiet = diff(OLD, NEW)
    loud = diff(OLD, NEW, env={"HELM_DEBUG": "true"})
    assert (quiet.stderr, loud.stdout) == ("", quiet.stdout)
    assert loud.stderr.startswith("time: read ")
    assert diff(OLD, NEW, "--timings").stderr.startswith("time: read ")
