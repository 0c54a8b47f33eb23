"""What a region loses, judged from every revision that Helm keeps: the store has what an earlier one left in it.

The rule: the store is as the last revision that ran JetStream left it. So a new rendering is compared with the deployed
revision, and, if that runs no JetStream, with the last one before it that did. A revision that failed may have
run nevertheless; of it counts what lasts in the store, whatever is rendered later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.chart import all_nats
from natsvalues.manifests.stamps import accepted_losses, stamped_region
from natsvalues.records import NamedTuple
from natsvalues.supercluster.losses import losses
from natsvalues.supercluster.pairing import paired
from natsvalues.supercluster.region_state import region_state
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from natsvalues.manifests.release import Release
    from natsvalues.supercluster.losses import Loss
    from natsvalues.supercluster.region_state import RegionState

LASTING = frozenset({"join-with-state", "standalone-store"})
"""What is lost for having run at all, not for having other names or places than the new release."""
DEPLOYED = "deployed"
RAN = (DEPLOYED, "superseded", "uninstalled")
"""The statuses of a revision that was installed completely; with any other it is not known how much of it ran."""


class Revision(NamedTuple):
    """One revision that Helm keeps of a release."""

    number: int
    status: str
    release: Release

    @property
    def ran(self) -> bool:
        """Whether all of it was installed."""
        return self.status in RAN


class Revisions:
    """Revisions from the newest to the oldest, each read when it is first wanted: reading one starts helm."""

    def __init__(self, read: Callable[[], Iterator[Revision]] = lambda: iter(())) -> None:
        self._read = read
        self._left: Iterator[Revision] | None = None
        self._found: list[Revision] = []

    def __iter__(self) -> Iterator[Revision]:
        position = 0
        while True:
            if position == len(self._found):
                self._left = self._read() if self._left is None else self._left
                following = next(self._left, None)
                if following is None:
                    return
                self._found.append(following)
            yield self._found[position]
            position += 1


class Kept(NamedTuple):
    """What Helm keeps beside the compared revision: those that failed after it, and those before it."""

    later: Revisions
    earlier: Revisions


NOTHING_KEPT = Kept(Revisions(), Revisions())


def kept_losses(before: RegionState, after: RegionState, kept: Kept) -> list[Loss]:
    """The losses from the compared revision, and those from the others that what they left in the store brings about.

    What the user accepted (a stamp says which, and up to which revision) does not count again: the stores were emptied.
    """
    lost = losses(before, after)
    if not after.has_jetstream and after.decision.joins != "empty":
        return lost  # nothing reads the store; an empty region's would be read when it joins
    for revision in kept.later:
        lost += _more(lost, _losses_from(revision, after), revision, only=LASTING)
    if before.has_jetstream:
        return lost
    accepted = accepted_losses(before.nats.statefulset)
    for revision in kept.earlier:
        state = _state(revision.release, after)
        if state is None:
            continue
        more = [loss for loss in losses(state, after) if accepted.get(loss.manual.allow, 0) < revision.number]
        lost += _more(lost, more, revision, only=None if revision.ran else LASTING)
        if revision.ran:
            if state.has_jetstream:
                break
            for name, number in accepted_losses(state.nats.statefulset).items():
                accepted[name] = max(number, accepted.get(name, 0))
    return lost


def post_rendered_before(before: RegionState, after: RegionState, kept: Kept) -> int | None:
    """The revision before the compared one, if only that one was not post-rendered and nothing is lost from it."""
    revision = next((item for item in kept.earlier if item.ran), None)
    if revision is None or stamped_region(before.nats.statefulset):
        return None
    state = _state(revision.release, after)
    was = state is not None and stamped_region(state.nats.statefulset) and not losses(state, after)
    return revision.number if was else None


def _more(known: list[Loss], more: list[Loss], revision: Revision, *, only: frozenset[str] | None) -> list[Loss]:
    """The losses of kinds that are not known yet, with the revision that brings them about."""
    kinds = {loss.kind for loss in known}
    failed = "" if revision.ran else f", which is {revision.status} and may have run"
    return [
        loss._replace(message=f"{loss.message} (so it was in revision {revision.number}{failed})")
        for loss in more
        if loss.kind not in kinds and (only is None or loss.kind in only)
    ]


def _losses_from(revision: Revision, after: RegionState) -> list[Loss]:
    state = _state(revision.release, after)
    return losses(state, after) if state is not None else []


def _state(release: Release, after: RegionState) -> RegionState | None:
    """The state of the same NATS in another revision; None if it has none, or one with which no server starts."""
    for old, new in paired(all_nats(release), all_nats(after.release)):
        if old is not None and new is not None and new.statefulset.key == after.nats.statefulset.key:
            try:
                return region_state(release, old, after.name, decision=after.decision)
            except ConfSyntaxError:
                return None
    return None
