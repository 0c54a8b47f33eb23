"""What keeps a server from starting because of its system account.

`conf` is the value of nats.conf with what it includes.
"""

from __future__ import annotations

from typing import Any

from natsvalues.manifests.conf.language import spellings
from natsvalues.manifests.operators import has_readable_operator, operator_account, operators, runs_operator
from natsvalues.manifests.settings import gateway, jetstream_is_on, stated_system_account

_LEAF_NODES = spellings("leafnodes")
DECIDE_START = {
    *("gateway", "jetstream", "accounts", "trusted_keys", "trusted"),
    *(key for name in ("leafnodes", "operator", "system_account") for key in spellings(name)),
}
"""The settings that decide about `start_problem`."""


def lacks_system_account(conf: dict[str, Any]) -> bool:
    """Whether the server does not start because it has leaf nodes and a gateway, and no system account is stated.

    facts, run on 2.10.26, 2.12.8 and 2.15.1: a port for leaf nodes and a gateway's name are enough; remotes, an empty
    block and port 0 are not. The default account does not count, `accounts.$SYS` with system_account: $SYS does.
    """
    if not gateway(conf) or stated_system_account(conf) is not None:
        return False
    blocks = [block for key, block in conf.items() if key.lower() in _LEAF_NODES and isinstance(block, dict)]
    ports = [block[key] for block in blocks for key in block if key.lower() in ("port", "listen")]
    return any(port if isinstance(port, int) else str(port).rpartition(":")[2] != "0" for port in ports)


def operator_problem(conf: dict[str, Any]) -> str:
    """Why a server with an operator does not start, as a sentence; empty if it does, or if that is not known.

    facts: see `operators.py`; every sentence was run on 2.10.26, 2.12.8, 2.14.6 and 2.15.1.
    """
    if not runs_operator(conf):
        return ""
    written, named = conf.get("system_account") or conf.get("system"), operator_account(conf)
    if written and named and str(written) != named:
        return f"system_account is `{written}`, and the operator's JWT names `{named}`: they must be identical"
    if operators(conf) and conf.get("accounts"):
        return "accounts is set, which a server with an operator refuses"
    if stated_system_account(conf) is None and has_readable_operator(conf) and jetstream_is_on(conf):
        return "JetStream needs a system account, and neither nats.conf nor the operator's JWT names one"
    if lacks_system_account(conf) and has_readable_operator(conf):
        return "leaf nodes with a gateway need a system account, and neither nats.conf nor the operator's JWT names one"
    return ""


def start_problem(conf: dict[str, Any]) -> str:
    """Why a server does not start because of its system account; empty if it does, or if that is not known."""
    if runs_operator(conf) or not lacks_system_account(conf):
        return operator_problem(conf)
    return "leaf nodes and gateways together need a system account, and nats.conf states none"


def has_users(conf: dict[str, Any], account: str) -> bool:
    """Whether an account of the configuration has users."""
    accounts = conf.get("accounts")
    block = accounts.get(account) if isinstance(accounts, dict) else None
    return isinstance(block, dict) and bool(block.get("users"))
