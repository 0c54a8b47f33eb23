"""The fifteen usual mistakes, made with both Helms: what a person then reads is docs/mistakes.md, word by word."""

from __future__ import annotations

import os
import re
import shutil
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.helm

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "mistakes.md")
SWITCHES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
OURS = re.compile(r"^error\[NV-.*?(?=^(?:Error|: exit status)|\Z)", re.DOTALL | re.MULTILINE)
HEAD = """\
# Usual mistakes

What Helm shows for each, as run with Helm 3.19.0 and 4.3.1. The message of natsvalues is the same with both; Helm 3
puts its own words around it, and Helm 4 writes them below. Where Helm 4 says only `plugin "natsvalues" exited with
error`, `natsvalues last` has the message ([why](helm.md#known-problems)). All codes: [errors.md](errors.md).

`tests/helm/test_mistakes.py` makes these mistakes and compares; `NATSVALUES_UPDATE_GOLDEN=1` writes this page. Lines of
the rendering differ between the two, and stand here as LINE.
"""


class Mistake(NamedTuple):
    """One mistake: in the overlays (`file`, `old`, `new`), the values, helm's words for natsvalues, or the machine."""

    title: str
    file: str = ""
    old: str = ""
    new: str = ""
    values: str = SWITCHES
    region: tuple[str, ...] = ("--region=us-east",)
    folder: str = "."
    installed: bool = True
    remedy: str = ""


US_EAST, EU_WEST = "us-east.yaml", "eu-west.yaml"
MISTAKES = (
    Mistake("The region is misspelt", region=("--region=us-eats",)),
    Mistake("The region is not named", region=()),
    Mistake(
        "The region is a second word",
        region=("--region", "us-east"),
        remedy="Write it as one word: `--post-renderer-args --region=us-east`.",
    ),
    Mistake("Helm runs in a folder without overlays", folder=".."),
    Mistake(
        "The plugin is not installed",
        installed=False,
        remedy="`natsvalues plugin status` says what is missing: the command, the plugin, or `HELM_PLUGINS`.",
    ),
    Mistake("A field is misspelt", US_EAST, "^loadBalancer:", "loadbalancer:"),
    Mistake("The gateway's host is a url", US_EAST, "host: ", "host: nats://"),
    Mistake("The gateway's host has the port in it", US_EAST, r"example\.com", "example.com:7222"),
    Mistake("Nobody chose the server names", US_EAST, r"^serverNames:\n.*\n", ""),
    Mistake("Two regions have the same server names", EU_WEST, "prefix: .*", 'prefix: ""'),
    Mistake("Nobody said how the region joins", US_EAST, "^joins: .*\n", ""),
    Mistake("Two regions are the seed", EU_WEST, "^joins: .*", "joins: seed"),
    Mistake("A region joins before the seed", US_EAST, "^stage: .*", "stage: local", region=("--region=eu-west",)),
    Mistake("The provider needs one more setting", US_EAST, "  scheme: .*\n", ""),
    Mistake("The chart's values have no cluster", values="config.jetstream.enabled=true"),
)


@pytest.fixture
def helms(isolated_env, machine, run):
    """Return the environment of each major: Helm 4's plugins are in a directory of their own, as beside any Helm 3."""
    machine(helm3=3, helm4=4)
    run("natsvalues", "plugin", "install", "--helm", "helm4", check=True)
    own = os.path.join(isolated_env["XDG_DATA_HOME"], "natsvalues", "helm4-plugins")
    return {3: {}, 4: {"HELM_PLUGINS": own}}


@pytest.mark.timeout(300)
def test_what_a_person_reads(as_on_file, helms, machine, nats_chart, run, tmp_path):
    """Helm fails, nothing is rendered, and the reason with what to do is the same with both, if it is not helm's."""
    (tmp_path / "helms").mkdir()
    for major in helms:
        (tmp_path / "helms" / f"helm{major}").symlink_to(os.path.realpath(machine() / f"helm{major}"))
    sections = [HEAD]
    for number, mistake in enumerate(MISTAKES):
        place = tmp_path / f"case{number}" / "repository"
        overlays = shutil.copytree(os.path.join(ROOT, "charts", "overlays"), place / "charts" / "overlays")
        if mistake.file:
            path = overlays / mistake.file
            text, count = re.subn(mistake.old, mistake.new, path.read_text("utf-8"), flags=re.MULTILINE)
            assert count == 1, mistake.title
            path.write_text(text, "utf-8")
        words = {}
        for major, env in helms.items():
            post = ["--post-renderer", "natsvalues"]
            post += ["--post-renderer-args", *mistake.region] if mistake.region else []
            command = [f"helm{major}", "template", "nats", nats_chart, "--set", mistake.values, *post]
            absent = {"HELM_PLUGINS": str(tmp_path / "none"), "PATH": str(tmp_path / "helms")}
            done = run(*command, env=env if mistake.installed else absent, cwd=place / mistake.folder)
            assert (done.returncode, done.stdout) == (1, ""), mistake.title
            words[major] = done.stderr.replace(str(place.parent), "…").replace(nats_chart, "nats/nats")
            words[major] = re.sub(r"standard input:[\d:]+", "standard input:LINE:", words[major])
        sections.append(_section(mistake, words))
    if not {"NATSVALUES_HELM3", "NATSVALUES_HELM4"} & set(os.environ):  # other versions have other words of their own
        as_on_file(PAGE, "\n".join(sections))


def _section(mistake, words):
    """One section of the page: the message of natsvalues, or, where it was not called, those of both helms."""
    title = mistake.title
    ours = {OURS.search(text)[0].strip() for text in words.values() if OURS.search(text)}
    assert len(ours) <= 1, title
    if ours:
        assert all(OURS.search(text) for text in words.values()), title
        return f"## {title}\n\n```text\n{ours.pop()}\n```\n"
    blocks = (f"Helm {major}:\n\n```text\n{text.strip()}\n```\n" for major, text in words.items())
    return f"## {title}\n\n" + "\n".join(blocks) + f"\n{mistake.remedy}\n"
