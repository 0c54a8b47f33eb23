"""The example for Argo CD: what is in plugin.yaml, run as argocd-cmp-server runs it.

facts: the commands run in the application's folder; parameters that an application sets come as PARAM_* (upper case,
`-` and `.` become `_`) and together as JSON; defaults that are announced do not (Argo CD, config-management plugins).
"""

import json
import os
import re

import pytest
import yaml

from natsvalues.overlays.folder import load

APPLICATION = {"ARGOCD_APP_NAME": "nats-x", "ARGOCD_APP_NAMESPACE": "nats", "KUBE_VERSION": "1.37.1"}


def documents(folder, name):
    """The documents of a file of the example."""
    with open(os.path.join(folder, "argocd", name), encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


@pytest.fixture(params=["helm3", "helm4"])
def here(request, examples):
    """The example, with either helm."""
    return examples(helm=request.getfixturevalue(request.param))


@pytest.fixture
def plugin(here, run):
    """Run a command of plugin.yaml for an application: `plugin("generate", region="us-east")`."""
    [given] = documents(here.folder, "plugin.yaml")
    commands = {"generate": given["spec"]["generate"], "dynamic": given["spec"]["parameters"]["dynamic"]}

    def call(name, **parameters):
        env = {f"PARAM_{key.upper()}": value for key, value in parameters.items()}
        env["ARGOCD_APP_PARAMETERS"] = json.dumps([{"name": key, "string": value} for key, value in parameters.items()])
        command = [*commands[name]["command"], *commands[name]["args"]]
        folder = os.path.join(here.folder, "argocd", "nats")
        return run(*command, cwd=folder, env={"PATH": here.path, **APPLICATION, **env})

    return call


@pytest.mark.helm
def test_generate(here, plugin, regions, wanted, same_objects):
    """Each region's manifests, which are all that goes to standard output."""
    for region in regions:
        done = plugin("generate", region=region)
        assert (done.returncode, "error" in done.stderr) == (0, False), done.stderr
        same_objects(done.stdout, wanted(region, os.path.join(here.folder, "argocd", "nats", "values.yaml")))

    named = plugin("generate", region="us-east", release="bus", version="2.14.2")
    assert "name: bus-nats-gateway" in named.stdout


@pytest.mark.helm
@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"region": "us-eas"}, "did you mean `us-east`?"),
        ({}, "PARAM_REGION"),
        ({"region": "us-east", "version": "9.9.9"}, "9.9.9"),
        ({"region": "us-east", "release": "--post-renderer=touch"}, "--post-renderer=touch"),
    ],
)
def test_wrong_parameters(parameters, said, plugin):
    """Are an error that the user interface shows; no manifest comes out, and nothing is taken for an option."""
    done = plugin("generate", **parameters)

    assert done.returncode != 0
    assert done.stdout == ""
    assert said in done.stderr


@pytest.mark.helm
def test_parameters(plugin, regions):
    """The regions are announced in the form of the static parameters."""
    done = plugin("dynamic", region="eu-west")
    [announced] = json.loads(done.stdout)

    assert (announced["name"], announced["required"], announced["string"]) == ("region", True, "eu-west")
    assert sorted(announced["tooltip"].split()) == sorted(regions)
    assert json.loads(plugin("dynamic").stdout)[0]["string"] == ""


@pytest.mark.helm
def test_what_the_files_name_is_there(here, regions):
    """The application's plugin, its parameters and its folder; the fields that templates ask the overlays for."""
    [plugin] = documents(here.folder, "plugin.yaml")
    [generator] = documents(here.folder, "applicationset.yaml")
    source = generator["spec"]["template"]["spec"]["source"]
    assert source["plugin"]["name"] == f"{plugin['metadata']['name']}-{plugin['spec']['version']}"
    assert os.path.isdir(os.path.join(os.path.dirname(here.folder), source["path"]))

    folder = os.path.join(os.path.dirname(here.folder), "charts", "overlays")
    [git] = generator["spec"]["generators"]
    selected = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            [value] = yaml.safe_load_all(file)  # Argo CD takes a file for one object
        if all(value.get(key) == text for key, text in git["selector"]["matchLabels"].items()):
            selected.append(value)
    assert sorted(value["name"] for value in selected) == list(regions) == sorted(load(folder).regions)
    asked = set(re.findall(r"{{ \.(\w+) }}", yaml.safe_dump(generator)))
    assert asked
    assert all(asked <= value.keys() for value in selected)


@pytest.mark.kubectl
def test_the_sidecar(here, kubectl, run, tmp_path):
    """The patch fits a repo server: kubectl merges it, as `kubectl patch --patch-file` does."""
    labels = {"app.kubernetes.io/name": "argocd-repo-server"}
    pod = {
        "containers": [{"name": "argocd-repo-server", "image": "argocd", "volumeMounts": []}],
        "volumes": [{"name": name, "emptyDir": {}} for name in ("plugins", "var-files")],  # as Argo CD has them
    }
    server = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "argocd-repo-server", "namespace": "argocd"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }
    (tmp_path / "server.yaml").write_text(yaml.safe_dump(server))
    patch = os.path.join(here.folder, "argocd", "repo-server.yaml")
    command = [kubectl, "patch", "--local", "-f", "server.yaml", "--patch-file", patch, "-o", "yaml"]
    spec = yaml.safe_load(run(*command, cwd=tmp_path, check=True).stdout)["spec"]["template"]["spec"]

    [sidecar] = [item for item in spec["containers"] if item["name"] == "natsvalues"]
    assert len(spec["containers"]) == 2
    assert {mount["name"] for mount in sidecar["volumeMounts"]} <= {volume["name"] for volume in spec["volumes"]}


def test_no_file_deletes_a_region(examples):
    """Of a deleted or mistyped overlay the ApplicationSet takes nothing away: it generates no finalizer either."""
    [found] = documents(examples().folder, "applicationset.yaml")

    assert found["spec"]["syncPolicy"] == {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True}
    assert "finalizers" not in found["spec"]["template"]["metadata"]
    assert "automated" not in found["spec"]["template"]["spec"]["syncPolicy"]  # people look at the diff before
