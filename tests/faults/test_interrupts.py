"""Ctrl-C at any moment, also while modules are imported: exit code 130, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

# Sends the signal to itself when Python is about to import the module.
SCRIPT = """
import os, signal, sys
moment = sys.argv.pop(1)
sent = []
def interrupt(event, details):
    if event == "import" and details[0] == moment and not sent:
        sent.append(moment)
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(interrupt)
from natsvalues.__main__ import main
main()
"""
POST_RENDER = ["post-render", "--region=eu-west", "--overlays=overlays"]
MOMENTS = [
    ("natsvalues.cli.light", POST_RENDER),
    ("natsvalues.cli.post_render", POST_RENDER),
    ("natsvalues.overlays.pipeline", POST_RENDER),
    ("_ruamel_yaml", POST_RENDER),
    ("natsvalues.cli.app", ["lint", "overlays"]),
    ("typer", ["lint", "overlays"]),
    ("natsvalues.cli.diff.command", ["diff", "input.yaml", "input.yaml"]),
    ("natsvalues.report.diff_text", ["diff", "input.yaml", "input.yaml"]),
    ("natsvalues.cli.krm", ["krm"]),
]


@pytest.fixture(autouse=True)
def interruptible():
    """What starts the tests may ignore interrupts, as nohup does, and a program inherits that."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.parametrize(("module", "words"), MOMENTS)
def test_an_interrupt_while_a_module_is_imported(module, words, here, isolated_env):
    """Whichever: from the first one that is ours on."""
    command = [sys.executable, "-c", SCRIPT, module, *words]
    with open(here / "input.yaml", encoding="utf-8") as stream:
        done = subprocess.run(
            command, cwd=here, env=isolated_env, stdin=stream, capture_output=True, text=True, timeout=30, check=False
        )

    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in ("", "interrupted\n")


def test_an_ignored_interrupt_stays_ignored(run, here, rendering):
    """As of a job that a script puts into the background."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        script = "import sys; from natsvalues.__main__ import main; import os, signal; os.kill(os.getpid(), 2); main()"
        done = run(sys.executable, "-c", script, *POST_RENDER, stdin=rendering, cwd=here)
    finally:
        signal.signal(signal.SIGINT, handler)

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_an_interrupt_during_work_ends_what_was_started(here, isolated_env, until, processes):
    """Helm is waited for; the interrupt ends it, too."""
    mark = f"faults-{os.getpid()}"
    helm = here / "helm"
    helm.write_text("#!/bin/sh\nsleep 60\n", encoding="utf-8")
    helm.chmod(0o755)
    process = subprocess.Popen(
        ["natsvalues", "diff", "nats", "--revision", "1"], cwd=here, stderr=subprocess.PIPE, text=True,
        env=isolated_env | {"HELM_BIN": str(helm), "MARK": mark}, start_new_session=True,
    )  # fmt: skip
    assert until(lambda: any(words.startswith("sleep") for words in processes(f"MARK={mark}").values()), 20)
    process.send_signal(signal.SIGINT)

    assert process.communicate(timeout=20)[1] == "interrupted\n"
    assert process.returncode == 130
    assert until(lambda: not processes(f"MARK={mark}"), 10)
