"""The size estimate against what Helm really stores: base64 of gzip."""

from __future__ import annotations

import base64
import gzip
import random

import pytest

from natsvalues.manifests.size import LIMIT, stored_size


def noise(characters):
    """Text that hardly compresses."""
    return base64.b64encode(random.Random(1).randbytes(characters * 3 // 4)).decode()  # noqa: S311  # only noise


MANIFEST = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nats-config\ndata:\n  a: 1\n"


@pytest.mark.parametrize("text", [MANIFEST * 5000, noise(400_000), MANIFEST * 500 + noise(100_000)])
def test_the_estimate_is_near_what_helm_stores(text):
    """Never less than half a per cent below, and at most twice as much: it uses the fastest compression."""
    stored = len(base64.b64encode(gzip.compress(text.encode())))

    assert stored * 0.995 < stored_size([text]) < max(stored * 1.5, stored + 40_000)


def test_pieces_count_together():
    """A release comes a document at a time, and is compressed as one."""
    text = noise(50_000)
    pieces = [text[start : start + 1000] for start in range(0, len(text), 1000)]

    assert stored_size(pieces) == stored_size([text])


def test_measuring_stops_behind_the_limit():
    """Nobody needs to know how far beyond it a release is."""
    taken = []

    def pieces():
        for number in range(100):
            taken.append(number)
            yield noise(300_000)[number:]

    assert stored_size(pieces()) > LIMIT
    assert len(taken) < 20


def test_text_beyond_ascii_counts_in_bytes():
    """Helm stores UTF-8."""
    letters = random.Random(2).choices("äöüßéèçñ€", k=100_000)  # noqa: S311  # only noise

    assert stored_size(["".join(letters)]) > 40_000
    assert stored_size([]) < 40
