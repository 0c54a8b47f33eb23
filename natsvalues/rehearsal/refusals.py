"""What a server's refusal of a stream means: whether the stream does not fit, or JetStream does not work now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.outside.jetstream import VIOLATION

if TYPE_CHECKING:
    from natsvalues.outside.jetstream import Refused

NO_STORAGE = frozenset({10028, 10047, 10023, 10002})
"""Insufficient memory or storage, or the account's limit of it (JSMemoryResourcesExceededErr and its like)."""
NO_PEERS = 10005
OURSELVES = -1
"""The code of what no server was asked, because it cannot be."""
_PASSING = frozenset({10004, 10006, 10007, 10008, 10009, 10040, 10041, 10044, 10048, 10049, 10075, 10118, 10119})
"""Codes of a JetStream that has no leader, or peers that are offline or not members yet."""
_LACKS = ("storage", "memory")
"""Words in `no suitable peers for placement, …` that tell of limits, and not of peers that are offline or unknown."""


def does_not_fit(refused: Refused) -> bool:
    """Whether the account, its limits, its permissions or the cluster's size rule the stream out, and not the moment.

    facts: the codes of nats-server's `server/errors.json`; run on 2.12.8, 2.14.6 and 2.15.1.
    """
    reason = refused.reason.lower()
    if refused.code == 0:
        return VIOLATION in reason
    if refused.code == NO_PEERS:
        return "offline" not in reason and any(word in reason for word in _LACKS)
    return refused.code not in _PASSING


def retried(config: dict[str, Any], refused: Refused) -> dict[str, Any] | None:
    """Another configuration of a stream of ours that may fit where this one does not; None if none may."""
    storage = refused.code in NO_STORAGE or "storage" in refused.reason.lower()
    if storage and config["storage"] == "file":
        return config | {"storage": "memory"}
    return None
