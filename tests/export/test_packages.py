"""A package of files through the function, as kpt runs it: of its files only what an edit concerns changes.

`kustomize fn run` reads and writes packages with the code of `kpt fn eval` (kyaml's LocalPackageReadWriter), and
is there in every run of the tests. Real kpt is asked beside it where one is on PATH.
"""

import os
import shutil
import sys

import pytest
import yaml

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "stage-join-seed")
FUNCTION = os.path.join(os.path.dirname(sys.executable), "natsvalues")
RUNNERS = ["kustomize", *(["kpt"] if shutil.which("kpt") else [])]
MORE = """\
# of another team
# with two lines
apiVersion: v1
kind: ConfigMap # a kind
metadata:
  name: other
  labels: {a: "b", version: '2'}
  annotations:
    x: &x "1"
    y: *x
data:
  # above
  text: |
    one

      two
  "quoted": 'single'
  list: "[]"
  # below
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports:
  # one
  - port: 1
    name: a
# the end
"""


@pytest.fixture(params=RUNNERS)
def evaluate(request, kustomize, run, tmp_path):
    """Run a function on a package: `evaluate("p", "cat")`, `evaluate("p", "natsvalues", region="us-east")`."""

    def call(package, words, **config):
        settings = [f"{name}={text}" for name, text in config.items()]
        if request.param == "kpt":
            command = ["kpt", "fn", "eval", package, "--exec", words, "--truncate-output=false", "--", *settings]
        else:
            script = tmp_path / "function"
            script.write_text(f"#!/bin/sh\nexec {words}\n")
            script.chmod(0o755)
            command = [kustomize, "fn", "run", package, "--enable-exec"]
            command += ["--exec-path", str(script), "--", *settings]
        return run(*command, cwd=tmp_path, check=True)

    return call


@pytest.fixture
def package(tmp_path, evaluate):
    """A package with a rendering and other files, in the form that the tool itself gives them."""
    folder = tmp_path / "package"
    (folder / "apps").mkdir(parents=True)
    shutil.copy(os.path.join(GOLDEN, "input.yaml"), folder / "nats.yaml")
    (folder / "apps" / "more.yaml").write_text(MORE, encoding="utf-8")
    (folder / "Kptfile").write_text("apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: nats\n")
    evaluate("package", "cat", unused="x")
    return folder


def documents(path):
    """The documents of a file by kind and name, each as it stands there."""
    texts = path.read_text(encoding="utf-8").removeprefix("---\n").split("---\n")
    return {(value["kind"], value["metadata"]["name"]): text for text in texts if (value := yaml.safe_load(text))}


def test_of_a_package_only_what_an_edit_concerns_changes(package, evaluate):
    """Comments, quotes and anchors stay; the Service that is new is a file beside the others, with its template."""
    before = {name: (package / name).read_text(encoding="utf-8") for name in ("apps/more.yaml", "Kptfile")}
    given = documents(package / "nats.yaml")
    evaluate("package", f"{FUNCTION} krm", region="us-east", overlays=os.path.join(GOLDEN, "overlays"))

    assert {name: (package / name).read_text(encoding="utf-8") for name in before} == before
    found = documents(package / "nats.yaml")
    assert list(found) == list(given)
    touched = [kind for (kind, name), text in found.items() if text != given[kind, name]]
    assert touched == ["ConfigMap", "Service", "StatefulSet"]
    assert all(text.startswith("# Source: ") for text in found.values())
    added = (package / "service_nats-gateway.yaml").read_text(encoding="utf-8")
    assert added.startswith("# Source: nats/templates/natsvalues/gateway-service.yaml\napiVersion: v1\n")
    assert "config.kubernetes.io" not in added + (package / "nats.yaml").read_text(encoding="utf-8")


def test_a_second_run_changes_no_file(package, evaluate):
    """As `kpt fn render` runs it again and again."""
    settings = {"region": "us-east", "overlays": os.path.join(GOLDEN, "overlays")}
    texts = []
    for _ in range(2):
        evaluate("package", f"{FUNCTION} krm", **settings)
        texts.append({name: (package / name).read_text() for name in sorted(os.listdir(package)) if "." in name})
    assert texts[0] == texts[1]
    assert len(texts[0]) == 2
