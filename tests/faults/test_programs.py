"""Programs in the place of helm and kubectl that are none, and such that hang or print something else."""

from __future__ import annotations

import os
import time

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import kubectl

SCRIPTS = {"silent": "exit 0", "talks": "echo hello values: x", "hangs": "(setsid sleep 60) & sleep 60"}
KINDS = {
    "folder": ("NV-R030", "it is a folder"),
    "not executable": ("NV-R030", "Permission denied"),
    "bad format": ("NV-R030", "Exec format error"),
    "no interpreter": ("NV-R030", "the interpreter in its first line does not exist"),
    "silent": ("NV-R031", "succeeded, and its output is not what this command prints"),
    "talks": ("NV-R031", "succeeded, and its output is not what this command prints"),
    "hangs": ("NV-H002", "did not answer within 1 s"),
    "absent": ("NV-H001", "is not on PATH"),
}
VERBS = {
    "diff of a release": ("diff", "nats", "--revision", "1"),
    "values of a remote chart": ("values", "eu-west", "--overlays=overlays", "--chart=nats/nats"),
    "post-render": ("post-render", "--overlays=overlays", "--region=eu-west", "--prior=release:nats"),
}


@pytest.fixture
def program(tmp_path):
    """Make what stands in the place of a program: `program("silent")` gives its path."""

    def make(kind):
        path = tmp_path / "helm"
        if kind == "folder":
            path.mkdir()
        elif kind == "bad format":
            path.write_bytes(b"\x7fELF no more")
        elif kind == "no interpreter":
            path.write_text("#!/absent\n", encoding="utf-8")
        elif kind != "absent":
            path.write_text(f"#!/bin/sh\n{SCRIPTS.get(kind, '')}\n", encoding="utf-8")
        if kind not in ("absent", "not executable"):
            path.chmod(0o755)
        return str(path)

    return make


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_program_that_is_none_is_named(kind, verb, program, here, rendering, refused):
    """With what is wrong; one that hangs is ended, although what it started keeps its output open."""
    code, reason = KINDS[kind]
    env = {"HELM_BIN": program(kind), "NATSVALUES_HELM_SECONDS": "1"}
    begun = time.monotonic()

    assert reason in refused(code, *VERBS[verb], stdin=rendering, cwd=here, env=env)
    assert time.monotonic() - begun < 25


@pytest.mark.parametrize("kind", ["folder", "bad format", "silent", "talks", "hangs"])
def test_a_kubectl_that_is_none_is_named(kind, program, monkeypatch):
    """Before it, helm has answered; that is left out here."""
    monkeypatch.setenv("KUBECTL", program(kind))
    monkeypatch.setenv("NATSVALUES_HELM_SECONDS", "1")
    begun = time.monotonic()

    with pytest.raises(NatsvaluesError) as refused:
        kubectl.made_by_helm([])
    assert refused.value.code in (KINDS[kind][0], "NV-K002")
    assert KINDS[kind][1] in refused.value.message
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0", "soon"])
def test_a_timeout_that_is_none_is_the_usual_one(seconds, monkeypatch):
    """Instead of none at all, or of an overflow."""
    from natsvalues.outside.commands import SECONDS, patience

    monkeypatch.setitem(os.environ, "NATSVALUES_HELM_SECONDS", seconds)

    assert patience() == SECONDS
