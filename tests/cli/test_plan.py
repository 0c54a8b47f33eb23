"""`natsvalues plan` as a user runs it: reports, files, the next step, and whatever can be wrong with what is given."""

from __future__ import annotations

import json
import os
import time
from html.parser import HTMLParser

import jsonschema
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUPERCLUSTER = "kind: Supercluster\nname: demo\njetstream: {scope: supercluster}\n"
REGION = """\
kind: Region          # NAME
name: NAME
stage: join
joins: JOINS
gateway: {host: gw.NAME.example}
serverNames: {prefix: "PREFIX"}
loadBalancer: {provider: generic}
"""
VALUES = """\
config: {cluster: {enabled: true}, jetstream: {enabled: true}}
container: {image: {tag: 2.15.1-alpine}}
"""
JSZ = {
    "meta_cluster": {"leader": "nats-0", "cluster_size": 3, "replicas": []},
    "account_details": [
        {
            "name": "$G",
            "stream_detail": [
                {
                    "name": "ORDERS",
                    "config": {"num_replicas": 1},
                    "state": {"messages": 7},
                    "cluster": {"name": "nats", "leader": "nats-0"},
                }
            ],
        }
    ],
}


@pytest.fixture
def overlays(tmp_path):
    """Write a supercluster of a seed and an empty region."""
    (tmp_path / "ov").mkdir()
    (tmp_path / "ov" / "supercluster.yaml").write_text(SUPERCLUSTER)
    for name, joins, prefix in (("east", "seed", ""), ("west", "empty", "west-")):
        text = REGION.replace("NAME", name).replace("JOINS", joins).replace("PREFIX", prefix)
        (tmp_path / "ov" / f"{name}.yaml").write_text(text)
    return tmp_path / "ov"


@pytest.fixture
def rendering(run, helm3, nats_chart):
    """Return a cluster with JetStream, as the chart alone renders it."""
    settings = "config.cluster.enabled=true,config.jetstream.enabled=true,container.image.tag=2.14.2-alpine"
    return run(helm3, "template", "nats", nats_chart, "--set", settings, check=True).stdout


@pytest.fixture
def prior(rendering, tmp_path):
    """Write a folder with the seed's release."""
    (tmp_path / "prior").mkdir()
    (tmp_path / "prior" / "east.yaml").write_text(rendering)
    return tmp_path / "prior"


@pytest.fixture
def plan(run, overlays):
    """Run the command with these overlays."""
    return lambda *words, **options: run("natsvalues", "plan", "--overlays", str(overlays), *words, **options)


