"""A release, made by the commands of the workflow, and a machine to install it on: Python alone, and no network."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BARE = os.path.realpath(sys.executable)
MACHINE = "x86_64"
CASE = os.path.join(ROOT, "tests", "golden", "stage-join-seed")


def steps() -> dict[str, dict]:
    """The steps of the release workflow that have a name."""
    with open(os.path.join(ROOT, ".github", "workflows", "release.yml"), encoding="utf-8") as file:
        return {step["name"]: step for step in yaml.safe_load(file)["jobs"]["release"]["steps"] if "name" in step}


@pytest.fixture(scope="session")
def release(tmp_path_factory, helm4) -> str:
    """Folder of a release that the workflow's own steps made and checked, with a throw-away key; once for all workers.

    For one machine alone: the other's wheels are a download that shows nothing more.
    """
    assert helm4
    place = (
        tmp_path_factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else tmp_path_factory.mktemp("r")
    )
    with open(place / "release.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(place / "release"):
            env = {
                **os.environ,
                "RUNNER_TEMP": str(place),
                "SIGNING_PASSPHRASE": "p a$$",
                "SIGNING_KEY": new_key("p a$$"),
            }
            make = steps()["Make"]["run"].replace("release.py", f"release.py --machine {MACHINE}", 1)
            for text in (make, steps()["Check"]["run"]):
                done = subprocess.run(
                    ["bash", "-eo", "pipefail", "-c", text],
                    cwd=ROOT,
                    env=env,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
    return str(place / "release")


def new_key(passphrase: str) -> str:
    """A new secret key, as a person exports it."""
    home = tempfile.mkdtemp(prefix="gpg")  # the agent's sockets have to have short paths
    try:
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode=loopback", "--passphrase", passphrase]
        new = [*gpg, "--quick-generate-key", "natsvalues: tests <tests@example.com>", "rsa2048", "sign", "1d"]
        subprocess.run(new, check=True, capture_output=True)
        export = [*gpg, "--armor", "--export-secret-keys"]
        return subprocess.run(export, check=True, capture_output=True, text=True).stdout
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True, capture_output=True)
        shutil.rmtree(home)


@pytest.fixture
def single_file(release) -> str:
    """Path of the single file."""
    [name] = [name for name in os.listdir(release) if name.endswith(".pyz")]
    return os.path.join(release, name)


class Offline(NamedTuple):
    """A machine that has a Python without any package, and no network: `run` runs a command there, with `env`."""

    run: Callable[..., subprocess.CompletedProcess[str]]
    env: dict[str, str]


@pytest.fixture(scope="session")
def bare(tmp_path_factory) -> str:
    """The programs of a Python that has no packages: this one, in an environment without pip."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([BARE, "-m", "venv", "--without-pip", str(folder)], check=True)
    return str(folder / "bin")


@pytest.fixture
def offline(bare, isolated_env, release, run) -> Offline:
    """Give the bare machine. What the single file unpacks there all tests share, unless a test says otherwise."""
    isolated_env["PATH"] = os.pathsep.join([bare, "/usr/bin", "/bin"])
    isolated_env["XDG_CACHE_HOME"] = f"{release}-cache"
    del isolated_env["HELM_PLUGINS"]  # Helm 4 installs packages elsewhere, whatever it says (helm issue 32646)
    return Offline(lambda *words, **more: run("unshare", "--map-root-user", "--net", *words, **more), isolated_env)


@pytest.fixture
def post_rendering() -> tuple[list[str], str]:
    """Words and standard input of a post-rendering."""
    with open(os.path.join(CASE, "input.yaml"), encoding="utf-8") as file:
        return ["post-render", "--region=us-east", f"--overlays={CASE}/overlays"], file.read()
