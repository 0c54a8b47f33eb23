"""What is said of a fault: the words, the nearest key, the version, and never a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.manifests.conf import check, language
from natsvalues.manifests.conf.check import faults
from natsvalues.manifests.conf.demands import unmet
from natsvalues.manifests.conf.language import spellings, usual_path
from natsvalues.manifests.conf.usual import CommandLine
from natsvalues.manifests.server import UNKNOWN, parse_version
from natsvalues.text.natsconf import read, value

V2_14 = parse_version("2.14.2")


def said(text, version=V2_14, used=frozenset()):
    """The sentences about a configuration, each with its remedy."""
    return [f"{fault.message}: {fault.remedy}" for fault in faults(value(read(text)), version, used)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pingg_interval: 20s", "nats-server does not know `pingg_interval`: did you mean `ping_interval`?"),
        (
            'max_payload: "4MB"',
            (
                "`max_payload` must be a number, and is text `4MB`: write it without quotes: `4MB` in "
                "nats.conf, `<< 4MB >>` in the chart's values"
            ),
        ),
        (
            'jetstream {max_file_store: "10GB"}',
            (
                '`jetstream.max_file_store` must be a number of bytes, or text such as "10G", and is text '
                "`10GB`: write it without quotes: `10GB` in nats.conf, `<< 10GB >>` in the chart's values"
            ),
        ),
        (
            "ping_interval: abc",
            (
                "`ping_interval` must be a duration such as 10s, and is text `abc`: write a number with a unit, such "
                "as 20s, 2m or 1h30m"
            ),
        ),
        (
            "ping_interval: 20",
            "`ping_interval: 20` counts as seconds, with a warning: write `20s`: `nats-server -t` refuses the number",
        ),
        (
            "cluster {max_payload: 1}",
            "nats-server does not know `cluster.max_payload`: `max_payload` stands outside of all blocks",
        ),
        (
            "max_file_store: 1",
            "nats-server does not know `max_file_store`: `max_file_store` belongs into the block `jetstream`",
        ),
        (
            "authorization {users: [{user: a, pasword: b}]}",
            "nats-server does not know `authorization.users[0].pasword`: did you mean `password`?",
        ),
        (
            "resolver {type: full, dir: x, allow_deletes: true}",
            "nats-server ignores `resolver.allow_deletes`: did you mean `allow_delete`?",
        ),
        ("server_name: 12", "`server_name` must be text, and is a number: write it in quotes"),
    ],
)
def test_words(text, words):
    """Each says what was found, and what to write instead."""
    assert said(text) == [words]


@pytest.mark.parametrize(
    ("version", "known"),
    [("2.10.26", False), ("2.11.10", False), ("2.11.11", True), ("2.12.0", False), ("2.12.1", True), ("2.15.1", True)],
)
def test_a_key_that_came_to_an_older_minor_version_afterwards(version, known):
    """cluster.write_deadline: from 2.11.11 and from 2.12.1."""
    found = said('cluster {write_deadline: "10s"}', parse_version(version))
    assert (not found) == known
    assert all("it came with 2.11.11 and 2.12.1" in words for words in found)


@pytest.mark.parametrize(("tag", "known"), [("2.11", True), ("2.12-alpine", True), ("2.10", False)])
def test_a_tag_without_a_patch_is_the_newest_patch(tag, known):
    """cluster.write_deadline came with 2.11.11, and nobody knows which patch nats:2.11 is."""
    found = said('cluster {write_deadline: "10s"}', parse_version(tag))
    assert (not found) == known
    assert all("nats-server 2.10 does not know" in words for words in found)


def test_an_unknown_version_may_know_every_key():
    """An image without a version in its tag is taken for none."""
    assert said("feature_flags {x: true}", UNKNOWN) == []
    assert said("no_such_key: 1", UNKNOWN) != []


def test_a_newer_server_may_know_a_key_that_the_table_has_not():
    """Of a release after the table's newest, an unknown key is no reason to say that it does not start."""
    found = faults(value(read("no_such_key: 1")), parse_version("2.16.0"))
    assert [fault.by for fault in found] == ["nobody"]


def test_a_variable_is_no_unknown_key():
    """The server accepts keys that it does not know if they are used as variables."""
    assert said("LOGIN: abc, authorization {token: $LOGIN}", used=frozenset({"LOGIN"})) == []


SECRET = "hunter2hunter2"  # noqa: S105 - no secret of anyone


@given(st.sampled_from(sorted(language.BLOCKS)), st.data())
def test_no_value_that_could_be_a_secret_is_shown(block, data):
    """Only durations, sizes, numbers and words are quoted, and only short ones."""
    name = data.draw(st.sampled_from(sorted(language.keys_of(block))))
    tables = [language.keys_of(place) for place in language.BLOCKS]  # it stands in other blocks below, too
    forms = [form for table in tables if name in table for form in table[name].forms]
    if not any(form in check._SHOWN or ".." in form or form[0] in "(<" for form in forms):
        conf = {name: data.draw(st.sampled_from([SECRET, [SECRET], {"x": SECRET}, {"users": [SECRET]}, 1234567]))}
        if block != "server":
            conf = {"accounts": {"A": {"users": [conf]}}, "authorization": conf}
        for fault in [*faults(conf, V2_14), *unmet(conf, V2_14, CommandLine(jetstream=True))]:
            assert SECRET not in fault.message + fault.remedy
            assert "1234567" not in fault.message + fault.remedy


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_has_an_answer(content):
    """Whatever a configuration holds, there is no trace."""
    conf = (
        content
        if isinstance(content, dict)
        else {"cluster": content, "accounts": content, "gateway": {"gateways": content}}
    )
    faults(conf, V2_14)
    unmet(conf, V2_14, CommandLine(jetstream=True))


def test_spellings_and_paths():
    """One table for all readers."""
    assert spellings("jetstream.store_dir") == ("store_dir", "store", "storedir")
    assert usual_path(("leaf", "remotes", 0, "creds")) == ("leafnodes", "remotes", "*", "credentials")
    assert usual_path(("accounts", "A", "maps", "x", 1, "dest")) == (
        "accounts",
        "a",
        "mappings",
        "x",
        "*",
        "destination",
    )
