"""What it does here that the cluster differs from the release: judged as if the release had become what is there.

Only effects that stand count, such as an open load balancer or a missing server. That pods once restarted for a change
by hand, or that the API server would not have let Helm make it, is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import LEVELS, NO_IMPACT, About, Change, Impact, Level, at_least
from natsvalues.diff.impact import judge
from natsvalues.diff.releases import Comparison
from natsvalues.diff.sides import Side
from natsvalues.manifests.release import Release
from natsvalues.records import NamedTuple
from natsvalues.text.yamlwrite import flow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.diff.changes import ObjectDiff
    from natsvalues.manifests.release import ResourceKey
    from natsvalues.supercluster.region_state import Decision
    from natsvalues.text.paths import Path

STANDING: tuple[Level, ...] = ("exposure", "outage", "deadlock", "identity", "data-loss")


class Standing(NamedTuple):
    """The objects of the release that the cluster has otherwise, judged, by identity."""

    objects: dict[ResourceKey, ObjectDiff]

    def of_object(self, key: ResourceKey) -> Impact:
        """What it does that the cluster does not have the object."""
        item = self.objects.get(key)
        return _kept(item.impact) if item is not None else NO_IMPACT

    def of_change(self, key: ResourceKey, path: Path) -> Impact:
        """What a difference at this path does; the worst of those around and inside it."""
        item = self.objects.get(key)
        changes = item.changes if item is not None else ()
        impacts = [_kept(change.impact) for change in changes if not change.file and _meet(change.path, path)]
        return max(impacts, key=lambda impact: LEVELS.index(impact.level), default=NO_IMPACT)

    def in_file(self, key: ResourceKey, path: Path) -> tuple[Change, ...]:
        """The differences inside the configuration file that is at this path of a ConfigMap; none if it is none."""
        item = self.objects.get(key)
        if item is None or len(path) != 2 or path[0] != "data":  # noqa: PLR2004 - data and its key
            return ()
        return tuple(
            change._replace(impact=_kept(change.impact), before_line=None, after_line=None)
            for change in item.changes
            if change.file == path[1]
        )


def standing(old: Release, namespace: str, live: Iterable[dict[str, Any]], decision: Decision) -> Standing:
    """Judge the live objects, each with the namespace that the release states, as a new release."""
    about = About("", namespace=namespace)
    stream = "".join(f"---\n{flow(value)}\n" for value in live)
    comparison = Comparison(
        Side(about, old, hooks_known=False), Side(about, Release(stream, "the cluster"), hooks_known=False)
    )
    objects, _ = judge(comparison, decision)
    return Standing({item.key: item for item in objects})


def together(effect: Impact, fate: Impact) -> Impact:
    """What a difference does here, and what the next upgrade does with it, with the worse level of both."""
    if effect.level == "none":
        return fate
    reason = f"{effect.reason}; {fate.reason}"
    if at_least(fate.level, effect.level):
        return fate._replace(reason=reason)
    return effect._replace(reason=reason, remedy=fate.remedy or "If nobody meant it, set it back in the cluster now.")


def _kept(impact: Impact) -> Impact:
    return impact if impact.level in STANDING else NO_IMPACT


def _meet(one: Path, other: Path) -> bool:
    """Whether one path is the other, or leads to it."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]
