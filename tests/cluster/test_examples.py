"""The examples' commands that need a cluster, on a real API server."""

import json

import pytest
import yaml


@pytest.fixture
def region_kubeconfig(kubeconfig, tmp_path):
    """A kubeconfig with full rights, in the words of a user: the context is called as the region."""
    with open(kubeconfig, encoding="utf-8") as file:
        value = yaml.safe_load(file)
    [context] = value["contexts"]
    path = tmp_path / "us-east.kubeconfig"
    path.write_text(json.dumps(value | {"contexts": [context | {"name": "us-east"}], "current-context": "us-east"}))
    return str(path)


@pytest.fixture
def on_cluster(examples, namespace, region_kubeconfig, kubectl):
    """Run the commands of an example that need a cluster, in the test's namespace: `on_cluster("helm3", helm)`."""

    def follow(example, helm):
        here = examples(helm=helm, kubectl=kubectl)
        here.shell(here.blocks(example)[0], example)
        return [
            here.shell(
                text.replace(" -n nats ", f" -n {namespace.name} "), example, env={"KUBECONFIG": region_kubeconfig}
            )
            for text in here.blocks(example, "sh cluster")
        ]

    return follow


@pytest.mark.parametrize("major", [3, 4])
def test_helm(major, request, on_cluster, namespace):
    """Installed as the README says, the release has its gateway; and another upgrade would change nothing."""
    example = f"helm{major}"
    installed, compared = on_cluster(example, request.getfixturevalue(example))

    assert "STATUS: deployed" in installed.stdout
    assert namespace.get("Service", "nats-gateway")["spec"]["publishNotReadyAddresses"] is True
    stamps = namespace.get("StatefulSet", "nats")["metadata"]["annotations"]
    assert stamps["natsvalues.io/region"] == "us-east"
    assert compared.stdout.startswith("No differences\n")


def test_the_diff_of_the_workflow(examples, helm3, namespace, region_kubeconfig):
    """A pull request that changes a setting finds it in the summary, with what it does."""
    here = examples(helm=helm3)
    workflow, values = (f"{here.folder}/github-actions/{name}" for name in ("nats.yml", "values/nats.yaml"))
    edited(workflow, " -n nats ", f" -n {namespace.name} ")
    here.job("lint", {}, {})  # which adds the repository
    install = "helm upgrade --install nats nats/nats --version 2.14.2 -f values/nats.yaml"
    install += f" -n {namespace.name} --post-renderer natsvalues --post-renderer-args --region=us-east"
    here.shell(install, "github-actions", env={"KUBECONFIG": region_kubeconfig})
    edited(values, "config:\n", "config:\n  merge: {max_payload: 2000000}\n")

    with open(region_kubeconfig, encoding="utf-8") as file:
        expressions = {"matrix.region": "us-east", "secrets.KUBECONFIG": file.read()}
    told = here.job("diff", expressions, {})

    assert "max_payload" in told["GITHUB_STEP_SUMMARY"]
    assert "reload" in told["GITHUB_STEP_SUMMARY"]


def edited(path, old, new):
    """Replace a text that stands in a file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
