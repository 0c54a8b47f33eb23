"""The options of the post-render path: read as typer reads them, and without importing anything heavy."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from natsvalues.cli import app as full
from natsvalues.cli import post_render as verb
from natsvalues.cli.light import ALLOWABLE, PostRenderOptions, post_render_options

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "stage-join-seed")
HEAVY = {
    *("typer", "click", "rich", "asyncio", "dataclasses", "pathlib", "inspect", "tempfile", "shutil"),
    *("random", "urllib.parse", "ruamel.yaml.main", "ruamel.yaml.constructor", "subprocess", "hashlib", "datetime"),
}


@pytest.fixture(scope="module", autouse=True)
def plain_environment():
    """No NATSVALUES_ variable of the caller, and no completion."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if "NATSVALUES" in name]:
            patch.delenv(name)
        yield


def by_typer(words):
    """The options with which the full command line would post-render; None if it would not."""
    taken = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verb, "post_render", lambda options: taken.append(options) or 0)
        for stream in ("stdout", "stderr"):
            patch.setattr(sys, stream, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115   # help and complaints
        patch.setattr(sys, "argv", ["natsvalues", *words])
        full.run()
    return taken[0] if taken else None


def lightly(words, *, terminal=False):
    """The options as the light reader gives them."""
    return post_render_options(words, stdin_is_terminal=terminal)


PLAIN = {
    "": PostRenderOptions(),
    "--region eu": PostRenderOptions("eu"),
    "--region=eu": PostRenderOptions("eu"),
    "--region=a=b": PostRenderOptions("a=b"),
    "--region -eu": PostRenderOptions("-eu"),
    "--overlays a/b --region eu": PostRenderOptions("eu", "a/b"),
    "--prior release:nats@3": PostRenderOptions(prior="release:nats@3"),
    "--allow server-names": PostRenderOptions(allow=("server-names",)),
    "--allow=server-names --prior=p --allow system-account": PostRenderOptions(
        prior="p", allow=("server-names", "system-account")
    ),
}
LEFT = [
    *("--help", "-h", "--version", "--regio eu", "--Region eu", "-r eu", "eu", "--", "-- eu", "--region", "--allow"),
    *("--region eu --help", "--region --help", "--region=eu more", "--region a --region b", "--allow nothing"),
    *("--region=", "--region --overlays x", "--allow=", "--allow server-names,system-account", "--install-completion"),
]


@pytest.mark.parametrize("line", PLAIN)
def test_plain_options_are_read_as_typer_reads_them(line):
    """With the verb, and without it when something is piped in."""
    assert lightly(["post-render", *line.split()]) == PLAIN[line]
    assert lightly(["post-render", *line.split()], terminal=True) == PLAIN[line]
    assert lightly(line.split()) == PLAIN[line]
    assert by_typer(["post-render", *line.split()]) == PLAIN[line]


@pytest.mark.parametrize("line", LEFT)
def test_everything_else_is_left_to_typer(line):
    """Help, mistakes, and whatever could be meant otherwise: it words its complaints better."""
    assert lightly(["post-render", *line.split()]) is None
    assert lightly(line.split()) is None


WORDS = [
    *(
        "--region",
        "--overlays",
        "--prior",
        "--allow",
        "--region=eu",
        "--overlays=a",
        "--prior=b",
        "--allow=server-names",
    ),
    *("--region=", "--allow=", "--allow=x", "eu", "-eu", "-", "--", "", "=", "a=b", "--help", "--regio", "--json"),
    *ALLOWABLE,
]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=6))
@example(["--region", "-"])
@example(["--region", ""])
@example(["--prior", "--allow=server-names"])
def test_what_is_read_here_is_what_typer_would_read(words):
    """For any list of words: the same options, or none, and then typer decides."""
    options = lightly(["post-render", *words])

    assert options is None or options == by_typer(["post-render", *words])


@pytest.mark.parametrize("words", [["explain"], ["last"], ["--help"], ["plugin", "install"], ["post-renderer"]])
def test_other_verbs_are_none_of_its_business(words):
    """Only post-render has no time for a command-line library."""
    assert lightly(words) is None


def test_at_a_terminal_nothing_is_piped_in(monkeypatch):
    """Without a verb a person wants help; a shell's completion asks without a terminal."""
    assert lightly([], terminal=True) is None
    assert lightly(["--region=eu"], terminal=True) is None
    monkeypatch.setenv("_NATSVALUES_COMPLETE", "complete_bash")
    assert lightly([]) is None


def test_variables_stand_in_for_options_that_say_nothing(monkeypatch):
    """As typer's command has it, too; an empty variable says nothing."""
    monkeypatch.setenv("NATSVALUES_REGION", "eu")
    monkeypatch.setenv("NATSVALUES_PRIOR", "")
    assert lightly([]) == by_typer(["post-render"]) == PostRenderOptions("eu")
    assert lightly(["--region=us"]) == by_typer(["post-render", "--region=us"]) == PostRenderOptions("us")
    monkeypatch.setenv("NATSVALUES_PRIOR", "old.yaml")
    assert lightly([]) == by_typer(["post-render"]) == PostRenderOptions("eu", prior="old.yaml")


def test_post_rendering_imports_nothing_heavy(run):
    """Measured by Python itself, on a whole run that changes things."""
    with open(os.path.join(GOLDEN, "input.yaml"), encoding="utf-8") as file:
        given_input = file.read()
    words = ["-m", "natsvalues", "post-render", "--region=us-east", f"--overlays={GOLDEN}/overlays"]
    done = run(sys.executable, "-X", "importtime", *words, stdin=given_input, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}

    assert "advertise" in done.stdout
    assert {"natsvalues.cli.light", "natsvalues.overlays.pipeline", "jsonpatch"} <= imported
    assert {name for name in imported if name in HEAVY or name.split(".")[0] in HEAVY} == set()
