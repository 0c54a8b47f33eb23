"""What we take the chart to render for given values, judged by what Helm renders of the chart at hand."""

import json
import os
import subprocess
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.delivery.chart_objects import objects
from natsvalues.delivery.chart_values import NEWEST, Places, chart, completed
from natsvalues.text.yamltree import Tree

pytestmark = pytest.mark.helm

RELEASES = {"nats": "nats", "bus": "bus-nats", "my-nats-1": "my-nats-1"}


def known(release, labels):
    """What Helm puts in the place of each placeholder."""
    return {
        "<nats.fullname>": RELEASES[release],
        "<nats.name>": "nats",
        "<Release.Name>": release,
        "<Release.Namespace>": "ns",
        "<Release.Service>": "Helm",
        "<nats.chart>": labels["helm.sh/chart"],
        "<Chart.AppVersion>": labels["app.kubernetes.io/version"],
    }


def filled(value, names):
    """The value with the placeholders filled in."""
    if isinstance(value, dict):
        return {key: filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(name, text)
    return value


def compared(meanings, rendered, text, release):
    """Ours and Helm's, of the objects that we know; the exporter is but a name to us."""
    real = meanings(rendered)
    labels = next(item for (kind, _), item in real.items() if kind == "StatefulSet")["metadata"]["labels"]
    version = labels["helm.sh/chart"].removeprefix("nats-")
    made = objects(completed(Tree(text).value or {}, chart(version), Places()), Places())
    ours = meanings("---\n".join(json.dumps(filled(item, known(release, labels))) + "\n" for item in made.values()))
    for found in (real, ours):
        for (kind, _), item in found.items():
            containers = item["spec"]["template"]["spec"]["containers"] if kind == "StatefulSet" else {}
            if "prom-exporter" in containers:
                containers["prom-exporter"] = None
            if not version.startswith(NEWEST):  # of other charts we know the values, but not each one's images
                for container in filter(None, containers.values()):
                    del container["image"]
    return ours, {key: real.get(key) for key in ours}


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
@pytest.mark.parametrize("release", RELEASES)
def test_it_is_what_helm_renders_for_every_file(helm, meanings, nats_chart, release, request, run, values_files):
    """Every knob at once, patches, templates in names, includes, TLS: no object that we know differs."""
    program = request.getfixturevalue(helm)
    for name, path in values_files.items():
        if name == "gateway-by-hand" and release != "nats":
            continue  # it names the release `nats`, so nobody can mean another one
        rendered = run(program, "template", release, nats_chart, "-n", "ns", "-f", path, check=True).stdout
        with open(path, encoding="utf-8") as file:
            ours, theirs = compared(meanings, rendered, file.read(), release)
        assert ours == theirs, path


# --- made up values ---------------------------------------------------------------------------------------

SCALARS = st.sampled_from([True, False, 0, 5, "", "x", "<< $VAR >>", "<< 8MB >>", None, [], ["a"], {}, {"b": 1}])
MERGES = st.dictionaries(st.sampled_from(["port", "name", "own", "deep"]), SCALARS | st.dictionaries(
    st.sampled_from(["a", "b"]), SCALARS, max_size=2), max_size=3)  # fmt: skip
BLOCK = st.fixed_dictionaries(
    {"enabled": st.booleans()},
    optional={"merge": MERGES, "patch": st.just([{"op": "add", "path": "/patched", "value": 1}])},
)
OWN = st.dictionaries(st.sampled_from(["own", "lifecycle", "resources"]), SCALARS, max_size=3)
ANNOTATIONS = st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", ""]), max_size=2)
OBJECT = st.fixed_dictionaries(
    {}, optional={"merge": st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"annotations": ANNOTATIONS})})}
)
VALUES = st.fixed_dictionaries(
    {
        "config": st.fixed_dictionaries(
            {},
            optional={
                **dict.fromkeys(("cluster", "gateway", "leafnodes", "mqtt", "websocket", "jetstream"), BLOCK),
                "merge": MERGES,
                "serverNamePrefix": st.sampled_from(["", "eu-"]),
                "monitor": st.fixed_dictionaries({"enabled": st.booleans()}),
            },
        ),
        "configMap": OBJECT,
        "headlessService": OBJECT,
        "service": st.fixed_dictionaries({"enabled": st.booleans()}),
        "statefulSet": OBJECT,
        "reloader": st.fixed_dictionaries({"enabled": st.booleans()}),
        "container": st.fixed_dictionaries(
            {}, optional={"env": st.dictionaries(st.sampled_from("AB"), st.sampled_from(["", "1"])), "merge": OWN}
        ),
        "tlsCA": st.fixed_dictionaries({"enabled": st.booleans(), "secretName": st.sampled_from([None, "ca"])}),
    }
)


@given(values=VALUES)
@settings(max_examples=25)
def test_it_is_what_helm_renders_for_made_up_values(helm3, meanings, nats_chart, values):
    """False, zero, null, empty and nested values in a merge do here what they do in the chart."""
    text = json.dumps(values)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "values.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        command = [helm3, "template", "nats", nats_chart, "-n", "ns", "-f", path]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)
    if done.returncode:  # such as a name or a port that is no text: then the chart renders nothing to compare with
        return
    ours, theirs = compared(meanings, done.stdout, text, "nats")
    assert ours == theirs
