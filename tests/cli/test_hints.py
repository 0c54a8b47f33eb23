"""Hints that lead on: each says what to write, without a page that only a checkout has."""

import os
import re
import shutil
import zipfile

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASE = os.path.join(ROOT, "tests", "golden", "stage-join-seed")
OWN_NAME = re.compile(r"^ +- name: SERVER_NAME\n +value: .*\n", re.MULTILINE)


@pytest.fixture
def clustered():
    """Return a rendering of the chart with a cluster, JetStream and a gateway."""
    with open(os.path.join(CASE, "input.yaml"), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the example's overlays."""
    return shutil.copytree(os.path.join(ROOT, "charts", "overlays"), tmp_path / "overlays")


def replaced(path, pattern, text):
    """Write a file again with its only match of a pattern replaced."""
    content, count = re.subn(pattern, text, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count == 1
    path.write_text(content, encoding="utf-8")


def test_a_missing_input_of_the_provider_is_told_before_it_refuses(clustered, folder, run):
    """In stage local already, as a warning with the values to choose from; `expose` refuses it with the same words."""
    replaced(folder / "us-east.yaml", "  scheme: .*\n", "")
    words = ["natsvalues", "post-render", "--region=us-east", f"--overlays={folder}"]
    wanted = "aws-lbc-ip: loadBalancer.scheme (internal or internet-facing) must be set: "
    help_line = (
        "help: `natsvalues providers aws-lbc-ip` prints the fields and options that it takes, and their values\n"
    )
    for stage, beginning in (("local", "warning: stage `expose` will refuse this: "), ("expose", "error[NV-T041]: ")):
        replaced(folder / "us-east.yaml", "^stage: .*", f"stage: {stage}")
        done = run(*words, stdin=clustered)
        assert f"{beginning}{wanted}" in done.stderr
        assert help_line in done.stderr
        assert done.returncode == (stage != "local")
    printed = run("natsvalues", "providers", "aws-lbc-ip", check=True).stdout
    assert "  scheme: aws-load-balancer-scheme. (one of internal, internet-facing)\n" in printed


def test_other_yaml_in_the_folder_is_one_error(folder, run):
    """Thirty manifests beside the overlays are one mistake; a misspelt kind is one of its own."""
    for number in range(30):
        (folder / f"m{number:02}.yaml").write_text("kind: ConfigMap\n", encoding="utf-8")
    (folder / "z.yaml").write_text("kind: Regoin\n", encoding="utf-8")
    done = run("natsvalues", "overlay", "list", "--overlays", folder)
    assert done.stderr == (
        "error[NV-O001]: unknown kind `Regoin`\n"
        f" --> {folder}/z.yaml:1: kind\n"
        "help: did you mean `Region`?\n\n"
        "error[NV-O001]: 30 documents here are no overlays; these and 27 more\n"
        f" --> {folder}/m00.yaml:1: kind\n --> {folder}/m01.yaml:1: kind\n --> {folder}/m02.yaml:1: kind\n"
        "help: an overlay is `kind: Supercluster` or `kind: Region`; keep other YAML files elsewhere\n"
    )


def test_init_does_not_take_another_scope_for_granted(folder, run):
    """The scope is that of the folder's supercluster: another one is refused, and none or the same is right."""
    done = run("natsvalues", "init", folder, "--scope", "region", "--region", "sa-east")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "error[NV-S003]: the scope of these overlays is `supercluster`, and not `region`\n"
        f" --> {folder}/supercluster.yaml:"
    )
    run("natsvalues", "init", folder, "--scope", "supercluster", "--region", "sa-east", check=True)


def test_a_server_name_of_the_values_beside_the_chart_s_own(clustered, folder, run):
    """Which of the two the prefix would go to is not decidable; the values have to lose theirs."""
    own = OWN_NAME.search(clustered)[0]
    twice = clustered.replace(own, own + own)
    done = run("natsvalues", "explain", "--region=eu-west", f"--overlays={folder}", stdin=twice)
    assert done.returncode == 1
    assert done.stderr.startswith("error[NV-T003]: the container has the variable SERVER_NAME twice")
    assert "help: remove container.env.SERVER_NAME from the chart's values" in done.stderr


@pytest.mark.helm
def test_values_that_helm_does_not_render_come_with_what_may_be_wrong(folder, helm4, nats_chart, run, tmp_path):
    """One of those keys is often the cause: each with its line, and with what to write instead."""
    values = tmp_path / "values.yaml"
    values.write_text(
        "config: {cluster: {enabled: true, name: acme}, nats: 4222}\nreplicaCount: 3\nresources: {}\n"
        "container: {env: [{name: TOKEN, value: hunter2}]}\n",
        encoding="utf-8",
    )
    words = ("values", "us-east", "--chart", nats_chart, "-f", values, "--overlays", folder)
    done = run("natsvalues", *words, env={"HELM_BIN": helm4})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-V002]: helm does not render the chart with these values: ")
    for line in (
        "1: config.cluster.name: the chart ignores `config.cluster.name`: since chart 1.0 it is `config.cluster.merge",
        "2: replicaCount: the chart ignores `replicaCount`: since chart 1.0 it is `config.cluster.replicas: 3`",
        "3: resources: the chart ignores `resources`: since chart 1.0 it is container.resources",
        "4: container.env: `container.env` is a list, and the chart takes names with values: write {TOKEN: …}",
    ):
        assert f"      {values}:{line}" in done.stderr
    assert "hunter2" not in done.stderr


