"""What this machine prevents in a rehearsal, with real servers: an error that says so, not a stuck supercluster."""

from __future__ import annotations

import json
import os
import socket

import pytest

PORT = 14222
pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.timeout(200)]


@pytest.fixture
def folder(load_module, helm3, nats_chart, tmp_path):
    """Make a folder with one region's rendering."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    cases = load_module(os.path.join(root, "scripts", "rehearsal_cases.py"))
    renderings = cases.stock(cases.Renderer(helm3, nats_chart), "2.14.2", ("us-east",))
    # Not the usual port of clients: other tests that run meanwhile have servers there.
    moved = {region: text.replace("4222", str(PORT)) for region, text in renderings.items()}
    return cases.write_renderings(str(tmp_path / "renderings"), moved)


@pytest.fixture
def tools(binaries, nats_server):
    """Return the environment with the pinned servers."""
    nats_server("2.14.2")
    return {"NATSVALUES_TOOLS": binaries.tools()}


def test_a_port_that_another_program_has_is_named(folder, tools, refused):
    """One that listens on all addresses has it on those of the rehearsal, too."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("0.0.0.0", PORT))  # noqa: S104   # the very point
        other.listen()

        said = refused("NV-R032", "rehearse", folder, "--limit", "60", env=tools)

    assert f"listens on port {PORT}" in said


@pytest.fixture
def program(tmp_path):
    """Put a script in the place of the server: `program("exit 1")` gives the environment."""

    def write(script):
        path = tmp_path / "tools" / "nats-server-2.14.2" / "nats-server"
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return {"NATSVALUES_TOOLS": str(tmp_path / "tools")}

    return write


def test_a_server_that_ends_at_once_is_quoted(folder, program, run):
    """Its last words are the cause, and not a probe that was not asked yet."""
    env = program("echo 'libresolv.so.2: cannot open shared object file' >&2; exit 127")

    done = run("natsvalues", "rehearse", folder, "--patience", "5", "-o", "json", env=env, timeout=90)
    (scenario,) = json.loads(done.stdout)["scenarios"]

    assert (done.returncode, scenario["verdict"]) == (5, "stuck")
    assert {cause["waits_for"] for cause in scenario["causes"]} == {"its server to keep running"}
    assert {cause["seen"] for cause in scenario["causes"]} == {
        "exit code 127; libresolv.so.2: cannot open shared object file"
    }


def test_a_full_disk_is_no_stuck_supercluster(folder, program, refused):
    """A server says so in its log, and need not end."""
    env = program("echo '[1] [ERR] Error creating store: no space left on device' >&2; sleep 60")

    assert " --keep FOLDER" in refused("NV-R033", "rehearse", folder, "--limit", "60", env=env)
