"""A release near Helm's limit of 1 MiB: a warning, and the release all the same."""

import base64
import os
import random

import pytest

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "stage-join-empty")


@pytest.fixture
def padded(run):
    """Post-render a small release followed by a document of that many characters which hardly compress."""
    with open(os.path.join(GOLDEN, "input.yaml"), encoding="utf-8") as file:
        release = file.read()

    def call(size):
        letters = base64.b64encode(random.Random(1).randbytes(size * 3 // 4)).decode()  # noqa: S311  # only noise
        stream = f"{release}---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: big\ndata:\n  big: {letters}\n"
        done = run("natsvalues", "post-render", "--region=eu-west", f"--overlays={GOLDEN}/overlays", stdin=stream)
        assert done.returncode == 0
        assert letters in done.stdout
        return done.stderr

    return call


def test_a_release_near_the_limit_is_warned_about(padded):
    """It says how much there is, where, what the limit is, and what to do."""
    first, where, remedy = padded(900_000).splitlines()

    assert first.startswith("warning: the release's manifests take about ")
    assert "of the 1 MiB that Helm can store" in first
    assert where == " --> standard input:1"
    assert remedy == "help: split the umbrella release; or keep large files out of the chart"


def test_a_release_beyond_the_limit_is_warned_about(padded):
    """Helm will refuse it; the size is not measured to its end."""
    assert padded(1_200_000).splitlines()[0].startswith("warning: the release's manifests take more than 1024 KiB")


def test_a_release_far_from_the_limit_is_not(padded):
    """No warning, even though the text is large."""
    assert padded(100_000) == ""
