"""`natsvalues krm` on standard input and output: what goes out, what is said, and what is never said."""

import os
import subprocess
import sys

import pytest
import yaml

from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
SECRET = "s3cr3t-in-the-configuration"  # noqa: S105   # to be looked for


def content(*path):
    """The text of a file of a golden folder."""
    with open(os.path.join(GOLDEN, *path), encoding="utf-8") as file:
        return file.read()


def listed(stream, region="us-east", overlays="overlays", results="all"):
    """A rendering as a ResourceList, each document word by word."""
    items = ""
    for document in stream.split("---\n"):
        lines = [line for line in document.splitlines() if not line.startswith("#")]
        if any(lines):
            items += "- " + "\n  ".join(lines).rstrip() + "\n"
    settings = (("region", region), ("results", results), ("overlays", overlays))
    spec = "".join(f"    {name}: {text}\n" for name, text in settings if text)
    return (
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" + items + "functionConfig:\n"
        "  apiVersion: natsvalues.io/v1\n  kind: NatsValues\n  metadata: {name: x}\n  spec:\n" + spec
    )


@pytest.fixture
def function(run):
    """Run the function in a golden folder: `function(text, "stage-join-seed")`."""
    return lambda text, case="stage-join-seed": run("natsvalues", "krm", stdin=text, cwd=os.path.join(GOLDEN, case))


def test_items_become_what_post_rendering_makes(function):
    """In their order, the new Service behind the chart's."""
    stream = content("stage-join-seed", "input.yaml")
    done = function(listed(stream))

    assert (done.returncode, done.stderr) == (0, "")
    wanted = render(Release(stream), plan(load(os.path.join(GOLDEN, "stage-join-seed", "overlays")), "us-east"))
    items = yaml.safe_load(done.stdout)["items"]
    expected = [item for item in yaml.safe_load_all(wanted.release.text()) if item]
    assert items == expected


def test_twice_is_once(function):
    """A second run changes no letter before the results, and tells of no change."""
    first = function(listed(content("stage-join-seed", "input.yaml")))
    second = function(first.stdout)

    assert second.returncode == 0
    assert second.stdout.partition("\nresults:\n")[0] == first.stdout.partition("\nresults:\n")[0]
    assert not [result for result in yaml.safe_load(second.stdout)["results"] if "tags" in result]


def test_changes_are_results(function):
    """Each with its object, its field, its rule, and the values where they are no secret."""
    results = yaml.safe_load(function(listed(content("stage-join-seed", "input.yaml"))).stdout)["results"]

    assert {result["severity"] for result in results} <= {"info", "warning"}
    [name] = [result for result in results if result.get("field", {}).get("path") == "nats.conf: cluster.name"]
    assert name["resourceRef"]["kind"] == "ConfigMap"
    assert name["field"]["proposedValue"] == "us-east"
    assert name["tags"] == {"rule": "names"}


def test_one_result_counts_what_would_be_many(function):
    """Kpt prints every result at every run; warnings are still results of their own."""
    given = listed(content("stage-join-seed", "input.yaml"), results=None)
    every = yaml.safe_load(function(given.replace("region: us-east", "region: us-east\n    results: all")).stdout)
    found = yaml.safe_load(function(given).stdout)

    assert found["items"] == every["items"]
    changes = sum("tags" in result for result in every["results"])
    notes = len(every["results"]) - changes
    [summary] = found["results"]
    assert summary["severity"] == "info"
    assert summary["message"] == (
        f"region us-east: changes: {changes} in ConfigMap/nats-config, StatefulSet/nats, Service/nats-headless, "
        f"Service/nats-gateway; notes: {notes}; `results: all` in the functionConfig lists them"
    )
    warned = content("overlay-servers-differ", "input.yaml")
    done = function(listed(warned, "eu-west", results="summary"), case="overlay-servers-differ")
    assert [result["severity"] for result in yaml.safe_load(done.stdout)["results"]] == ["warning", "info"]


def test_after_an_error_the_items_are_those_that_came(function):
    """With the error as a result; and the exit code and standard error, which is all that kustomize looks at."""
    given = listed(content("stage-join-seed", "input.yaml"), region="us-eas")
    done = function(given)

    assert done.returncode == 1
    assert done.stdout.startswith(given)
    [result] = yaml.safe_load(done.stdout)["results"]
    assert (result["severity"], result["tags"]) == ("error", {"code": "NV-O003"})
    assert "did you mean `us-east`?" in result["message"]
    assert done.stderr.startswith("error[NV-O003]: unknown region `us-eas`")


