"""Operator mode: who decides about the system account.

facts, run on nats-server 2.10.26, 2.12.8, 2.14.6 and 2.15.1: if there is one operator, its JWT may name the system
account; `system_account` must then be missing or the same. With several operators, or trusted keys, only
`system_account` counts. Without a system account JetStream does not start. `accounts` is refused.
"""

from __future__ import annotations

from typing import Any

from natsvalues.manifests.conf.language import spellings

_OPERATOR = spellings("operator")


def runs_operator(conf: dict[str, Any]) -> bool:
    """Whether the servers trust an operator, so that accounts are JWTs and no part of the configuration."""
    return any(conf.get(key) for key in (*_OPERATOR, "trusted_keys", "trusted"))


def operators(conf: dict[str, Any]) -> list[Any]:
    """The operators, each a JWT or the path of a file with one."""
    given: Any = next((conf[key] for key in _OPERATOR if conf.get(key)), [])
    return given if isinstance(given, list) else [given]


def operator_account(conf: dict[str, Any]) -> str | None:
    """The system account that the operator's JWT names; None if it names none, or is not in the configuration."""
    listed = operators(conf)
    claims = _claims(listed[0]) if len(listed) == 1 else {}
    account = (claims or {}).get("system_account")
    return account if isinstance(account, str) and account else None


def has_readable_operator(conf: dict[str, Any]) -> bool:
    """Whether the configuration shows everything that decides about the system account: no JWT is elsewhere."""
    listed = operators(conf)
    return len(listed) != 1 or _claims(listed[0]) is not None


def _claims(token: Any) -> dict[str, Any] | None:
    """The `nats` claims of a JWT; None for anything else, such as a file's path or a variable."""
    import base64  # imported here because few servers have an operator
    import json

    _, _, rest = token.partition(".") if isinstance(token, str) else ("", "", "")
    text, _, _ = rest.partition(".")
    try:
        payload = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    claims = payload.get("nats") if isinstance(payload, dict) else None
    return claims if isinstance(claims, dict) else None
