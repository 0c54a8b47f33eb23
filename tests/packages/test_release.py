"""A release: checksums, signatures, and that each of its files is what it says; what is refused."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
import yaml

from natsvalues import __version__
from natsvalues.outside.shims import MARKER, SHIMS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMES = ("natsvalues", "natsvalues-cli", "natsvalues-getter")
ENDS = (".cdx.json", ".tar.gz", "-linux-x86_64.pyz", "-py3-none-any.whl")
KEYRING = "natsvalues-keys.gpg"
pytestmark = pytest.mark.timeout(400)  # the first test of a run makes the release


def test_its_files(release):
    """Each has a checksum, which the workflow's step has compared; nothing secret is among them."""
    with open(os.path.join(release, "SHA256SUMS"), encoding="utf-8") as file:
        summed = re.findall(r"^[0-9a-f]{64}  (.+)$", file.read(), re.MULTILINE)
    packages = [f"{name}-{__version__}.tgz" for name in NAMES]
    wanted = {
        *packages,
        *(f"{name}.prov" for name in packages),
        *(
            f"natsvalues-{__version__}{end}"
            for end in (".cdx.json", ".tar.gz", "-linux-x86_64.pyz", "-py3-none-any.whl")
        ),
        KEYRING,
    }
    assert set(summed) == wanted
    assert set(os.listdir(release)) == wanted | {"SHA256SUMS", "SHA256SUMS.asc"}
    packets = subprocess.run(
        ["gpg", "--list-packets", os.path.join(release, KEYRING)], capture_output=True, text=True, check=True
    ).stdout
    assert ":public key packet:" in packets
    assert "secret" not in packets


def test_what_is_in_the_archives(release):
    """The wheel has every file of the package, the source archive what builds and tests it."""
    with zipfile.ZipFile(os.path.join(release, f"natsvalues-{__version__}-py3-none-any.whl")) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("natsvalues/")}
    tracked = subprocess.run(
        ["git", "ls-files", "natsvalues"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert set(tracked) <= packed
    with tarfile.open(os.path.join(release, f"natsvalues-{__version__}.tar.gz")) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert {"pyproject.toml", "scripts/locks/run.txt", "plugin.yaml", "tests/conftest.py", "LICENSE"} <= names
    assert not any(name.startswith((".tools", ".venv", ".git/")) for name in names)
    with open(os.path.join(release, f"natsvalues-{__version__}.cdx.json"), encoding="utf-8") as file:
        assert json.load(file)["metadata"]["component"]["version"] == __version__


@pytest.fixture
def machine(helm4, isolated_env, tmp_path):
    """Variables of a machine that has nothing but the tests' `natsvalues` and Helm 4 on PATH, as `helm`."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "helm").symlink_to(helm4)
    (tmp_path / "bin" / "natsvalues").symlink_to(os.path.join(os.path.dirname(sys.executable), "natsvalues"))
    isolated_env["HELM_PLUGINS"] = os.path.join(isolated_env["HELM_DATA_HOME"], "plugins")
    return {"PATH": str(tmp_path / "bin")}


@pytest.mark.helm
def test_helm_4_verifies_and_installs_the_plugins(helm4, machine, release, run):
    """All that a plugin of `natsvalues plugin install` does, they do; the printed commands change over to those."""
    for name in NAMES:
        package = os.path.join(release, f"{name}-{__version__}.tgz")
        verified = run(helm4, "plugin", "verify", package, "--keyring", os.path.join(release, KEYRING), check=True)
        assert "Signed by: natsvalues: tests <tests@example.com>" in verified.stdout
        run(helm4, "plugin", "install", package, "--keyring", os.path.join(release, KEYRING), check=True)
    status = run("natsvalues", "plugin", "status", env=machine)
    assert (status.returncode, status.stdout.count(": works\n")) == (0, 3), status.stdout
    refused = run("natsvalues", "plugin", "install", env=machine)
    assert refused.stderr.startswith("error[NV-G009]: another plugin has the name `natsvalues")
    commands = refused.stderr.partition("help: ")[2]
    assert len(commands.splitlines()) == len(NAMES) + 1
    run("/bin/sh", "-euc", commands, env=machine, check=True)
    assert "removed " in run("natsvalues", "plugin", "uninstall", env=machine, check=True).stdout


@pytest.mark.helm
def test_helm_4_refuses_a_changed_package_and_another_key(helm4, release, run, tmp_path):
    """The package of one plugin with the provenance of another; a keyring without the key."""
    first, second = (os.path.join(release, f"{name}-{__version__}.tgz") for name in NAMES[:2])
    shutil.copy(first, tmp_path / os.path.basename(second))
    shutil.copy(f"{second}.prov", tmp_path)
    done = run(helm4, "plugin", "install", os.path.basename(second), "--keyring", os.path.join(release, KEYRING))
    assert done.returncode == 1
    assert "sha256 sum does not match" in done.stderr
    (tmp_path / "empty.gpg").write_bytes(b"")
    done = run(helm4, "plugin", "verify", first, "--keyring", "empty.gpg")
    assert done.returncode == 1
    assert "Error: " in done.stderr


@pytest.mark.helm
def test_a_plugin_is_the_one_that_natsvalues_installs(release):
    """But for the marker, by which `natsvalues plugin uninstall` would take it."""
    for name in NAMES:
        with tarfile.open(os.path.join(release, f"{name}-{__version__}.tgz")) as package:
            files = {
                member.name.removeprefix(f"{name}/"): (package.extractfile(member).read().decode(), member.mode & 0o777)
                for member in package
                if member.isfile()
            }
        wanted = {file: text.removeprefix(f"{MARKER}\n") for file, text in SHIMS[4][name].items()}
        assert {file: text for file, (text, _) in files.items()} == wanted
        assert {file: mode for file, (_, mode) in files.items()} == {
            file: 0o644 if file == "plugin.yaml" else 0o755 for file in wanted
        }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--key", "nobody@example.com"], "release: gpg has no secret key `nobody@example.com`; "),
        (["--key", "tests@example.com", "--passphrase-file", "absent"], "release: gpg"),
        ([], "one of the arguments --key --unsigned is required"),
    ],
)
def test_what_cannot_be_signed_leaves_nothing(run, said, tmp_path, words):
    """No folder, not even a part of one."""
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    done = run(
        sys.executable, os.path.join(ROOT, "scripts", "release.py"), tmp_path / "new" / "release", *words,
        env={"GNUPGHOME": str(home)},
    )  # fmt: skip
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True, capture_output=True)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists() or os.listdir(tmp_path / "new") == []


def test_the_workflow_publishes_nothing_and_keeps_its_key():
    """It reads the checkout, its actions are commits, and only one step has the secrets."""
    with open(os.path.join(ROOT, ".github", "workflows", "release.yml"), encoding="utf-8") as file:
        workflow = yaml.safe_load(file)
    assert workflow["permissions"] == {"contents": "read"}
    [job] = workflow["jobs"].values()
    assert "permissions" not in job
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in actions)
    assert [step["name"] for step in job["steps"] if "secrets." in str(step.get("env"))] == ["Make"]
    assert all("${{" not in step.get("run", "") for step in job["steps"])
