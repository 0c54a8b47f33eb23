"""Charts' values, the regions' overlays in any stage and scope, and a comparison of deliveries that is not ours."""

from __future__ import annotations

import glob
import os
import re
import shutil

import pytest
import yaml

from natsvalues.text.natsconf import includes, read, symbolic

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
NAMED = ("ports", "env", "volumes", "volumeMounts", "containers")
ROLLING = ("checksum/config", "natsvalues.io/restart-digest")


@pytest.fixture(scope="session")
def values_files():
    """Return the path of each values file, by its name without the ending."""
    return {os.path.basename(path)[:-5]: path for path in sorted(glob.glob(os.path.join(HERE, "values", "*.yaml")))}


@pytest.fixture(scope="session")
def regions(tmp_path_factory):
    """Give a copy of charts/overlays in a stage and scope: `regions("join", "region")`; nothing else differs."""
    folders = {}

    def write(stage, scope="supercluster"):
        if (stage, scope) not in folders:
            folder = tmp_path_factory.mktemp("overlays") / f"{stage}-{scope}"
            shutil.copytree(os.path.join(ROOT, "charts", "overlays"), folder)
            for path in folder.glob("*.yaml"):
                text = re.sub(r"^stage: \w+", f"stage: {stage}", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
                text = text.replace("scope: supercluster", f"scope: {scope}")
                if scope == "region":
                    text = re.sub(r"^joins: \w+", f"systemAccount: SYS-{path.stem}", text, flags=re.MULTILINE)
                path.write_text(text, encoding="utf-8")
            folders[stage, scope] = str(folder)
        return folders[stage, scope]

    return write


@pytest.fixture(scope="session")
def meanings():
    """Give what the objects of a release mean, by kind and name, without what may differ between deliveries."""
    return lambda text: {key: _meaning(item) for key, item in _objects(text).items()}


def _objects(text):
    documents = [document for document in yaml.load_all(text, LOADER) if document]
    found = {(item["kind"], item["metadata"]["name"]): item for item in documents}
    assert len(found) == len(documents)
    return found


def _meaning(item):
    """Named lists by their names, nats.conf as settings; no checksum, no digest, no `-gatewayz`."""
    if item["kind"] == "ConfigMap" and "nats.conf" in item.get("data", ()):
        conf = read(item["data"]["nats.conf"])
        item["data"]["nats.conf"] = (symbolic(conf), sorted(include.path for include in includes(conf)))
    if item["kind"] == "StatefulSet":
        template = item["spec"]["template"]
        annotations = template["metadata"].pop("annotations", None) or {}
        template["metadata"]["annotations"] = {key: annotations[key] for key in annotations if key not in ROLLING}
        for container in template["spec"]["containers"]:
            if container["name"] == "prom-exporter" and "args" in container:
                container["args"] = [word for word in container["args"] if word != "-gatewayz"]
            if container["name"] == "reloader":
                container["args"] = {
                    tuple(container["args"][at : at + 2]) for at in range(0, len(container["args"]), 2)
                }
    return _plain(item)


def _plain(value, key=None):
    if isinstance(value, dict):
        return {name: _plain(item, name) for name, item in value.items()}
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        if key in NAMED and all(isinstance(item, dict) for item in items):
            return {str(item.get("mountPath") or item.get("name")): item for item in items}
        return items
    return value
