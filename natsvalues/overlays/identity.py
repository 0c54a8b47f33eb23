"""What a JetStream region loses when it is rendered differently than before: names, account, its own state.

facts: servers under new names, or under another system account, no longer find their streams (2.12.8, 2.15.1);
a region that elected a meta leader alone can erase the others' streams when it joins (2.12.8, 2.15.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsvalues.manifests.chart import Nats, all_nats
from natsvalues.manifests.settings import dials_others, jetstream_is_on, server_names, system_account
from natsvalues.text.natsconf import read, symbolic

if TYPE_CHECKING:
    from natsvalues.manifests.release import Release
    from natsvalues.overlays.pipeline import Result


class Loss(NamedTuple):
    """Something that `--prior` shows would be lost; `name` is what `--allow` takes, `field` is in the overlay."""

    name: str
    field: tuple[str, ...]
    message: str
    hint: str


def losses(prior: Release, result: Result) -> list[Loss]:
    """Compare the NATS of the prior release with the new one; nothing if it ran no JetStream."""
    before = _before(prior, result)
    if before is None:
        return []
    old, new = symbolic(read(before.conf)), symbolic(read(result.nats.conf))
    if not jetstream_is_on(old):
        return []
    found = []
    if before.name != result.nats.name:
        found.append(
            Loss(
                "server-names",
                ("nats", "name"),
                f"the StatefulSet `{before.name}` is called `{result.nats.name}` now, and JetStream is on",
                "pods, servers and volume claims get other names with it: the streams stay behind in the old claims.\n"
                "Keep the name (fullnameOverride in the chart's values)",
            )
        )
    old_names, new_names = server_names(before, old), server_names(result.nats, new)
    if old_names != new_names:
        found.append(
            Loss(
                "server-names",
                ("serverNames", "prefix"),
                f"server names change from `{old_names}` to `{new_names}`, and JetStream is on",
                "a server name is a JetStream identity: streams become unreachable. Keep the names with\n"
                "serverNames.prefix, or rename one server at a time, taking each old name out with\n"
                "`nats server raft peer-remove` before the next",
            )
        )
    old_account, new_account = system_account(old), system_account(new)
    if old_account != new_account and jetstream_is_on(new):
        found.append(
            Loss(
                "system-account",
                ("systemAccount",),
                f"the system account changes from `{old_account}` to `{new_account}`, and JetStream is on",
                "the region's JetStream lives under its system account: its streams vanish. State\n"
                f'systemAccount: "{old_account}", or stop all servers and rename the account\'s folder in the\n'
                "store together with the change",
            )
        )
    # In every stage: `local` and `expose` take JetStream out, but what it left in the store would join later.
    if not dials_others(old) and result.plan.shares_jetstream and result.plan.region.joins == "empty":
        found.append(
            Loss(
                "join-with-state",
                ("joins",),
                "the region joins as `empty`, but its JetStream ran alone in the prior release",
                "a region that elected its own meta leader, even without a stream, can erase the others' streams\n"
                "when it joins. Empty its store while it runs without JetStream (stages local and expose) and then\n"
                "allow it, or join in scope `region`",
            )
        )
    return found


def _before(prior: Release, result: Result) -> Nats | None:
    """The NATS as it was: of the same name, or the only one that is there no more."""
    others = all_nats(prior)
    for nats in others:
        if nats.name == result.nats.name:
            return nats
    kept = {nats.name for nats in all_nats(result.release)}
    gone = [nats for nats in others if nats.name not in kept]
    return gone[0] if len(gone) == 1 else None
