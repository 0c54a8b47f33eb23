"""What a node needs: each reason why none can run here, images, and the configuration of DNS."""

from __future__ import annotations

import hashlib
import json
import tarfile

import cgroups
import parts
import pytest
from images import write_image
from plan_walks import CHARTED, WALKS, write_inputs
from regions import Names
from suites import SUITES

from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plans


def test_root_is_needed(monkeypatch):
    """The reason says so."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(parts.NoNodeError, match="root on Linux"):
        parts.require()


def test_control_groups_of_version_1_are_needed(monkeypatch):
    """Every missing controller is named; with version 2 only there is none."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(cgroups, "hierarchies", lambda: {"cpu,cpuacct": "/", "memory": "/"})
    with pytest.raises(parts.NoNodeError, match="none for: pids, devices, freezer"):
        parts.require()


def test_packages_are_named_where_nothing_installs_them(monkeypatch, tmp_path):
    """Without apt-get the message lists what to install."""
    monkeypatch.setenv("NATSVALUES_TOOLS", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(parts.NoNodeError, match=r"no apt-get: containerd, runc, .*containernetworking-plugins"):
        parts.install()


def test_an_image_is_the_same_for_the_same_program(tmp_path):
    """Its blobs have the digests that the manifest names, and the program is where it runs."""
    program = tmp_path / "program"
    program.write_bytes(b"#!/bin/true\n")
    digests = set()
    for name in ("one.tar", "two.tar"):
        write_image(str(tmp_path / name), "docker.io/library/nats:2.14.6-alpine", str(program), "/usr/local/bin/nats")
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    with tarfile.open(tmp_path / "one.tar") as image:
        blobs = {
            name.rpartition("/")[2]: image.extractfile(name).read() for name in image.getnames() if "blobs" in name
        }
        index = json.loads(image.extractfile("index.json").read())
    assert all(hashlib.sha256(data).hexdigest() == digest for digest, data in blobs.items())
    [entry] = index["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == "docker.io/library/nats:2.14.6-alpine"
    assert entry["digest"].removeprefix("sha256:") in blobs


def test_dns_keeps_answers_as_asked():
    """The zone's ttl, and the names outside of the cluster."""
    text = Names({"nats-gw-us-east.example.com": "198.18.1.10"}, 5).corefile()
    assert "       ttl 5\n" in text
    assert "198.18.1.10 nats-gw-us-east.example.com\n" in text


def test_suites_have_names_of_their_own():
    """Files of acts are named by them; and some are a part of CI."""
    assert len({suite.name for suite in SUITES}) == len(SUITES)
    assert any(suite.in_ci for suite in SUITES)


@pytest.mark.parametrize("name", WALKS)
def test_each_walk_is_part_of_a_suite_and_has_overlays(name, tmp_path):
    """The regions that it leads to, in its scope, and those of the walk before are gone."""
    [suite, *_] = [suite for suite in SUITES if name in {act.name for act in suite.acts}]
    (tmp_path / CHARTED).mkdir(parents=True)
    (tmp_path / CHARTED / "left.yaml").write_text("kind: Region\nname: left\n")
    write_inputs(WALKS[name], suite, suite.server, str(tmp_path))
    overlays = load(str(tmp_path / CHARTED))
    goal = WALKS[name].goal
    assert set(overlays.regions) == set(goal.regions)
    assert overlays.supercluster.jetstream.scope == goal.scope
    assert {region: file.region.servers for region, file in overlays.regions.items()} == {
        region: goal.servers.get(region) for region in goal.regions
    }
    assert plans(overlays)
