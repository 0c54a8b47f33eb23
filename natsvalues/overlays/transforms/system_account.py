"""The system account: the region's own in scope `region`, and a stated one beside leaf nodes.

facts: a server with leaf nodes and a gateway starts only if a system account is stated; the default one can be
(`lacks_system_account`). Where the only accounts with users are the system account's, clients without credentials
belong to $G; a further account ends that, and users of an account that is no longer the system account see nothing of
$SYS (run on 2.12.8 and 2.15.1). Operators: manifests/operators.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.accounts import has_users, lacks_system_account, operator_problem
from natsvalues.manifests.operators import runs_operator
from natsvalues.manifests.settings import DEFAULT_ACCOUNT, settings
from natsvalues.overlays.server_conf import refuse_hidden, unread_file
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.patches import Outcome
    from natsvalues.overlays.scene import Scene

RULE = "system-account"
SOURCE = "run on nats-server 2.10.26, 2.12.8, 2.14.6 and 2.15.1"


def system_account(scene: Scene) -> Iterator[Outcome]:
    """State the default system account where leaf nodes and a gateway need one; refuse operators that do not fit."""
    conf, elsewhere = settings(scene.nats), unread_file(scene.nats)
    problem = "" if elsewhere else operator_problem(conf)
    if problem:
        raise NatsvaluesError(
            "NV-T067",
            problem,
            where=(scene.at_conf("operator"), scene.at_conf("system_account")),
            hint="set system_account in the chart's values to the account that the operator's JWT names; or, if it "
            "names\nnone, to one that the resolver knows",
        )
    if not lacks_system_account(conf) or runs_operator(conf):
        return
    if elsewhere:
        yield scene.warning(
            "leaf nodes and gateways together need a system account, and nats.conf states none",
            scene.at_conf("leafnodes"),
            hint=f"if {elsewhere} does not state it either, the servers do not start: set system_account in the "
            "chart's values",
        )
        return
    why = "with leaf nodes and a gateway the servers start only if a system account is stated; this is the default one"
    yield from _stated(scene, DEFAULT_ACCOUNT, why, RULE)


def region_account(scene: Scene, account: str, present: str | None) -> Iterator[Outcome]:
    """Make `account` the system account instead of `present` (None: the server's default); nothing if it is that."""
    conf = settings(scene.nats)
    operates = runs_operator(conf)
    if account == (present or ("" if operates else DEFAULT_ACCOUNT)):
        return
    plan = scene.plan
    if operates:
        known = f"here that is `{present}`" if present else "which this rendering does not show"
        raise NatsvaluesError(
            "NV-T022",
            f"the servers run with an operator, which decides about the system account: {known}",
            where=(plan.positions.where("systemAccount"), scene.at_conf("system_account")),
            hint="each region needs an operator of its own, or one whose JWT names no system account: then set\n"
            "system_account to an account that the resolver knows, and systemAccount in the overlay to the same",
        )
    leaving = present or DEFAULT_ACCOUNT
    if has_users(conf, leaving):
        raise NatsvaluesError(
            "NV-T064",
            f"the system account becomes `{account}`, and accounts.{leaving} has users: they would lose the rights of "
            "the system account, and clients without credentials would be refused",
            where=(plan.positions.where("systemAccount"), scene.at_conf(f"accounts.{leaving}.users")),
            hint=f"move the users to accounts.{account} in the chart's values; or, if the region has streams, keep its "
            f'account:\nsystemAccount: "{leaving}"',
        )
    if present is not None:
        yield scene.warning(
            f"the system account becomes `{account}` instead of `{present}`: streams of `{present}` would be lost",
            plan.positions.where("systemAccount"),
            scene.at_conf("system_account"),
            hint=f'if this region has streams, set systemAccount: "{present}"',
        )
    why = f"the region has its own meta group because it has its own system account `{account}`"
    if account == DEFAULT_ACCOUNT:
        refuse_hidden(scene.release, scene.nats, {(): {"system_account"}})
        yield scene.in_conf("jetstream", why, Op("remove", ("system_account",)), source=SOURCE)
        return
    elsewhere = unread_file(scene.nats)
    if elsewhere and "accounts" not in scene.conf:
        raise NatsvaluesError(
            "NV-T061",
            f"{elsewhere}, which nats.conf includes and the release does not contain, may set accounts",
            where=(scene.at_conf("accounts"), plan.positions.where("systemAccount")),
            hint=f"declare accounts.{account} and system_account: {account} there or in the chart's values",
        )
    yield from _stated(scene, account, why, "jetstream")


def _stated(scene: Scene, account: str, why: str, rule: str) -> Iterator[Outcome]:
    """Declare the account, beside those that are there, and state it as the system account."""
    refuse_hidden(scene.release, scene.nats, {(): {"accounts", "system_account"}, ("accounts",): {account.lower()}})
    accounts = scene.conf.get("accounts")
    if isinstance(accounts, list):
        if account not in accounts:
            yield scene.in_conf(rule, why, Op("add", ("accounts", "-"), account), source=SOURCE)
    elif not isinstance(accounts, dict):
        yield scene.in_conf(rule, why, Op("add", ("accounts",), {account: {}}), source=SOURCE)
    elif account not in accounts:
        yield scene.in_conf(rule, why, Op("add", ("accounts", account), {}), source=SOURCE)
    yield scene.in_conf(rule, why, Op("add", ("system_account",), account), source=SOURCE)
