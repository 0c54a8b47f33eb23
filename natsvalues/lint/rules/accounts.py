"""The system account, where it keeps servers from starting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.accounts import lacks_system_account, operator_problem
from natsvalues.manifests.included import included
from natsvalues.manifests.operators import runs_operator
from natsvalues.manifests.settings import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Cluster

_NAMING = "eyJ0eXAiOiJKV1QifQ.eyJuYXRzIjp7InN5c3RlbV9hY2NvdW50IjoiRVhBTVBMRSJ9fQ.c2ln"
"""A JWT that is not signed, whose claims are {"nats": {"system_account": "EXAMPLE"}}."""
SOURCE = "run on nats-server 2.10.26, 2.12.8, 2.14.6 and 2.15.1"


@rule(
    "JS007",
    "system-account-unknown",
    "error",
    needs="configuration",
    why="The server exits with `error resolving system account: account missing`, while `nats-server -t` reports the "
    "file as valid. The default account exists by itself only where system_account is not set.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Declare the account under accounts.",
    fails="conf: {system_account: SYS-EU, accounts: {APP: {}}}",
    passes="conf: {system_account: SYS-EU, accounts: {APP: {}, SYS-EU: {}}}",
)
def system_account_unknown(cluster: Cluster) -> Iterator[Problem]:
    """The system account is not one of the accounts."""
    stated = cluster.conf.get("system_account") or cluster.conf.get("system")
    accounts = cluster.conf.get("accounts")
    known = {str(name) for name in accounts} if isinstance(accounts, (dict, list)) else set()
    if not stated or str(stated) in known or runs_operator(cluster.conf) or "resolver" in cluster.conf:
        return
    if not _has_foreign_include(cluster):
        where = (cluster.at_conf("system_account"), cluster.at_conf("accounts"))
        yield Problem(f"account `{stated}` is not declared", where, (cluster.region,))


@rule(
    "JS010",
    "leaf-nodes-without-system-account",
    "error",
    needs="configuration",
    why="A server that listens for leaf nodes and has a gateway exits with `leaf nodes and gateways (both being "
    "defined) require a system account to also be configured`, while `nats-server -t` reports the file as valid.",
    source=SOURCE,
    remedy=f'Set system_account: "{DEFAULT_ACCOUNT}", the default one, and declare it: '
    f'accounts: {{"{DEFAULT_ACCOUNT}": {{}}}}. It loses nothing. natsvalues does so.',
    fails="conf: {leafnodes: {port: 7422}, accounts: null, system_account: null}",
    passes='conf: {leafnodes: {port: 7422}, accounts: {"$SYS": {}}, system_account: "$SYS"}',
)
def leaf_nodes_without_system_account(cluster: Cluster) -> Iterator[Problem]:
    """The servers have leaf nodes and a gateway, and no system account is stated."""
    if lacks_system_account(cluster.conf) and not runs_operator(cluster.conf) and not _has_foreign_include(cluster):
        where = (cluster.at_conf("leafnodes"), cluster.at_conf("gateway"))
        yield Problem("leaf nodes and a gateway, and no system_account", where, (cluster.region,))


@rule(
    "JS011",
    "operator-does-not-fit",
    "error",
    needs="configuration",
    why="With an operator the server exits unless system_account is the account that the operator's JWT names, or "
    "another where the JWT names none; it also exits if accounts is set. `nats-server -t` does not see all of it.",
    source=SOURCE,
    remedy="Set system_account as the JWT has it, or leave it out.",
    fails=f"conf: {{operator: {_NAMING}, system_account: OTHER}}",
    passes=f"conf: {{operator: {_NAMING}, system_account: EXAMPLE}}",
)
def operator_does_not_fit(cluster: Cluster) -> Iterator[Problem]:
    """The servers run with an operator, and its system account, or the lack of one, keeps them from starting."""
    problem = "" if _has_foreign_include(cluster) else operator_problem(cluster.conf)
    if problem:
        where = (cluster.at_conf("operator"), cluster.at_conf("system_account"))
        yield Problem(problem, where, (cluster.region,))


def _has_foreign_include(cluster: Cluster) -> bool:
    """Whether nats.conf includes a file that is not in the release, so that its declarations are unknown."""
    return any(item.settings is None for item in included(cluster.nats))


RULES = (system_account_unknown, leaf_nodes_without_system_account, operator_does_not_fit)
