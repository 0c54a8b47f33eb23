"""Every line of the table of keys, asked of real servers of every pinned version with `nats-server -t`."""

from __future__ import annotations

import json
import subprocess

import pytest

from natsvalues.manifests.conf import language
from natsvalues.manifests.conf.check import faults
from natsvalues.manifests.conf.demands import unmet
from natsvalues.manifests.conf.usual import CommandLine
from natsvalues.manifests.server import parse_version
from natsvalues.text.natsconf import read, value

VERSIONS = ("2.10.26", "2.11.4", "2.11.10", "2.12.8", "2.14.2", "2.14.6", "2.15.1")
ROWS = [(block, key) for block in language.BLOCKS for key in language.keys_of(block)]
pytestmark = [pytest.mark.nats, pytest.mark.slow]


@pytest.fixture
def server(nats_server, tmp_path):
    """Give the words with which a version refuses a configuration; empty if it accepts it."""

    def ask(version, conf):
        path = tmp_path / "nats.conf"
        text = json.dumps(conf, indent=1).replace('"DIR"', f'"{tmp_path}"')
        path.write_text(text)
        command = [nats_server(version), "-c", str(path), "-t"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env={})
        return done.stderr if done.returncode else "", _judged(text, version)

    return ask


def _judged(text, version):
    conf, known = value(read(text)), parse_version(version)
    found = [*faults(conf, known), *unmet(conf, known, CommandLine(jetstream=False))]
    return [fault.message for fault in found if fault.by in ("parser", "test")]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("block", language.BLOCKS)
def test_the_server_knows_the_keys_of_a_block(samples, server, block, version):
    """Each spelling with a good value is accepted by the versions that know it, and by no other."""
    wrong = []
    for key, row in language.keys_of(block).items():
        known = row.is_known_to(parse_version(version)[:3])
        for item in samples.fitting(block, key):
            words, said = server(version, samples.configuration(block, key, {key: item}))
            ignored = row.forms == ("ignored",) or (not known and block in language.LENIENT)
            if (bool(words) == known and not ignored) or bool(words) != bool(said):
                wrong.append((key, item, words, said))
    assert not wrong


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("block", language.BLOCKS)
def test_the_server_refuses_other_values(samples, server, block, version):
    """A value of no form of the key is refused."""
    wrong = []
    for key, row in {row.names[0]: row for row in language.keys_of(block).values()}.items():
        item = samples.misfitting(block, key)
        release = parse_version(version)[:3]
        unseen = block in language.LENIENT and not row.is_known_to(release)
        refused = not unseen and (row.strict is None or release >= row.strict)
        if item is not None:
            words, said = server(version, samples.configuration(block, key, {key: item}))
            if bool(words) != refused or bool(said) != refused:
                wrong.append((key, item, words, said))
    assert not wrong
