"""Versions of nats-server in image references."""

from __future__ import annotations

import pytest

from natsvalues.manifests.healthz import ready_path
from natsvalues.manifests.server import (
    UNKNOWN,
    ServerVersion,
    parse_version,
    version_of_image,
)

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
    is_exact = image not in ("nats:2.11", "nats:2.11-alpine3.21")
    assert version_of_image(image) == ServerVersion(*IMAGES[image], known=True, exact=is_exact)


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
