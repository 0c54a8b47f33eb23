"""Another version of nats-server: one region after the other, before anything else, and nothing else with it.

facts: docs/plan-runs.md, upgrades and downgrades between 2.12.8, 2.14.6 and 2.15.1, each pair of them by itself. The
region whose server is the meta leader is last: so the leader is elected anew for that region only, and until then newer
servers read what an older one writes. A stream that needs a higher API level than a server has is offline there (2.14.6
to 2.11.10: error 10194, nothing lost), while /healthz answers 200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.conf.of_nats import server_faults
from natsvalues.manifests.server import too_old
from natsvalues.runbook.records import proven_between
from natsvalues.runbook.step import Act, Check, Step
from natsvalues.runbook.walk import roll

if TYPE_CHECKING:
    from natsvalues.manifests.server import ServerVersion
    from natsvalues.runbook.draft import Draft

UP, DOWN = "upgrade-servers", "downgrade-servers"
_ALONE = ("rebuild", "empty", "cluster", "rename-servers", "rename-account", "scale-down")
"""Ways of a region whose renderings keep something that a new version must not change, too."""
_KEEP = "keep container.image.tag: {} in the chart's values, follow the plan to its end, and then state the new version"


def upgrade_servers(draft: Draft) -> None:
    """Every region whose new rendering has another server version gets it, one after the other."""
    for name, place in draft.places.items():
        refused = too_old(place.state.version) if place.state is not None else None
        if refused is not None:
            draft.refuse(name, UP, *refused)
    changing = [name for name in draft.order if _differ(*_versions(draft, name))]
    last = _leading(draft)
    for name in sorted(changing, key=lambda item: item == last):
        if _is_allowed(draft, name):
            _upgrade(draft, name, is_last=name == last)


def require_alone(draft: Draft) -> None:
    """Refuse versions that change together with what identifies a region's JetStream, or before a region has left."""
    for step in [item for item in draft.steps if item.way in (UP, DOWN)]:
        old = draft.places[step.region].state
        assert old is not None  # noqa: S101   # its version was read from it
        others = {item.way for item in draft.steps if item.region == step.region} & set(_ALONE)
        others |= {"leave"} if draft.leaving else set()
        others |= set() if draft.places[step.region].stamp else {"adopt"}
        if others:
            reason = f"its server version changes, and `{min(others)}` is to be done, too: never both at a time"
            draft.refuse(step.region, step.way, reason, _KEEP.format(old.version))


def _versions(draft: Draft, name: str) -> tuple[ServerVersion | None, ServerVersion | None]:
    """The version of a region's servers now, and in its new rendering; None where one is not known."""
    old, new = draft.now[name].version, draft.rendered[name].version if name in draft.rendered else None
    return (old if old is not None and old.known else None), (new if new is not None and new.known else None)


def _differ(old: ServerVersion | None, new: ServerVersion | None) -> bool:
    if old is None or new is None:
        return False
    length = 3 if old.exact and new.exact else 2
    return old[:length] != new[:length]


def _leading(draft: Draft) -> str:
    """The region with the meta leader; the seed, whose streams are the oldest, where nobody asked."""
    leaders = {place.stores.leader for place in draft.places.values() if place.stores is not None} - {""}
    return next((name for name in draft.goal if leaders & set(draft.servers(name))), draft.seed or "")


def _is_allowed(draft: Draft, name: str) -> bool:
    old, new = _versions(draft, name)
    before, after = draft.places[name].state, draft.rendered[name]
    assert old is not None and new is not None and before is not None  # noqa: S101, PT018   # they differ
    way, refused = UP if old < new else DOWN, too_old(new)
    if refused is not None:
        draft.refuse(name, way, *refused)
        return False
    known = set(server_faults(after.nats, after.conf, old))
    faults = [fault for fault in server_faults(after.nats, after.conf, new) if fault not in known]
    for fault in faults:
        at = ".".join(map(str, fault.path))
        draft.refuse(name, way, f"{new.program} does not start: {at}: {fault.message}", fault.remedy)
    return not faults and draft.is_proven_between(name, way, old, new)


def _upgrade(draft: Draft, name: str, *, is_last: bool) -> None:
    old, new = _versions(draft, name)
    assert old is not None and new is not None  # noqa: S101, PT018   # they differ
    is_newer, low = old < new, min(old, new)
    runs = draft.places[name].stored is not None
    before = _before(draft, name, runs=runs)
    remotes = tuple(sorted(draft.now[name].remotes))
    group = draft.group(name)
    checks = [Check("healthy", name), Check("version", name, (str(new),))]
    checks += [Check("group", name, (str(group),))] if runs else []
    checks += [Check("connected", name, remotes)] if remotes else []
    checks += [Check("whole", name)] if runs else []
    draft.becomes(name, version=new)
    draft.add(
        Step(
            UP if is_newer else DOWN,
            name,
            f"its servers become {new}, and nothing else changes",
            (Act("upgrade", name),),
            effect=_effect(draft, name, runs=runs, is_last=is_last),
            before=(*before, *(() if is_newer else _fitting(draft, name, new))),
            after=tuple(checks),
            back=_back(old, new),
            back_until=f"a stream needs more than {low} has: `_nats.req.level` above {low.api_level} in its metadata"
            if is_newer and runs
            else "",
        ),
    )


def _before(draft: Draft, name: str, *, runs: bool) -> tuple[Check, ...]:
    """All regions are healthy, whole, and of one version each: no other one is in its upgrade."""
    there = [item for item in draft.order if draft.now[item].version is not None]
    checks: list[Check] = []
    for item in [name, *(other for other in there if other != name)]:
        version = draft.now[item].version
        assert version is not None  # noqa: S101   # chosen above
        checks.append(Check("healthy", item))
        checks += [Check("version", item, (str(version),))] if version.known and version.exact else []
        checks += [Check("whole", item)] if draft.places[item].stored is not None else []
    return (*checks, Check("group", name, (str(draft.group(name)),))) if runs else tuple(checks)


def _fitting(draft: Draft, name: str, new: ServerVersion) -> tuple[Check, ...]:
    """No stream of its meta group needs more than the older version has."""
    shares = draft.is_shared and draft.now[name].stage == "join"
    regions = draft.joined() if shares else [name]
    detail = (str(new.api_level), str(new))
    return tuple(Check("level", item, detail) for item in regions if draft.places[item].stored is not None)


def _effect(draft: Draft, name: str, *, runs: bool, is_last: bool) -> str:
    if not runs:
        return roll(draft, name)
    single = draft.streams(name, lambda stream: stream.replicas == 1)
    which = f" ({', '.join(single)})" if single else ""
    words = [roll(draft, name), f"streams of one replica{which} are away while their server restarts"]
    if is_last:
        is_known = any(place.stores is not None for place in draft.places.values())
        leader = "the meta leader is here, and another one is elected" if is_known else "if the meta leader is here"
        words.append(f"{leader}: for some seconds no stream is created or changed")
    words.append(
        "pods are Ready before their streams are current: with large ones set minReadySeconds "
        "(statefulSet.merge.spec) in the chart's values"
    )
    return "; ".join(words)


def _back(old: ServerVersion, new: ServerVersion) -> str:
    way = DOWN if old < new else UP
    if proven_between(way, new, old) is not None:
        return f"from a backup only: `{way}` was not run from {new} to {old}"
    return f"helm rollback to the revision before: its servers become {old} again, and read what {new} stored"
