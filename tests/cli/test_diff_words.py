"""Helm's options among ours: as helm itself declares them, and sorted without knowing them all."""

from __future__ import annotations

import pytest

from natsvalues.cli.diff.options import COLORS, FORMATS, Output, colored, read
from natsvalues.cli.helm_words import FLAGS, SHORT, UPGRADE_ONLY, VALUED, from_help, sort
from natsvalues.errors import NatsvaluesError


@pytest.mark.helm
@pytest.mark.parametrize("major", [3, 4])
def test_every_option_of_helm_is_known_as_it_is(major, request, run):
    """What `helm upgrade` and `helm template` take: with a value that is the next word, or without."""
    helm = request.getfixturevalue(f"helm{major}")
    declared = {}
    for verb in ("template", "upgrade"):  # `--server-side` has a value in the second only
        declared |= from_help(run(helm, verb, "--help", check=True).stdout)

    assert len(declared) > 50
    assert {name for name, valued in declared.items() if valued} <= VALUED
    assert {name for name, valued in declared.items() if not valued} <= FLAGS
    template = from_help(run(helm, "template", "--help", check=True).stdout)
    assert {name for name in declared if name not in template} <= UPGRADE_ONLY


@pytest.mark.helm
@pytest.mark.parametrize("major", [3, 4])
def test_the_short_options_are_those_of_helm(major, request, run):
    """Each letter stands for the same option in helm."""
    helm = request.getfixturevalue(f"helm{major}")
    text = run(helm, "upgrade", "--help", check=True).stdout + run(helm, "template", "--help", check=True).stdout
    for letter, name in SHORT.items():
        assert f"-{letter}, --{name}" in text


def test_words_are_sorted():
    """What stands alone, the options with their values, what names the cluster, what decides the rendering."""
    words = [
        "nats",
        "-f",
        "a.yaml",
        "./chart",
        "--set=x=1",
        "--kube-context",
        "c",
        "-nmine",
        "--atomic",
        "--wait",
        "--",
        "-x",
    ]
    found = sort(words)

    assert found.positional == ("nats", "./chart", "-x")
    assert found.cluster == ["--kube-context", "c", "-nmine"]
    assert found.rendering == ["-f", "a.yaml", "--set=x=1", "--kube-context", "c", "-nmine"]
    assert (found.value("values"), found.value("set"), found.value("kube-context")) == ("a.yaml", "x=1", "c")


def test_an_unknown_option_is_asked_of_helm():
    """Whether the next word is its value is known to helm alone; with the value attached nobody needs to ask."""
    assert sort(["nats", "--new", "a", "chart"]) == ["new"]
    assert sort(["nats", "--new", "a", "chart"], takes_value={"new": True}).positional == ("nats", "chart")
    assert sort(["nats", "--new", "a", "chart"], takes_value={"new": False}).positional == ("nats", "a", "chart")
    assert sort(["nats", "--new=a", "chart"]).positional == ("nats", "chart")


def test_our_options_stand_anywhere():
    """Between helm's words, attached or not, several times where that makes sense."""
    found = read(
        ["nats", "-o", "json=a.json", "chart", "--fail-on=outage", "-f", "v.yaml", "--ignore", "derived",
         "--ignore=A/b", "--output", "text", "--detailed-exitcode", "--region", "us-east"]
    )  # fmt: skip

    assert found.helm == ("nats", "chart", "-f", "v.yaml")
    assert found.outputs == (Output("json", "a.json"), Output("text"))
    assert (found.fail_on, found.detailed_exitcode, found.region) == ("outage", True, "us-east")
    assert found.ignore == ("derived", "A/b")


def test_what_users_of_helm_diff_write_is_understood():
    """Their options for how lines look are ignored; a bare --color means always."""
    found = read(["upgrade", "nats", "chart", "-C", "3", "--color", "--suppress", "Secret", "--three-way-merge"])

    assert (found.helm, found.color, found.ignore) == (("upgrade", "nats", "chart"), "always", ("Secret/*",))
    assert read(["a", "b", "--no-color"]).color == "never"


WRONG = [
    (["--fail-on", "worse"], "--fail-on: `worse` is not one of none, reload"),
    (["--output", "pdf"], "--output: `pdf` is not one of text"),
    (["-o"], "-o: needs a value"),
    (["--revision", "one"], "--revision: `one` is not a revision"),
    (["-o", "json", "-o", "text"], "only one report can go to standard output"),
    (["--show-secrets"], "never shows a secret"),
    (["--live=maybe"], "takes no value"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_a_wrong_option_says_what_is_wrong(words, message):
    """An error with a code, before anything is read or asked."""
    with pytest.raises(NatsvaluesError) as raised:
        read(["a.yaml", "b.yaml", *words])
    assert raised.value.code == "NV-D001"
    assert message in raised.value.message


COLOURS = [
    ("always", {}, False, True),
    ("never", {}, True, False),
    ("auto", {}, True, True),
    ("auto", {}, False, False),
    ("auto", {"NO_COLOR": "1"}, True, False),
    ("auto", {"NO_COLOR": "1", "HELM_COLOR": "always"}, True, False),
    ("auto", {"NO_COLOR": "1", "NATSVALUES_COLOR": "always"}, False, True),
    ("auto", {"HELM_COLOR": "always"}, False, True),
    ("auto", {"HELM_COLOR": "never"}, True, False),
    ("auto", {"TERM": "dumb"}, True, False),
]


@pytest.mark.parametrize(("choice", "environment", "terminal", "expected"), COLOURS)
def test_colour_is_as_told(choice, environment, terminal, expected):
    """By option, then our variable, then NO_COLOR, then helm's, then whether anybody looks."""
    assert colored(choice, environment, lambda: terminal) is expected


def test_the_choices_are_the_documented_ones():
    """Formats and colours are part of the interface."""
    assert FORMATS == ("text", "json", "jsonpatch", "markdown", "html", "github")
    assert COLORS == ("auto", "always", "never")
