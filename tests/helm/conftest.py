"""A machine with the helms that a test names, the charts' overlays in any stage, and what helm makes of it."""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys

import pytest
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"


@pytest.fixture
def machine(request, isolated_env, tmp_path):
    """Put helms on a PATH that has nothing but `natsvalues`: `machine(helm=4, helm3=3)`; give the folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "natsvalues").symlink_to(os.path.join(os.path.dirname(sys.executable), "natsvalues"))
    isolated_env["PATH"] = str(folder)

    def put(**names):
        for name, major in names.items():
            (folder / name).symlink_to(request.getfixturevalue(f"helm{major}"))
        return folder

    return put


@pytest.fixture
def plugins(isolated_env):
    """Return the plugins directory, with somebody else's plugin `other` in it, which both majors read.

    Helm 4 installs a plugin from a folder there, whatever HELM_PLUGINS says (helm issue 32646).
    """
    folder = isolated_env["HELM_PLUGINS"] = os.path.join(isolated_env["HELM_DATA_HOME"], "plugins")
    os.makedirs(os.path.join(folder, "other"))
    with open(os.path.join(folder, "other", "plugin.yaml"), "w", encoding="utf-8") as file:
        file.write("name: other\nversion: 1.0.0\nusage: other\ndescription: of others\ncommand: /bin/echo other\n")
    return folder


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of what `helm plugin install` reads of a checkout."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("plugin.yaml", "plugin.complete"):
        shutil.copy(os.path.join(ROOT, name), folder)
    return str(folder)


@pytest.fixture
def overlays(tmp_path):
    """Give a copy of charts/overlays with every region in a stage: `overlays("join", nats="{name: bus}")`."""

    def write(stage, nats=None):
        folder = os.path.join(tmp_path, f"overlays-{stage}-{len(os.listdir(tmp_path))}")
        shutil.copytree(os.path.join(ROOT, "charts", "overlays"), folder)
        for path in glob.glob(os.path.join(folder, "*.yaml")):
            with open(path, encoding="utf-8") as file:
                text = re.sub(r"^stage: \w+", f"stage: {stage}", file.read(), flags=re.MULTILINE)
            if nats and "kind: Region" in text:
                text += f"nats: {nats}\n"
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return folder

    return write


@pytest.fixture
def works(nats_chart, overlays, run):
    """Check what a user wants of a helm: `works("helm4", env={...})` fails where anything does not work."""

    def check(helm, env=None):
        listed = run(helm, "plugin", "list", env=env)
        assert (listed.returncode, listed.stderr) == (0, "")
        assert run(helm, "natsvalues", "--version", env=env, check=True).stdout.startswith("natsvalues ")
        rendered = run(
            helm, "template", "nats", nats_chart, "--set", VALUES, "--post-renderer", "natsvalues",
            f"--post-renderer-args=--overlays={overlays('join')}", "--post-renderer-args=--region=us-east", env=env,
        )  # fmt: skip
        assert (rendered.returncode, rendered.stderr) == (0, "")
        assert rendered.stdout.count("/natsvalues/gateway-service.yaml\n") == 1
        return listed.stdout

    return check


@pytest.fixture
def compare():
    """Compare a post-rendered release with the plain one; see `_compare`."""
    return _compare


def objects(text):
    """Return the parsed documents by kind, namespace and name; each is there once."""
    documents = [document for document in yaml.load_all(text, LOADER) if document]
    found = {
        (document["kind"], document["metadata"].get("namespace"), document["metadata"]["name"]): document
        for document in documents
    }
    assert len(found) == len(documents)
    return found


def _compare(plain, done, stage, region):
    """Fail unless only what natsvalues stamped differs, and the gateway's Service is there as the stage says.

    Helm's hooks are among the documents that have to be equal.
    """
    before, after = objects(plain), objects(done)
    assert set(before) <= set(after)
    stamped = {key for key, document in after.items() if _annotations(document).get("natsvalues.io/region") == region}
    assert {key for key, document in before.items() if after[key] != document} <= stamped
    assert {kind for kind, _, _ in stamped} <= {"ConfigMap", "StatefulSet", "Service"}
    assert not any("helm.sh/hook" in _annotations(after[key]) for key in stamped)
    new = set(after) - set(before)
    assert done.count("/templates/natsvalues/gateway-service.yaml\n") == len(new)
    if stage == "local":
        assert not new
        return
    [gateway] = [
        document
        for (kind, _, _), document in after.items()
        if kind == "Service"
        and document["spec"].get("type") == "LoadBalancer"
        and [port["targetPort"] for port in document["spec"]["ports"]] == ["gateway"]
    ]
    assert gateway["spec"]["publishNotReadyAddresses"] is True
    assert new <= {("Service", gateway["metadata"].get("namespace"), gateway["metadata"]["name"])}
    assert new <= stamped


def _annotations(document):
    return document["metadata"].get("annotations") or {}
