"""Walks that found something, as commands, so that they are run again: their seeds are 0, -1, -2 and so on."""

from __future__ import annotations

from typing import NamedTuple

from walks.moves import Beginning


class Known(NamedTuple):
    """A starting point, how it begins, and the commands."""

    about: str
    start: str
    begins: Beginning
    commands: tuple[str, ...]


_NEWCOMER = ("us-east upgrade", "eu-west upgrade", "- kill")
KNOWN = (
    Known(
        "a third region joins before the others list it",
        "supercluster",
        Beginning("2.11.10", (3, 1), named=True),
        ("ap-south edit version=2.11.10 replicas=3 stage=join", "ap-south upgrade", *_NEWCOMER),
    ),
    Known(
        "the newcomer joins before the seed",
        "exposed",
        Beginning("2.11.10", (3, 3)),
        ("us-east edit stage=join", "eu-west edit stage=join", "eu-west upgrade", "us-east upgrade", "- kill"),
    ),
    Known(
        "the post-renderer is forgotten on an empty region, which is then uninstalled and joins with its old claims",
        "exposed",
        Beginning("2.12.8", (3, 3), named=True),
        (
            "eu-west plain",
            "us-east edit stage=join",
            "eu-west edit stage=join",
            "eu-west uninstall",
            "us-east upgrade",
            "eu-west upgrade",
        ),
    ),
    Known(
        "the post-renderer is forgotten on an empty region, all its pods start, and it is rolled back, then joins",
        "exposed",
        Beginning("2.12.8", (3, 3), named=True),
        (
            "eu-west plain",
            "eu-west kill",
            "eu-west rollback 1 allow",
            "us-east edit stage=join",
            "eu-west edit stage=join",
            "us-east upgrade",
            "eu-west upgrade",
        ),
    ),
    Known(
        "a single server with JetStream becomes a cluster of three",
        "standalone",
        Beginning("2.14.6", (3, 3)),
        ("us-east edit cluster=on replicas=3", "us-east upgrade", "- kill"),
    ),
    Known(
        "a region of one server in stage local",
        "one region",
        Beginning("2.14.6", (3, 3)),
        ("- edit scope=region", "eu-west edit version=2.14.6 replicas=1", "eu-west upgrade"),
    ),
)
