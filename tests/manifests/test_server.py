"""What nats-server does by version: versions in image references, and which health checks wait for a leader."""

from __future__ import annotations

import pytest

from natsvalues.manifests.server import (
    UNKNOWN,
    ServerVersion,
    needs_leader,
    parse_version,
    ready_path,
    version_of_image,
)

V2_10 = ServerVersion(2, 10, 26)
LATER = (ServerVersion(2, 11, 0), ServerVersion(2, 12, 8), ServerVersion(2, 14, 6), ServerVersion(3, 0, 0))

IMAGES = {
    "nats:2.14.2-alpine": (2, 14, 2),
    "nats:2.14.2": (2, 14, 2),
    "nats:v2.11.4": (2, 11, 4),
    "nats:2.11": (2, 11, 0),
    "nats:2.11-alpine3.21": (2, 11, 0),
    "nats:2.15.0-RC.1": (2, 15, 0),
    "nats:2.10.26-nanoserver-1809": (2, 10, 26),
    "nats:2.14.2+build.7": (2, 14, 2),
    "docker.io/library/nats:2.12.8": (2, 12, 8),
    "registry.example.com:5000/team/nats:2.12.8-alpine": (2, 12, 8),
    "localhost:5000/nats:2.9.1": (2, 9, 1),
    "nats:2.14.2@sha256:0123456789abcdef": (2, 14, 2),
    "registry.example.com:5000/nats:2.14.2@sha256:0123456789abcdef": (2, 14, 2),
}


@pytest.mark.parametrize("image", IMAGES)
def test_the_tag_tells_the_version(image):
    """Registries with ports, digests and suffixes do not confuse it."""
    assert version_of_image(image) == ServerVersion(*IMAGES[image], known=True)


@pytest.mark.parametrize(
    "image",
    [
        "",
        "nats",
        "nats:",
        "nats:latest",
        "nats:alpine",
        "nats:2",
        "nats:2.x",
        "nats:2.14.2.1",
        "nats:release-2.14.2",
        "nats@sha256:2.14.2",
        "registry.example.com:2.11/nats",
        "registry.example.com:5000/nats",
        "registry.example.com:5000/nats@sha256:0123456789abcdef",
    ],
)
def test_an_image_that_does_not_tell_counts_as_2_10(image):
    """What is leader-free on 2.10 is leader-free everywhere, so that is the safe guess; it is marked as one."""
    assert version_of_image(image) == UNKNOWN
    assert str(version_of_image(image)) == "unknown"
    assert ready_path(version_of_image(image)) == "/healthz?js-enabled-only=true"


@pytest.mark.parametrize(
    "text", ["", "2", "v", "2.", "2.14.", "latest", "2.14.2 ", " 2.14.2", "2.14.2\n", "-2.14", "2,14"]
)
def test_what_is_no_version_is_none(text):
    """Nothing is guessed from half a version."""
    assert parse_version(text) is None


def test_a_version_is_written_with_three_numbers():
    """Messages show what was read, the patch number filled in."""
    assert str(parse_version("v2.11")) == "2.11.0"


# facts: HTTP status while there is no meta leader, on real servers (js-enabled, deprecated, is left out).
WITHOUT_LEADER = {
    "/healthz": (503, 503),
    "/healthz?js-enabled-only=true": (200, 200),
    "/healthz?js-server-only=true": (503, 200),
    "/healthz?js-meta-only=true": (503, 503),
    "/healthz?foo=true": (503, 503),
    "/healthz?JS-Server-Only=true": (503, 503),
    "/healthz?details=true": (503, 503),
}


@pytest.mark.parametrize("path", WITHOUT_LEADER)
def test_a_check_waits_for_a_leader_exactly_where_real_servers_said_503(path):
    """The table is the measured one, for 2.10 and for everything from 2.11 on."""
    before, since = WITHOUT_LEADER[path]

    assert needs_leader(path, V2_10) is (before == 503)
    assert {needs_leader(path, version) for version in LATER} == {since == 503}


@pytest.mark.parametrize("word", ["1", "t", "T", "true", "TRUE", "True"])
def test_true_in_all_the_spellings_of_go(word):
    """The server reads the parameter with Go's ParseBool."""
    assert not needs_leader(f"/healthz?js-enabled-only={word}", V2_10)
    assert not needs_leader(f"/healthz?js-server-only={word}", LATER[0])


@pytest.mark.parametrize("word", ["", "0", "false", "F", "yes", "on", "tRUE", "2"])
def test_anything_else_is_not_true(word):
    """False gives the plain check, and what ParseBool refuses gives status 400: neither may count as leader-free."""
    assert needs_leader(f"/healthz?js-enabled-only={word}", LATER[0])
    assert needs_leader(f"/healthz?js-server-only={word}", LATER[0])


def test_one_leader_free_parameter_among_others_is_enough():
    """Parameters are read by name, wherever they stand."""
    assert not needs_leader("/healthz?details=1&js-enabled-only=true", V2_10)
    assert not needs_leader("/healthz?js-server-only=true&js-enabled-only=true", V2_10)
    assert needs_leader("/healthz?js-server-only=true&js-enabled-only=false", V2_10)


@pytest.mark.parametrize("path", ["/", "/varz", "/ready", "/healthzz", "/jsz?healthz"])
def test_other_endpoints_wait_for_nobody(path):
    """Only /healthz asks for a meta leader."""
    assert not needs_leader(path, V2_10)


@pytest.mark.parametrize("version", [V2_10, UNKNOWN, ServerVersion(1, 99, 0), *LATER])
def test_our_own_choice_of_path_waits_for_no_leader(version):
    """Whatever the version: the probe we write can succeed on a cold start."""
    assert not needs_leader(ready_path(version), version)


def test_js_server_only_is_chosen_from_2_11_on():
    """It says more than js-enabled-only, and is leader-free from 2.11.0 on."""
    assert {ready_path(version) for version in LATER} == {"/healthz?js-server-only=true"}
    assert ready_path(V2_10) == ready_path(ServerVersion(2, 10, 99)) == "/healthz?js-enabled-only=true"
