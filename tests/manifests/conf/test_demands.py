"""Each demand asked of real servers: `nats-server -t`, and where that accepts it, a start."""

from __future__ import annotations

import subprocess
import time

import pytest

from natsvalues.manifests.conf.check import faults
from natsvalues.manifests.conf.demands import DEMANDS, unmet
from natsvalues.manifests.conf.usual import CommandLine
from natsvalues.manifests.server import parse_version
from natsvalues.manifests.settings import jetstream_is_on
from natsvalues.text.natsconf import read, value

pytestmark = [pytest.mark.nats, pytest.mark.slow]
VERSIONS = ("2.10.26", "2.11.4", "2.11.10", "2.12.8", "2.14.2", "2.14.6", "2.15.1")
SECONDS = 20


@pytest.fixture
def server(nats_server, tmp_path):
    """Ask a server about a configuration: what refuses it, as in `Fault`, or None; and its words."""

    def ask(version, text):
        path = tmp_path / "nats.conf"
        path.write_text(f"host: 127.0.0.1, port: -1\n{text.replace('STORE', str(tmp_path / 'store'))}\n")
        command = [nats_server(version), "-c", str(path)]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=SECONDS, check=False, env={})
        log = tmp_path / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file, env={}, cwd=tmp_path)
        try:
            end = time.monotonic() + SECONDS
            while process.poll() is None and "Server is ready" not in log.read_text():
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.01)
            starts, words = process.poll() is None, checked.stderr + log.read_text()
            return {(0, True): None, (0, False): "start", (1, True): "test"}.get(
                (checked.returncode, starts), "parser"
            ), words
        finally:
            process.kill()
            process.wait()

    return ask


def _demanded(text, version):
    """What natsvalues says of a configuration."""
    conf = value(read(text))
    found = unmet(conf, parse_version(version), CommandLine(jetstream_is_on(conf)))
    assert not faults(conf, parse_version(version)), "an example has no fault of its keys and forms"
    return {fault.by for fault in found}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("demand", DEMANDS, ids=lambda demand: demand.name)
def test_a_server_demands_it(server, demand, version):
    """The configuration that fails is refused where the demand says, the other one starts."""
    holds = demand.holds_for(parse_version(version)[:3])
    if faults(value(read(demand.passes)), parse_version(version)):
        assert server(version, demand.passes)[0] == "parser", "a version that does not know a key of the example"
        return
    by, words = server(version, demand.fails)
    assert by == (demand.by if holds else None), words
    assert _demanded(demand.fails, version) == ({demand.by} if holds else set())
    by, words = server(version, demand.passes)
    assert by is None, words
    assert _demanded(demand.passes, version) == set()


def test_every_demand_has_a_name_of_its_own():
    """Names are keys of lint rules; the sentence is a row of the page."""
    assert len({demand.name for demand in DEMANDS}) == len(DEMANDS)
    assert all(demand.sentence.endswith(".") for demand in DEMANDS)