def test_every_mistake_is_a_result(function):
    """An overlay with several has several, each with its file and field."""
    done = function(listed(content("stage-join-seed", "input.yaml")), case="overlay-typos")
    results = yaml.safe_load(done.stdout)["results"]

    assert done.returncode == 1
    assert len(results) == done.stderr.count("error[") > 1
    assert all(result["file"]["path"].startswith("overlays/") and result["field"]["path"] for result in results)


def test_items_without_a_nats_are_an_error(function):
    """As for post-rendering: a function that does nothing in silence is no help."""
    done = function(listed("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n"))

    assert done.returncode == 1
    assert "error[NV-I003]" in done.stderr
    assert "1 Service" in done.stderr


def test_an_error_names_the_item_and_its_file(function):
    """By the annotations with which kpt tells it, and by its line in the list."""
    stream = content("conf-unreadable", "input.yaml")
    annotations = "\nmetadata:\n  annotations: {internal.config.kubernetes.io/path: nats/all.yaml, "
    annotations += "internal.config.kubernetes.io/index: '3'}\n"
    given = listed(stream.replace("\nmetadata:\n", annotations), region="eu-west")
    done = function(given, case="conf-unreadable")
    [result] = yaml.safe_load(done.stdout)["results"]

    assert result["resourceRef"]["kind"] == "ConfigMap"
    assert result["file"] == {"path": "nats/all.yaml", "index": 3}


def test_warnings_are_results_and_said(function):
    """Kustomize shows no results; whoever runs it reads standard error."""
    done = function(listed(content("overlay-servers-differ", "input.yaml"), "eu-west"), case="overlay-servers-differ")
    warnings = [item for item in yaml.safe_load(done.stdout)["results"] if item["severity"] == "warning"]

    assert done.returncode == 0
    assert len(warnings) == done.stderr.count("warning: ") == 1
    assert warnings[0]["resourceRef"]["kind"] == "StatefulSet"
    assert "overlays/eu-west.yaml" in warnings[0]["message"]


def test_no_secret_is_in_the_results(function):
    """What the configuration holds stays in the item that has it."""
    stream = content("stage-join-seed", "input.yaml").replace(
        '"http_port"', f'"authorization": {{"user": "a", "password": "{SECRET}"}},\n      "http_port"'
    )
    done = function(listed(stream))
    items, _, results = done.stdout.partition("\nresults:\n")

    assert done.returncode == 0
    assert SECRET in items
    assert results
    assert SECRET not in results + done.stderr


@pytest.mark.parametrize("names", [("supercluster", "us-east", "eu-west"), ("us-east", "eu-west", "supercluster")])
def test_in_a_container(function, tmp_path, names):
    """There it has no files, no home and no environment; the overlays stand in its configuration, in any order.

    The items are those from a folder byte by byte, `restart-digest` included: another order restarts no pod.
    """
    stream = content("stage-join-seed", "input.yaml")
    written = "    overlays:\n"
    for name in names:
        first, *rest = content("stage-join-seed", "overlays", f"{name}.yaml").splitlines()
        written += f"    - {first}\n" + "".join(f"      {line}\n" for line in rest)
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o500)
    done = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "natsvalues"), "krm"],
        input=listed(stream, overlays="") + written,
        capture_output=True, text=True, env={}, cwd=empty, timeout=30, check=True,
    )  # fmt: skip

    assert done.stderr == ""
    items, _, _ = done.stdout.partition("functionConfig:\n")
    assert "natsvalues.io/restart-digest" in items
    assert items == function(listed(stream)).stdout.partition("functionConfig:\n")[0]


@pytest.mark.parametrize("text", ["", "apiVersion: v1\nkind: List\nitems: []\n"])
def test_without_a_list_nothing_goes_out(function, text):
    """There are no items to give back."""
    done = function(text)

    assert (done.returncode, done.stdout) == (1, "")
    assert "error[NV-F001]" in done.stderr


def test_the_function_starts_without_a_command_line_library(isolated_env):
    """It is started at every build of a kustomization."""
    program = (
        "import sys; sys.argv = ['natsvalues', 'krm']; from natsvalues.__main__ import main\n"
        "try: main()\nexcept SystemExit as leave: code = leave.code\n"
        "print(sorted({'typer', 'click', 'rich', 'asyncio', 'pathlib'} & set(sys.modules)), code,"
        " file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=listed(content("stage-join-seed", "input.yaml")).encode(),
        capture_output=True, env=isolated_env, cwd=os.path.join(GOLDEN, "stage-join-seed"), timeout=30, check=True,
    )  # fmt: skip
    assert done.stderr.decode() == "[] 0\n"
