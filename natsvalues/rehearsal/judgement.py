"""The verdict: whether the supercluster converged, whether anything was lost, the causes, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.groups import domains_of, expected_groups
from natsvalues.rehearsal.leaderless import DOMAINS, early_remedy
from natsvalues.rehearsal.outcome import Cause, Verdict
from natsvalues.rehearsal.scenarios import POWER_CUT
from natsvalues.rehearsal.timeline import Event
from natsvalues.supercluster.cold_start import cold_starts, first_boot, never_elects
from natsvalues.supercluster.losses import KEEP_STORE
from natsvalues.supercluster.power_cuts import REMEDY as POWER_CUT_REMEDY
from natsvalues.supercluster.power_cuts import unwritten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.rehearsal.causes import Why
    from natsvalues.rehearsal.elections import Meeting
    from natsvalues.rehearsal.outcome import StreamFate
    from natsvalues.rehearsal.snapshot import Snapshot
    from natsvalues.rehearsal.stage import Stage


LOST = ("gone", "lost messages", "lost acknowledgements")
IN_MEMORY = "keep what must survive a restart of all its servers in streams with file storage"
OWN_STREAMS = "or rehearse with your own streams: --streams FILE"
FITTING = "give a user of an account with JetStream, with room for its streams and a password in nats.conf"


class Judgement(NamedTuple):
    """The verdict with its causes. `lossy` is true if anything was lost; `remedy` is empty if nothing is to do.

    `untested` is true if a stream did not fit.
    """

    verdict: Verdict
    lossy: bool
    untested: bool
    causes: tuple[Cause, ...]
    remedy: str
    notes: tuple[str, ...]

    def events(self, seconds: float) -> tuple[Event, ...]:
        """The last event of the timeline."""
        quiet = "untested" if self.untested else "converged"
        word = "stuck" if self.verdict == "stuck" else "lossy" if self.lossy else quiet
        return (Event(round(seconds, 2), "phase", "scenario", word),)


def judge(scenario: str, stage: Stage, why: Why | None, now: Snapshot) -> Judgement:
    """The verdict on a stage after its scenario."""
    causes = list(why.causes) if why is not None else []
    remedies = [why.remedy] if why is not None and why.remedy else []
    counted = why is None or bool(stage.elections.meetings)  # without a healthy region nothing is lost yet
    lost = [fate for fate in stage.fates if fate.fate in _losses(scenario, counted=counted)]
    unplaced = [fate for fate in stage.fates if fate.fate in ("not placeable", "not current")]
    unfit = [fate for fate in stage.fates if fate.fate == "does not fit"]
    for fate in lost:
        causes.append(Cause(_subject_of(fate), "nothing: it is lost", _evidence_of(fate)))
    if any(stage.ledger.is_in_memory(fate.name) for fate in lost):
        remedies.append(IN_MEMORY)
    if why is None:
        causes += [Cause(_subject_of(fate), "nothing: it does not fit", fate.seen) for fate in unfit]
        remedies += [FITTING, *([] if stage.ledger.has_users else [OWN_STREAMS])] if unfit else []
    emptied = {region for region in stage.ledger.home.values() if region in stage.emptied}
    for region in sorted(emptied | {fate.region for fate in lost}):
        for cause, remedy in _causes_of_loss(scenario, region, now):
            causes.append(cause)
            remedies.append(remedy)
    for meeting in stage.elections.meetings:
        cause, remedy = _merge_cause(meeting, now)
        causes.append(cause)
        remedies.append(remedy)
    if why is None:
        for fate in unplaced:
            causes.append(
                Cause(f"{fate.name} in {fate.region}", "a server that accepts it", f"{fate.fate}: {fate.seen}")
            )
    domains = _different_domains(now)
    notes = []
    if domains:
        notes.append(domains)
        remedies.append(DOMAINS)
    stuck = why is not None or bool(unplaced)
    notes += _verdict_of_manifests(scenario, now)
    lossy = bool(lost or emptied or stage.elections.meetings)
    return Judgement(
        "stuck" if stuck else "converged", lossy, bool(unfit), tuple(causes), "; ".join(dict.fromkeys(remedies)),
        tuple(notes),
    )  # fmt: skip


def _verdict_of_manifests(scenario: str, now: Snapshot) -> list[str]:
    """What lint and diff report about this start, from the same function, for comparison with the servers."""
    states = {key: rendering.state._replace(name=key) for key, rendering in now.renderings.items()}
    reasons: dict[str, str] = {}
    if scenario == "cold-restart":
        reasons = {key: start.reason for key, start in cold_starts(tuple(states.values())).items()}
    elif scenario == POWER_CUT:
        intervals = {key: unwritten(state) for key, state in states.items()}
        reasons = {key: f"a power cut loses messages: {_unwritten(i)}" for key, i in intervals.items() if i}
    elif scenario == "first-install":
        reasons = {key: first_boot(state, tuple(states.values())) for key, state in states.items()}
    alone = {key: reason for key, state in states.items() if (reason := never_elects(state, tuple(states.values())))}
    return [f"by its manifests, {key}: {reason}" for key, reason in (reasons | alone).items() if reason]


def _causes_of_loss(scenario: str, region: str, now: Snapshot) -> Iterator[tuple[Cause, str]]:
    """Why a region's messages are gone, and what prevents it."""
    state = now.renderings[region].state if region in now.renderings else None
    if state is None:
        return
    if not state.store_survives:
        where = f"`{state.store_dir or 'store_dir'}` is on no persistent volume"
        yield Cause(f"the store of {region}", f"nothing: it ends with its {state.store_ends_with}", where), KEEP_STORE
    interval = unwritten(state) if scenario == POWER_CUT else ""
    if interval:
        yield Cause(f"the disks of {region}", "nothing: they had no power", _unwritten(interval)), POWER_CUT_REMEDY


