"""examples/argocd: the sidecar with what its init containers copy, on a Python without packages."""

import os
import shutil

import pytest
import yaml

from natsvalues import __version__

pytestmark = pytest.mark.timeout(400)  # the first test of a run makes the release


@pytest.mark.helm
def test_it_generates_with_the_copied_files(bare, examples, helm4, run, single_file, tmp_path):
    """Nothing else on its PATH is natsvalues or helm; only its HOME is written to."""
    here = examples()
    with open(os.path.join(here.folder, "argocd", "repo-server.yaml"), encoding="utf-8") as file:
        pod = yaml.safe_load(file)["spec"]["template"]["spec"]
    with open(os.path.join(here.folder, "argocd", "plugin.yaml"), encoding="utf-8") as file:
        generate = yaml.safe_load(file)["spec"]["generate"]
    [sidecar] = pod["containers"]
    assert [each["image"] for each in pod["initContainers"]] == [f"natsvalues:{__version__}", "alpine/helm:4.3.1"]
    images = {"/usr/local/bin/natsvalues": single_file, "/usr/bin/helm": helm4}
    folders = {"/tools": str(tmp_path / "tools"), "/usr/local/bin": bare, "/tmp": str(tmp_path / "home")}  # noqa: S108
    for folder in ("/tools", "/tmp"):  # noqa: S108
        os.makedirs(folders[folder], exist_ok=True)
    for each in pod["initContainers"]:
        program, source, target = each["command"]
        assert (program, os.path.dirname(target)) == ("cp", each["volumeMounts"][0]["mountPath"])
        shutil.copy(images[source], os.path.join(folders["/tools"], os.path.basename(target)))

    env = {item["name"]: item["value"] for item in sidecar["env"]}
    env["PATH"] = os.pathsep.join(folders.get(folder, folder) for folder in env["PATH"].split(":"))
    env["HOME"] = folders[env["HOME"]]
    env |= {"ARGOCD_APP_NAMESPACE": "nats", "KUBE_VERSION": "1.37.1", "PARAM_REGION": "us-east"}
    command = [
        "env",
        "-i",
        *(f"{name}={value}" for name, value in env.items()),
        *generate["command"],
        *generate["args"],
    ]
    done = run(*command, cwd=os.path.join(here.folder, "argocd", "nats"))
    assert done.returncode == 0, done.stderr
    assert "natsvalues.io/region: us-east" in done.stdout
    assert "name: nats-gateway" in done.stdout
    assert os.path.isdir(os.path.join(env["HOME"], ".cache", "natsvalues"))
