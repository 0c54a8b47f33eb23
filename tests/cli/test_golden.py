"""Whole runs as files: each folder under tests/golden is an input, its overlays, and what must come of them.

`input.yaml` (absent: empty input), `overlays/`, `region`, and `expected.yaml` or `error.txt` (standard error, word
by word); `notices.txt` is standard error of a run that succeeds, `args` further arguments, one on each line.
NATSVALUES_UPDATE_GOLDEN=1 writes what is expected anew.
"""

import os
import re
import subprocess

import pytest

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
CASES = sorted(os.listdir(GOLDEN))
UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
_STAMPS = re.compile(rb"(natsvalues\.io/(?:overlay-digest|version):) [^\s,}]+")


def lines(case, name) -> list[str]:
    """The lines of a case's file; none if there is no such file."""
    path = os.path.join(GOLDEN, case, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def content(case, name) -> bytes:
    """A case's file as it is; empty if there is none."""
    path = os.path.join(GOLDEN, case, name)
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


def post_render(environment, case, given) -> tuple[int, bytes, bytes]:
    """Run the installed command in the case's folder: exit code, standard output without stamps, standard error."""
    region = lines(case, "region")
    command = ["natsvalues", "post-render", *(["--region", region[0]] if region else [])]
    command += ["--overlays", "overlays", *lines(case, "args")]
    folder = os.path.join(GOLDEN, case)
    done = subprocess.run(
        command, input=given, capture_output=True, env=environment, cwd=folder, timeout=30, check=False
    )
    return done.returncode, _STAMPS.sub(rb"\1 (any)", done.stdout), done.stderr


def write(case, name, data) -> None:
    """Write what is expected, or take the file away where nothing is."""
    path = os.path.join(GOLDEN, case, name)
    if data:
        with open(path, "wb") as file:
            file.write(data)
    elif os.path.exists(path):
        os.remove(path)


@pytest.mark.parametrize("case", CASES)
def test_golden(case, isolated_env):
    """The run gives what is on file: output and notices, or an error, exit code 1 and no output at all."""
    found = post_render(isolated_env, case, content(case, "input.yaml"))
    if UPDATING:
        write(case, "expected.yaml", found[1])
        write(case, "notices.txt", found[2] if found[0] == 0 else b"")
        write(case, "error.txt", found[2] if found[0] == 1 else b"")

    error = content(case, "error.txt")
    if error:
        assert found == (1, b"", error)
    else:
        assert found == (0, content(case, "expected.yaml"), content(case, "notices.txt"))


SUCCEEDING = [case for case in CASES if content(case, "expected.yaml")]


@pytest.mark.parametrize("case", [case for case in SUCCEEDING if not case.startswith("patch-")])
def test_golden_again(case, isolated_env):
    """What came out goes through once more unchanged; patches of the user's own may not, so theirs are left out."""
    code, output, _ = post_render(isolated_env, case, content(case, "expected.yaml"))

    assert (code, output) == (0, content(case, "expected.yaml"))


def test_every_case_expects_one_thing():
    """A case has an output or an error, never both and never neither, and says which region it is for."""
    assert [case for case in CASES if bool(content(case, "expected.yaml")) == bool(content(case, "error.txt"))] == []