def test_from_nothing(plan):
    """The seed is installed alone, the other without JetStream; only the next step has the commands of its checks."""
    done = plan()
    assert (done.returncode, done.stderr) == (0, "")
    heads = [line for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert [head.rpartition("[")[2] for head in heads] == [
        "east/install]", "east/expose]", "west/install]", "east/join]", "west/join]",
    ]  # fmt: skip
    assert done.stdout.count('healthz"; done') == 1


@pytest.mark.helm
def test_from_a_release_in_a_file(plan, prior):
    """What is installed is not installed again, and what is not known of its streams is said."""
    done = plan("--prior", str(prior))
    assert done.returncode == 0
    assert f"is: east: {prior}/east.yaml: in stage local" in done.stdout
    assert "not known: east: which streams its stores have" in done.stdout
    assert "[east/expose]" in done.stdout
    assert "[east/install]" not in done.stdout


@pytest.mark.helm
def test_the_streams_of_a_store_are_in_the_commands(plan, prior, rendering, tmp_path):
    """Each by its name."""
    (prior / "west.yaml").write_text(rendering)
    (tmp_path / "jsz").write_text(json.dumps(JSZ) + "\n" + json.dumps(JSZ) + "\n")
    done = plan("--prior", str(prior), "--jsz", f"west={tmp_path}/jsz", "--backups", "kept")
    assert "nats --context west stream backup --consumers ORDERS kept/west/ORDERS" in done.stdout


def test_json_is_as_its_schema_says(plan):
    """Format 1; and --next has one step of it."""
    with open(os.path.join(ROOT, "docs", "plan.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    whole = json.loads(plan("-o", "json").stdout)
    jsonschema.validate(whole, schema)
    following = json.loads(plan("-o", "json", "--next").stdout)
    jsonschema.validate(following, schema)
    assert following["steps"] == whole["steps"][:1]
    assert whole["steps"][0]["record"]


def test_markdown_and_html_have_every_step(plan, tmp_path):
    """Boxes to tick off; the page has no script and loads nothing."""
    done = plan("-o", f"markdown={tmp_path}/plan.md", "-o", f"html={tmp_path}/plan.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    markdown, html = (tmp_path / "plan.md").read_text(), (tmp_path / "plan.html").read_text()
    assert markdown.count("\n## ") == 5
    assert "- [ ] run" in markdown
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(html)
    assert sum(tag == "section" for tag, _ in tags) == 5
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe"}
    assert sum(tag == "input" for tag, _ in tags) > 20


@pytest.mark.helm
def test_the_next_step_is_written_and_the_rest_of_the_file_stays(plan, prior, overlays):
    """Until its release shows it, the step stays the next one, and nothing more is written."""
    plan("--prior", str(prior), "--next", "--write")
    text = (overlays / "east.yaml").read_text()
    assert text.startswith("kind: Region          # east\n")
    assert "move:\n  stage: expose\n" in text
    assert "move:\n  stage: local\n" in (overlays / "west.yaml").read_text()
    again = plan("--prior", str(prior), "--next", "--write").stdout
    assert "  edit  " not in again
    assert (overlays / "east.yaml").read_text() == text


@pytest.mark.helm
def test_another_version_in_the_values_is_seen(run, plan, overlays, prior, rendering, nats_chart, helm3, tmp_path):
    """One region after the other; without values, or with ones that helm does not render, it is not known."""
    for name in ("east", "west"):
        words = ("--overlays", str(overlays), "--region", name)
        (prior / f"{name}.yaml").write_text(run("natsvalues", *words, stdin=rendering, check=True).stdout)
    (tmp_path / "east.yaml").write_text(VALUES)
    (tmp_path / "west.yaml").write_text(VALUES)
    words = ("--prior", str(prior), "--chart", nats_chart, "-f", f"{tmp_path}/{{region}}.yaml")
    env = {"HELM_BIN": helm3}
    done = plan(*words, env=env)
    heads = [line for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert heads == [
        "1/2 west: its servers become 2.15.1, and nothing else changes  [west/upgrade-servers]",
        "2/2 east: its servers become 2.15.1, and nothing else changes  [east/upgrade-servers]",
    ]
    assert "west: every server runs 2.14.2" in done.stdout
    assert "not known: which" not in done.stdout
    (tmp_path / "east.yaml").unlink()
    done = plan(*words, env=env)
    assert "not known: east: which nats-server its new release has: " in done.stdout
    assert done.stdout.count("[") == 1
    assert "not known: which nats-server the new releases have, and what" in plan("--prior", str(prior)).stdout
    assert "not known: which nats-server" not in plan().stdout  # nothing is installed


@pytest.mark.helm
def test_lost_volumes_are_stated(run, plan, overlays, prior, rendering):
    """Of a region of the overlays, with or without a release; what has no backup is said to be lost."""
    for name in ("east", "west"):
        words = ("--overlays", str(overlays), "--region", name)
        (prior / f"{name}.yaml").write_text(run("natsvalues", *words, stdin=rendering, check=True).stdout)
    done = plan("--prior", str(prior), "--lost", "west")
    assert "1/1 west: start its servers under their names, with empty stores  [west/rebuild]" in done.stdout
    assert "LOST is what streams in west had, but for what is in its backup (there is none)" in done.stdout
    assert "kubectl delete pvc -l " in done.stdout
    (prior / "east.yaml").unlink()
    done = plan("--prior", str(prior))
    assert done.returncode == 1
    assert "--lost east, and it starts as one of them" in " ".join(done.stdout.split())
    done = plan("--prior", str(prior), "--lost", "east")
    assert (done.returncode, done.stdout.count("rebuild]")) == (0, 1)
    assert "kubectl delete pvc" not in done.stdout
    assert "--post-renderer-args=--region=east" in done.stdout


def test_regions_can_be_chosen(plan):
    """Only their steps are shown."""
    done = plan("--region", "west")
    assert "[west/join]" in done.stdout
    assert "[east/" not in done.stdout


def test_a_region_whose_turn_has_not_come_is_told_so(plan):
    """Else its step would look as if it were the next one, and a step of another region would be skipped."""
    done = plan("--region", "west", "--next", "--check")
    assert done.returncode == 4
    assert "NOT YET: the steps before it are made: east/install, east/expose" in done.stdout
    assert "NOT YET" not in plan("--region", "east", "--next").stdout


@pytest.mark.helm
def test_the_commands_have_the_overlays_that_were_named(plan, overlays):
    """The post-renderer looks for them where helm is called."""
    assert f"--post-renderer-args=--overlays={overlays}" in plan("--next").stdout


def test_the_commands_have_the_names_that_the_chart_gives(plan):
    """Of a release that is not installed yet: `helm template prod` names its StatefulSet prod-nats."""
    text = plan("--release", "prod", "--next").stdout
    assert "kubectl rollout status statefulset/prod-nats --timeout=15m" in text
    assert "get pods -l app.kubernetes.io/component=nats,app.kubernetes.io/instance=prod -o name" in text


def test_a_plan_that_is_refused_says_why(plan, overlays):
    """Exit code 1, no steps."""
    text = (overlays / "east.yaml").read_text()
    (overlays / "east.yaml").write_text(
        text.replace("joins: seed", "joins: empty").replace("stage: join", "stage: local")
    )
    done = plan()
    assert done.returncode == 1
    assert "refused: " in done.stdout
    assert "help: " in done.stdout
    assert "run     " not in done.stdout


def test_the_steps_to_another_delivery(plan, tmp_path):
    """In every format; JSON as its schema says. They are printed once, and edit nothing."""
    names = ("json", "markdown", "html")
    files = [word for name in names for word in ("-o", f"{name}={tmp_path}/{name}")]
    text = plan("--to", "post-renderer", "--from", "flux", "-o", "text", *files).stdout
    assert text.startswith("demo: 8 steps to the delivery post-renderer\n")
    whole = json.loads((tmp_path / "json").read_text())
    with open(os.path.join(ROOT, "docs", "plan.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(whole, json.load(file))
    assert (whole["delivery"], len(whole["steps"])) == ("post-renderer", 8)
    for name in ("markdown", "html"):
        assert "the way to the delivery post-renderer" in (tmp_path / name).read_text()
    for wrong, says in {
        ("--to", "flux", "--next"): "they are printed once",
        ("--to", "flux"): "error[NV-M006]: the delivery that `east` has now is not known",
    }.items():
        done = plan(*wrong)
        assert (done.returncode, done.stdout) == (1, "")
        assert says in done.stderr


WRONG = {
    "two sources": (("--contexts", "east=a", "--prior", "."), "NV-M001"),
    "no such folder": (("--prior", "nowhere"), "NV-M002"),
    "no file of a region": (("--prior", "{overlays}/.."), "NV-M002"),
    "no such region": (("--region", "wset"), "NV-O003"),
    "no such region lost": (("--lost", "wset"), "NV-O003"),
    "no pair": (("--jsz", "east"), "NV-M003"),
    "not installed": (("--jsz", "east=jsz"), "NV-M003"),
    "no such format": (("-o", "yaml"), "NV-L009"),
    "nothing to look at": (("--check", "--prior", "{prior}"), "NV-M004"),
    "an unknown context": (("--contexts", "east=a,west=b"), "NV-R034"),
}


@pytest.mark.helm
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(plan, overlays, prior, case, kubectl):
    """With a code and a remedy; nothing is printed or written."""
    words, code = WRONG[case]
    before = (overlays / "east.yaml").read_text()
    done = plan(
        "--write",
        *(word.format(overlays=overlays, prior=prior) for word in words),
        env={"NATSVALUES_KUBECTL": kubectl, "KUBECONFIG": "/dev/null"},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error[{code}]" in done.stderr
    assert "help: " in done.stderr
    assert (overlays / "east.yaml").read_text() == before


@pytest.mark.helm
def test_a_precondition_that_does_not_hold_names_what_explains_it(plan, prior, tmp_path):
    """The command of doctor, in every format, with the rules that may be the cause."""
    without = JSZ | {"meta_cluster": {"leader": "", "cluster_size": 3, "replicas": []}}
    (tmp_path / "ov" / "east.yaml").write_text((tmp_path / "ov" / "east.yaml").read_text().replace('""', "east-"))
    (tmp_path / "jsz").write_text(json.dumps(without))
    words = ("--prior", str(prior), "--jsz", f"east={tmp_path}/jsz")
    done = plan(*words, "--check")
    assert done.returncode == 4
    assert "NOT YET: east: the meta group has a leader" in done.stdout
    why = "natsvalues doctor --contexts REGION=CONTEXT    # DR402, DR404, DR405, DR406"
    assert f"          why: {why}" in done.stdout
    steps = json.loads(plan(*words, "-o", "json").stdout)["steps"]
    assert next(check["explained_by"] for check in steps[0]["before"] if check["holds"] is False) == why
    for name in ("markdown", "html"):
        assert why in plan(*words, "-o", name).stdout


@pytest.mark.helm
def test_a_release_that_is_no_nats_is_an_error(plan, prior):
    """And so is a plain nats.conf."""
    (prior / "west.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    assert "error[NV-I" in plan("--prior", str(prior)).stderr
    (prior / "west.yaml").write_text("port: 4222\nhttp: 8222\n")
    assert "error[NV-M002]" in plan("--prior", str(prior)).stderr


def test_twenty_regions_in_three_seconds(run, tmp_path):
    """From nothing, in CPU seconds, which other programs do not change."""
    (tmp_path / "supercluster.yaml").write_text(SUPERCLUSTER)
    for number in range(20):
        joins, prefix = ("empty", f"r{number}-") if number else ("seed", "")
        text = REGION.replace("NAME", f"r{number}").replace("JOINS", joins).replace("PREFIX", prefix)
        (tmp_path / f"r{number}.yaml").write_text(text)
    began = time.process_time(), os.times().children_user
    done = run("natsvalues", "plan", "--overlays", str(tmp_path), "-o", "json")
    assert len(json.loads(done.stdout)["steps"]) == 41
    assert os.times().children_user - began[1] < 3
