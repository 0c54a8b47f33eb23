"""`natsvalues topology` as people run it."""

from __future__ import annotations

import os
import shutil

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def home(tmp_path):
    """A repository with the overlays of the checkout."""
    shutil.copytree(os.path.join(ROOT, "charts", "overlays"), tmp_path / "charts" / "overlays")
    return tmp_path


def test_it_draws_the_overlays(run, home):
    """As SVG on standard output; as Mermaid and HTML into files, in the same run."""
    words = ["--format", "svg", "--format", "mermaid=a.mmd", "--format", "html=a.html"]
    done = run("natsvalues", "topology", *words, cwd=home)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("<svg ")
    assert "acme: 3 regions, one JetStream meta group of 9 servers" in done.stdout
    assert "flowchart LR" in (home / "a.mmd").read_text(encoding="utf-8")
    assert (home / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.helm
def test_it_draws_renderings(run, home, helm3, nats_chart):
    """Also those that natsvalues never touched, with their findings."""
    settings = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
    text = run(helm3, "template", "nats", nats_chart, "--set", settings, check=True).stdout
    done = run("natsvalues", "topology", "-", "--format", "mermaid", stdin=text, cwd=home)

    assert "<b>nats</b>" in done.stdout
    assert "1 error" in done.stdout


@pytest.mark.parametrize(("words", "code"), [(["--format", "png"], "NV-L009"), (["nothing.yaml"], "NV-I007")])
def test_wrong_input(words, code, run, home):
    """An error, and no picture."""
    done = run("natsvalues", "topology", *words, cwd=home)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error[{code}]")
