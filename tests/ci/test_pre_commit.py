"""The pre-commit hooks, run by the real pre-commit at real commits: what it runs them for, and what they refuse."""

from __future__ import annotations

import os
import re
import shutil

import pytest
import yaml

REGIONS = ("ap-south", "eu-west", "us-east")
SETTINGS = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
AUTHOR = ("-c", "user.name=T", "-c", "user.email=t@example.com")


@pytest.fixture
def documented(code_blocks):
    """The configuration in docs/ci.md."""
    return next(block for block in map(yaml.safe_load, code_blocks("yaml")) if "repos" in block)


@pytest.fixture
def git(run, repository, tmp_path):
    """Run git in the repository, or in another folder."""
    home = {"PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}

    def call(*words, cwd=None, check=True):
        return run("git", *AUTHOR, *words, cwd=cwd or repository, env=home, check=check)

    return call


@pytest.fixture
def commit(root, documented, git, run, repository, tmp_path):
    """Install the documented hooks, and commit everything: `commit()`, `commit("natsvalues-lint")` with one of them.

    Natsvalues is the one that is installed: pre-commit would bring an environment of its own from the registry.
    """
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(os.path.join(root, ".pre-commit-hooks.yaml"), hooks)
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "hooks")):
        git(*words, cwd=hooks)
    [given] = documented["repos"]
    given |= {"repo": str(hooks), "rev": git("rev-parse", "HEAD", cwd=hooks).stdout.strip()}
    git("init", "-q")

    def call(*only):
        entries = [hook | {"language": "system"} for hook in given["hooks"] if not only or hook["id"] in only]
        config = yaml.safe_dump({"repos": [given | {"hooks": entries}]})
        (repository / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
        run("pre-commit", "install", cwd=repository, env={"PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}, check=True)
        git("add", "-A")
        return git("commit", "-m", "x", check=False)

    return call


@pytest.fixture
def rendered(run, repository, helm3):
    """Write the renderings of all regions, as they are checked in."""
    (repository / "rendered").mkdir()
    for region in REGIONS:
        text = run(
            *(helm3, "template", "nats", "charts/nats", "-f", f"values/{region}.yaml", "--set", SETTINGS),
            cwd=repository, check=True,
        ).stdout  # fmt: skip
        done = run("natsvalues", "post-render", "--region", region, stdin=text, cwd=repository, check=True)
        (repository / "rendered" / f"{region}.yaml").write_text(done.stdout, encoding="utf-8")


def test_the_documented_hooks_are_those_there_are(root, documented):
    """docs/ci.md names them as they are."""
    with open(os.path.join(root, ".pre-commit-hooks.yaml"), encoding="utf-8") as file:
        hooks = yaml.safe_load(file)
    assert [hook["id"] for hook in documented["repos"][0]["hooks"]] == [hook["id"] for hook in hooks]


def test_the_overlays_are_judged_at_every_commit(commit, git):
    """Also where the commit only deletes one."""
    done = commit("natsvalues-lint")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^natsvalues lint\.+Passed$", done.stderr, re.MULTILINE)

    git("rm", "-q", "charts/overlays/supercluster.yaml")
    done = commit("natsvalues-lint")
    assert done.returncode == 1
    assert "`kind: Supercluster` where one is expected" in done.stderr


@pytest.mark.helm
@pytest.mark.usefixtures("rendered")
def test_stale_renderings_are_an_error(commit, git, run, repository, helm3):
    """Though no rendering is in the commit; the printed commands render them again. So is one without an overlay."""
    done = commit()
    assert done.returncode == 0, done.stderr

    overlay = repository / "charts" / "overlays" / "eu-west.yaml"
    overlay.write_text(overlay.read_text(encoding="utf-8").replace("example.com", "example.org"), encoding="utf-8")
    done = commit("natsvalues-lint-rendered")
    assert done.returncode == 1
    commands = re.findall(r"error\[HS002\].* render it again: (.*)", done.stderr)
    assert [command.rpartition(">")[2] for command in commands] == [f"rendered/{region}.yaml" for region in REGIONS]
    for region, command in zip(REGIONS, commands, strict=True):
        filled = command.replace(" CHART ", f" charts/nats --set {SETTINGS} ").replace("NAMESPACE", "nats")
        filled = filled.replace("VALUES", f"values/{region}.yaml").replace("helm ", f"{helm3} ", 1)
        run("sh", "-ec", filled, cwd=repository, check=True)
    done = commit("natsvalues-lint-rendered")
    assert done.returncode == 0, done.stderr

    git("rm", "-q", "charts/overlays/ap-south.yaml")
    done = commit("natsvalues-lint-rendered")
    assert done.returncode == 1
    assert "unknown region `ap-south`" in done.stderr
    assert "rendered/ap-south.yaml:" in done.stderr
    assert "delete its rendering, too" in done.stderr


@pytest.mark.helm
@pytest.mark.usefixtures("rendered")
def test_an_overlay_without_a_rendering_is_an_error(commit, run, repository, helm3):
    """The printed command renders it."""
    (repository / "rendered" / "eu-west.yaml").unlink()
    done = commit("natsvalues-lint-rendered")
    assert done.returncode == 1
    [command] = re.findall(r"error\[HS011\].* render it: (.*)", done.stderr)
    assert "charts/overlays/eu-west.yaml:" in done.stderr
    filled = command.replace(" CHART ", f" charts/nats --set {SETTINGS} ").replace("NAMESPACE", "nats")
    filled = filled.replace("VALUES", "values/eu-west.yaml").replace("helm ", f"{helm3} ", 1)
    run("sh", "-ec", filled, cwd=repository, check=True)
    assert commit("natsvalues-lint-rendered").returncode == 0
