"""The streams and consumers that each region gets in the rehearsal of a plan.

A file stream with three replicas and one with one, one in memory, a work queue whose messages are fetched and not
acknowledged, a key-value bucket, an object store, and a mirror.
"""

from __future__ import annotations

from typing import Any

from natsvalues.records import NamedTuple

MEMORY = "memory"


class Kind(NamedTuple):
    """A kind of stream: its name and subjects, where `{}` is the region's; the rest of its configuration.

    `subject` is what messages are published to, with a number behind it if it ends in a dot; empty: it is a mirror.
    """

    name: str
    subject: str
    config: dict[str, Any]


KINDS = (
    Kind("PLAN_{}_R3", "PLAN_{}_R3", {"storage": "file"}),
    Kind("PLAN_{}_R1", "PLAN_{}_R1", {"storage": "file", "num_replicas": 1}),
    Kind("PLAN_{}_MEMORY", "PLAN_{}_MEMORY", {"storage": MEMORY}),
    Kind("PLAN_{}_WORK", "PLAN_{}_WORK", {"storage": "file", "retention": "workqueue"}),
    Kind(
        "KV_PLAN_{}",
        "$KV.PLAN_{}.",
        {
            "storage": "file",
            "max_msgs_per_subject": 5,
            "discard": "new",
            "allow_rollup_hdrs": True,
            "deny_delete": True,
            "allow_direct": True,
        },
    ),
    Kind("OBJ_PLAN_{}", "$O.PLAN_{}.C.", {"storage": "file", "discard": "new", "allow_rollup_hdrs": True}),
    Kind("PLAN_{}_MIRROR", "", {"storage": "file", "mirror": {"name": "PLAN_{}_R3"}}),
)
READER, WORKER = "reader", "worker"
CONSUMER = {
    "ack_policy": "explicit",
    "deliver_policy": "all",
    "replay_policy": "instant",
    "ack_wait": 3_600_000_000_000,
}
"""Both consumers; nothing is delivered twice during a plan."""
FETCHED, ACKNOWLEDGED, PENDING = 10, 6, 5
"""How many messages the reader fetches and acknowledges, and how many the worker only fetches."""