def _losses(scenario: str, *, counted: bool) -> tuple[str, ...]:
    """The fates that are losses; what is missing after a power cut is lost, whether a region is healthy or not."""
    if counted:
        return LOST
    return ("lost messages",) if scenario == POWER_CUT else ()


def _unwritten(interval: str) -> str:
    """Why a power cut loses messages."""
    return f"messages are acknowledged before they are on a disk (sync_interval {interval})"


def _subject_of(fate: StreamFate) -> str:
    consumer = f"consumer {fate.consumer} of " if fate.consumer else ""
    return f"{consumer}stream {fate.name} of {fate.region}"


def _evidence_of(fate: StreamFate) -> str:
    """What was acknowledged, and what the JetStream API returns after the scenario."""
    if fate.consumer:
        return fate.seen
    if fate.fate == "gone":
        return f"{fate.acknowledged} acknowledged messages; the JetStream API returns: {fate.seen}"
    return f"{fate.lost} of {fate.acknowledged} acknowledged messages are not in it: {fate.seen}"


def _merge_cause(meeting: Meeting, now: Snapshot) -> tuple[Cause, str]:
    """The cause and the remedy where meta groups that elected leaders separately have merged."""
    cause = Cause(
        f"the meta groups that elected leaders separately: {meeting}",
        "nothing: they have merged, so one meta log is overwritten, and its region's streams are lost",
        "on their first boot" if meeting.fresh else "each ran JetStream alone before the join",
    )
    if not meeting.fresh:
        return cause, (
            "join with one region that ran JetStream, the seed; every other one gets JetStream and remotes together "
            "(scope supercluster), or a system account of its own before its first stream (scope region)"
        )
    return cause, early_remedy(now, tuple(region for region, _ in meeting.leaders if region in now.renderings))


def _different_domains(now: Snapshot) -> str:
    """A note if regions of one meta group have different domains; else empty."""
    for group in expected_groups(now.renderings):
        domains = domains_of(now, group)
        if len(set(domains.values())) > 1:
            listing = ", ".join(f"{region}: {domain}" for region, domain in domains.items())
            size = max((pod.view.size for pod in now.pods if pod.region in group.regions), default=0)
            return (
                f"the JetStream domains differ ({listing}), but there is one meta group (size {size}): "
                "the regions share a system account over the gateways"
            )
    return ""
