"""Standard streams that are full, closed or gone, and a working directory that was deleted."""

from __future__ import annotations

import json
import os

import pytest

RENDER = "natsvalues post-render --region=eu-west --overlays=overlays"
WRITERS = [
    f"{RENDER} <input.yaml",
    "natsvalues explain input.yaml --region=eu-west --overlays=overlays",
    "natsvalues diff input.yaml input.yaml",
    "natsvalues lint overlays -o json",
    "natsvalues topology overlays",
    "natsvalues overlay list --overlays=overlays",
    "natsvalues export kustomize eu-west input.yaml --overlays=overlays -o out",
    "natsvalues schema",
    "natsvalues rules",
    "natsvalues providers",
    "natsvalues init new --scope=region",
    "natsvalues completion bash",
    "natsvalues --help",
    "natsvalues --version",
]


@pytest.fixture
def shell(run, here):
    """Run a line of the shell in the folder."""
    return lambda line, **how: run("bash", "-c", line, cwd=here, timeout=30, **how)


@pytest.mark.parametrize("line", WRITERS)
def test_a_full_disk_is_an_error_of_every_verb(line, shell):
    """Also of those that write little, which Python would notice after the exit code is settled."""
    done = shell(f"{line} >/dev/full")

    assert done.returncode == 1
    assert done.stderr.count("error[") == 1
    assert "error[NV-F012]: cannot write to standard output: No space left on device\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


CLOSED = {
    "<&-": "error[NV-I009]: cannot read standard input: it is closed\n",
    "<input.yaml >&-": "error[NV-F012]: cannot write to standard output: it is closed\n",
}


@pytest.mark.parametrize("closed", CLOSED)
def test_a_closed_stream_is_an_error(closed, shell):
    """Not one of Python's."""
    done = shell(f"{RENDER} {closed}")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(CLOSED[closed])


def test_nothing_is_written_to_what_takes_the_place_of_a_closed_stream(shell, isolated_env):
    """The report of the run is the next file that is opened, and is whole."""
    done = shell(f"{RENDER} <&- >&- 2>&-")
    with open(os.path.join(isolated_env["XDG_STATE_HOME"], "natsvalues", "last.json"), encoding="utf-8") as file:
        report = json.load(file)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert [error["code"] for error in report["errors"]] == ["NV-I009"]


@pytest.mark.parametrize("lost", ["2>&-", "2>/dev/full"])
def test_a_render_succeeds_without_standard_error(lost, shell):
    """Nobody reads the warnings; the release is the same."""
    assert shell(f"{RENDER} <input.yaml {lost}").stdout == shell(f"{RENDER} <input.yaml", check=True).stdout


@pytest.mark.parametrize("verb", ["post-render", "last", "lint", "rules"])
def test_a_deleted_working_directory_is_named(verb, shell):
    """Whatever the verb."""
    done = shell(f"mkdir gone && cd gone && rmdir ../gone && natsvalues {verb} </dev/null")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-F011]: the working directory cannot be used: ")


@pytest.mark.parametrize("text", ["{}", "[]", "7", "", '{"format": 1}', '{"format": 2}', "[" * 5000])
def test_a_report_that_is_none_is_left_as_it_is(text, run, isolated_env):
    """`last` says so, and does not put a report of its own in its place."""
    place = os.path.join(isolated_env["XDG_STATE_HOME"], "natsvalues", "last.json")
    os.makedirs(os.path.dirname(place))
    with open(place, "w", encoding="utf-8") as file:
        file.write(text)

    done = run("natsvalues", "last")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-F013]: not the report of a run, format 1\n")
    with open(place, encoding="utf-8") as file:
        assert file.read() == text
