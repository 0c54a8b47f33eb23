"""Reading profiles: every packaged one is sound, and a mistake in one is named by file, line and field."""

import os

import pytest

from natsvalues.errors import ManyErrors, NatsvaluesError
from natsvalues.providers import load, names

GOOD = """\
id: x
title: X
verified: source
inputs:
  addresses: {doc: The address.}
options:
  pool: {doc: The pool.}
rules:
  - annotations:
      x.io/ip: "{addresses}"
      x.io/pool: "{options.pool}"
meanings:
  x.io/ip: {means: address}
  x.io/pool: {means: network}
"""


def written(folder, text, name="x"):
    """Write a profile's file and load it."""
    with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as stream:
        stream.write(text)
    return load(name, str(folder))


def failures(folder, text):
    """Return message, line and field of each mistake in a profile."""
    with pytest.raises(NatsvaluesError) as caught:
        written(folder, text)
    errors = caught.value.errors if isinstance(caught.value, ManyErrors) else (caught.value,)
    assert {error.code for error in errors} == {"NV-O021"}
    assert {error.where[0].file for error in errors} == {os.path.join(str(folder), "x.yaml")}
    return [(error.message, error.where[0].line, error.where[0].field) for error in errors]


@pytest.mark.parametrize("name", names())
def test_every_profile_is_complete(name):
    """A packaged profile has an example, sources, caveats or not, and says how health is checked."""
    profile = load(name)

    assert profile.id == name
    assert profile.title
    assert profile.sources
    assert profile.health is not None
    assert profile.example is not None
    assert profile.example.provider is None
    assert profile.rules


def test_only_routes_are_experimental():
    """What was never run through a router says so."""
    assert [name for name in names() if load(name).experimental] == ["openshift-route-passthrough"]


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("aws-lbc-pi", "aws-lbc-ip"), ("MetalLB", "metallb"), ("hetzner-cloud", "hetzner")],
)
def test_an_unknown_provider_names_the_nearest(wrong, nearest):
    """A misspelled provider is an error that names the one that was meant."""
    with pytest.raises(NatsvaluesError) as caught:
        load(wrong)

    assert caught.value.code == "NV-O020"
    assert nearest in caught.value.hint


@pytest.mark.parametrize("name", ["", "_azure", "../providers/metallb", "zzzzzzzzzzzz"])
def test_what_is_no_profile_is_not_loaded(name):
    """Parts, paths and nonsense are unknown providers, and the error lists the known ones or a near one."""
    with pytest.raises(NatsvaluesError, match="there is no load balancer provider") as caught:
        load(name)

    assert caught.value.hint


def test_only_the_asked_for_file_is_read(tmp_path):
    """A broken file of another provider does not matter."""
    (tmp_path / "broken.yaml").write_text("id: [", encoding="utf-8")

    assert written(tmp_path, GOOD).id == "x"


def test_a_good_file_becomes_a_profile(tmp_path):
    """The texts of the file are the texts of the profile."""
    profile = written(tmp_path, GOOD)

    assert profile.inputs["addresses"].doc == "The address."
    assert profile.rules[0].annotations == {"x.io/ip": "{addresses}", "x.io/pool": "{options.pool}"}


FILE_NEEDED = "cannot be extended: it extends this file, or there is no such file"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("{addresses}", "{adress}", ("there is no fact `adress`", 10, "rules[0].annotations.x.io/ip")),
        ("{addresses}", "{}{port}", ("there is no fact ``", 10, "rules[0].annotations.x.io/ip")),
        ("x.io/ip:", "'{no}/ip':", ("there is no fact `no`", 10, "rules[0].annotations.{no}/ip")),
        ("  - a", "  - when: {tsl: given}\n    a", ("there is no fact `tsl`", 9, "rules[0].when.tsl")),
        ("  - a", "  - error: no {host_}\n    a", ("there is no fact `host_`", 9, "rules[0].error")),
        ("  - a", "  - spec: {a: {b: '{c}'}}\n    a", ("there is no fact `c`", 9, "rules[0].spec.a.b")),
        (
            *("rules:", "requires: [{anyOf: [pool], why: so}]\nrules:"),
            ("there is no fact `pool`", 8, "requires[0].anyOf[0]"),
        ),
        (
            *("inputs:", "inputs:\n  labels: {doc: No.}"),
            ("`labels` is not an input that a provider can accept", 5, "inputs.labels"),
        ),
        (
            *("inputs:", "inputs:\n  subnets: {doc: Lost.}"),
            ("`subnets` is accepted, but no rule uses it", 5, "inputs.subnets"),
        ),
        (
            *("  pool:", "  lost: {doc: Lost.}\n  pool:"),
            ("no rule uses the option `lost`", 7, "options.lost"),
        ),
        ("x.io/pool:", "x.io/more:", ("what `x.io/more` means is not stated", 11, "rules[0].annotations.x.io/more")),
        (
            *("  - a", "  - when: {annotations.x.io/y: given}\n    a"),
            ("what `x.io/y` means is not stated", 9, "rules[0].when.annotations.x.io/y"),
        ),
        ("id: x", "id: z", ("the id is `z` in a file named `x.yaml`", 1, "id")),
        ("id: x", "id: x\nextends: x", (f"`x` {FILE_NEEDED}", 2, "extends")),
        ("id: x", "id: x\nextends: w", (f"`w` {FILE_NEEDED}", 2, "extends")),
        (
            *('"{options.pool}"', "true"),
            ("`true` (true or false in YAML) where text is expected", 11, "rules[0].annotations.x.io/pool"),
        ),
        (
            *('"{options.pool}"', "8222"),
            ("`8222` (a number in YAML) where text is expected", 11, "rules[0].annotations.x.io/pool"),
        ),
    ],
)
def test_a_mistake_is_named_by_line_and_field(tmp_path, before, after, expected):
    """Unknown facts, inputs that lead nowhere and values that are no text are errors with a place."""
    assert before in GOOD

    first = failures(tmp_path, GOOD.replace(before, after, 1))[0]

    assert first == expected


def test_all_mistakes_are_reported_in_one_go(tmp_path):
    """Two mistakes are two errors."""
    text = GOOD.replace("{addresses}", "{a}").replace("{options.pool}", "{b}")

    assert len(failures(tmp_path, text)) == 4


def test_text_that_is_not_yaml_is_an_error_with_a_place(tmp_path):
    """A file that cannot be composed names itself and the line."""
    with pytest.raises(NatsvaluesError) as caught:
        written(tmp_path, "id: x\ntitle: [\n")

    assert caught.value.where[0].file.endswith("x.yaml")


def test_what_is_extended_comes_first(tmp_path):
    """Lists of the extended file stand before this file's, tables are merged, this file's entries win."""
    base = GOOD.replace("id: x", "id: _base").replace("rules:", "caveats: [base]\nrules:")
    (tmp_path / "_base.yaml").write_text(base, encoding="utf-8")
    text = "id: x\ntitle: Mine\nverified: partly\nextends: _base\ncaveats: [own]\noptions: {pool: {doc: Own.}}"

    profile = written(tmp_path, text)

    assert profile.caveats == ("base", "own")
    assert profile.options["pool"].doc == "Own."
    assert profile.inputs["addresses"].doc == "The address."
    assert len(profile.rules) == 1
