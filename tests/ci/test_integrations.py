"""The GitHub action and the GitLab job: read as those services read them, and executed."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest
import yaml


def load(*path):
    """A YAML file."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return yaml.safe_load(file)


# --- GitHub action ----------------------------------------------------------------------------------------


@pytest.fixture
def action(root):
    """The action."""
    return load(root, "action.yml")


@pytest.fixture
def runner(action, run, repository, tmp_path):
    """Run the action's lint step as a runner does, with natsvalues installed: `runner(paths="rendered")`."""
    temporary = tmp_path / "runner"
    (temporary / "natsvalues" / "bin").mkdir(parents=True)
    program = os.path.join(os.path.dirname(sys.executable), "natsvalues")
    (temporary / "natsvalues" / "bin" / "natsvalues").symlink_to(program)
    step = next(step for step in action["runs"]["steps"] if step.get("id") == "lint")

    def call(env=None, **inputs):
        given = {name: entry["default"] for name, entry in action["inputs"].items()} | inputs

        def filled(text):
            return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], text)

        environment = {name: filled(text) for name, text in step["env"].items()}
        assert not any("${{" in text for text in environment.values())
        files = {name: str(temporary / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for file in files.values():
            with open(file, "w", encoding="utf-8"):
                pass
        done = run(
            *("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]),
            env={"RUNNER_TEMP": str(temporary), **files, **environment, **(env or {})},
            cwd=repository,
        )
        read = {}
        for name, file in files.items():
            with open(file, encoding="utf-8") as stream:
                read[name] = stream.read()
        return done, read["GITHUB_STEP_SUMMARY"], read["GITHUB_OUTPUT"]

    return call


def test_the_action_annotates_and_summarises(runner):
    """Commands on standard output, markdown in the summary, a SARIF file as output."""
    done, summary, output = runner()

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("::notice file=charts/overlays/us-east.yaml,line=13,")
    assert summary.startswith("### natsvalues lint\n")
    with open(output.strip().removeprefix("sarif="), encoding="utf-8") as file:
        assert json.load(file)["version"] == "2.1.0"


@pytest.mark.helm
def test_the_action_renders_and_fails(runner, helm3, action):
    """As docs/ci.md has it; the threshold decides, and the reports are there all the same."""
    words = "--chart charts/nats --values values/{region}.yaml --all-regions"
    done, _, _ = runner(args=words, env={"HELM_BIN": helm3}, **{"fail-on": "warning"})
    assert (done.returncode, done.stderr) == (0, "")
    done, summary, output = runner(args=words, env={"HELM_BIN": helm3}, **{"fail-on": "note"})
    assert done.returncode == 4
    assert "public-without-tls" in summary
    assert output
    assert set(action["outputs"]) == {"sarif"}


def test_the_action_tells_an_error(runner):
    """Wrong input fails the step, and leaves no report behind."""
    done, summary, output = runner(paths="nothing.yaml")

    assert (done.returncode, summary, output) == (1, "", "")
    assert "error[NV-I007]" in done.stderr


def test_the_documented_inputs_exist(action, code_blocks):
    """docs/ci.md gives inputs that the action has."""
    workflow = next(block for block in map(yaml.safe_load, code_blocks("yaml")) if "jobs" in block)
    step = next(step for step in workflow["jobs"]["lint"]["steps"] if step.get("id") == "lint")

    assert set(step["with"]) <= set(action["inputs"])


# --- GitLab -----------------------------------------------------------------------------------------------


def test_the_documented_job_runs(code_blocks, run, repository):
    """Its script, in a shell, gives the report that the job hands over."""
    job = next(block["nats-lint"] for block in map(yaml.safe_load, code_blocks("yaml")) if "nats-lint" in block)
    for line in job["script"]:
        done = run("sh", "-ec", line, cwd=repository)
        assert (done.returncode, done.stderr) == (0, "")

    assert (repository / job["artifacts"]["reports"]["junit"]).read_text(encoding="utf-8").startswith("<?xml")