def test_the_pages_that_messages_name_are_printed(run):
    """Whoever installed with pip has no docs folder: by the name of a page, or as a message spells it."""
    listed = run("natsvalues", "docs", check=True).stdout
    assert re.search(r"^stages +Scopes, stages and joins$", listed, re.MULTILINE)
    with open(os.path.join(ROOT, "docs", "stages.md"), encoding="utf-8") as file:
        page = file.read()
    for name in ("stages", "docs/stages.md"):
        assert run("natsvalues", "docs", name, check=True).stdout == page
    wrong = run("natsvalues", "docs", "stagess")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr == "error[NV-G011]: no page `stagess`\nhelp: did you mean `stages`?\n"


def test_every_page_that_a_message_names_is_there():
    """`natsvalues docs NAME` in the text of a message leads to a page."""
    named = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "natsvalues")):
        for name in files:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    named |= set(re.findall(r"natsvalues docs ([a-z-]+)`", file.read()))
    assert {"stages", "rights", "configuration"} <= named
    assert {page for page in named if not os.path.exists(os.path.join(ROOT, "docs", f"{page}.md"))} == set()


def test_the_pages_of_tasks_and_tools_are_printed_too(run):
    """As the list calls them, as a link in a page spells them, and by their last name alone."""
    with open(os.path.join(ROOT, "docs", "tasks", "adopt.md"), encoding="utf-8") as file:
        page = file.read()
    for name in ("tasks/adopt", "docs/tasks/adopt.md", "tasks/adopt.md", "adopt"):
        assert run("natsvalues", "docs", name, check=True).stdout == page


def test_diff_prints_its_own_help_wherever_it_is_asked_for(run):
    """Behind a release and a chart, too: helm's help is no rendering to compare with."""
    helped = run("natsvalues", "diff", "--help", check=True).stdout
    assert "--fail-on" in helped
    for words in (("nats", "nats/nats", "--help"), ("-", "-h")):
        assert run("natsvalues", "diff", *words, check=True).stdout == helped


def test_a_misspelt_provider_is_named_by_lint(folder, run):
    """As post-render does: with the one that was meant."""
    replaced(folder / "us-east.yaml", "provider: .*", "provider: aws-lbc-ipp")
    done = run("natsvalues", "lint", folder)
    assert "there is no load balancer provider `aws-lbc-ipp`: did you mean `aws-lbc-ip`?" in done.stdout


def test_the_list_of_commands_says_whole_sentences(run):
    """On a terminal of 80 columns nothing is cut off."""
    listed = run("natsvalues", "--help", check=True).stdout.partition("Commands:\n")[2]
    assert listed.count("\n") >= 20
    assert "..." not in listed


def test_the_wheel_has_the_pages(tmp_path):
    """They are where the verb looks for them when it is installed."""
    from hatchling.builders.wheel import WheelBuilder

    [wheel] = WheelBuilder(ROOT).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    pages = {name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md")}
    assert {f"natsvalues/docs/{name}" for name in pages} <= names
