"""A rehearsal as text: the verdict, the reasons, what to do, then the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.report.places import place_line
from natsvalues.report.plain_values import counted
from natsvalues.report.rehearsal_json import in_log
from natsvalues.report.timeline_text import drawn

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Cause, Outcome, Site, StreamFate

_WIDTH = 100


def scenario_text(outcome: Outcome, *, mapping: bool = False, width: int = _WIDTH) -> str:
    """One scenario. With `mapping` every setting that was moved to loopback is listed."""
    lines = [f"{outcome.scenario}: {outcome.word}{_when(outcome)}", *(f"  {line}" for line in places(outcome))]
    lines += [f"  {line}" for line in chain(outcome.causes)]
    if outcome.remedy:
        lines.append(f"  remedy: {in_log(outcome.remedy)}")
    lines += [f"  {line}" for line in noticed(outcome)]
    lines.append("")
    lines += drawn(outcome, width)
    lines.append("")
    *groups, servers = figures(outcome)
    lines += [f"  {line}" for line in groups]
    lines += [f"  {_fate(fate)}" for fate in outcome.streams]
    lines.append(f"  {servers}")
    lines += [f"  {line}" for line in ([on_clusters(outcome)] if outcome.sites else _on_loopback(outcome))]
    lines += [f"  note: {in_log(note)}" for note in outcome.notes]
    if mapping:
        for region, moves in outcome.moves.items():
            lines.append(f"  moved to loopback, pod 0 of {region}:")
            for move in moves:
                shown = f"{in_log(move.rendered) or '(none)'} -> {in_log(move.run)}"
                lines.append(f"    {move.setting}: {shown} ({move.why})")
    return "\n".join(lines) + "\n"


def figures(outcome: Outcome) -> list[str]:
    """The meta groups, a line for each, and a line about the servers."""
    lines = []
    for group in outcome.groups:
        members = ", ".join(f"{region} {many}" for region, many in group.regions.items())
        lines.append(f"meta group of {group.size}, leader {group.leader}: {members}")
    restarts = sum(pod.restarts for pod in outcome.pods)
    servers = ", ".join(f"{region} {version}" for region, version in outcome.versions.items())
    number, again = counted(len(outcome.pods), "server"), counted(restarts, "restart")
    return [*lines, f"{number} ({servers}), {again} by the kubelet"]


def noticed(outcome: Outcome) -> list[str]:
    """What lint says of the renderings that were rehearsed, a line for each rule."""
    return [
        f"lint: {finding.severity} {finding.rule} {finding.title} ({', '.join(finding.regions)})"
        for finding in outcome.findings
    ]


def _fate(fate: StreamFate) -> str:
    name = f"consumer {fate.consumer} of {fate.name}" if fate.consumer else f"stream {fate.name}"
    return f"{name} ({fate.region}): {fate.fate}; {stream_fate(fate)}"


def stream_fate(fate: StreamFate) -> str:
    """The messages of a stream, if there could be any, and what was seen of it."""
    if fate.consumer or fate.fate == "does not fit":
        return in_log(fate.seen)
    return f"{fate.found} messages, {fate.acknowledged} acknowledged, {fate.lost} lost; {in_log(fate.seen)}"


def places(outcome: Outcome) -> list[str]:
    """Where a rehearsal on real clusters ran; empty for one on loopback."""
    return [
        place_line(region, site.context, site.namespace, site.release, _revisions(site))
        for region, site in outcome.sites.items()
    ]


def _revisions(site: Site) -> str:
    """The revision of a release; of one that was installed or upgraded the old and the new one."""
    if site.revision == site.then:
        return "unknown" if site.then is None else f"{site.then}"
    old, new = ("none" if number is None else str(number) for number in (site.revision, site.then))
    return f"{old}, now {new}"


def on_clusters(outcome: Outcome) -> str:
    """How long a rehearsal on real clusters took."""
    return f"{outcome.cost.wall:g} s on real clusters"


def _on_loopback(outcome: Outcome) -> list[str]:
    cost = outcome.cost
    cpu = f"CPU {cost.server_cpu:g} s of the servers, {cost.own_cpu:g} s of natsvalues"
    return [
        programs(outcome),
        f"{cost.wall:g} s; {cpu}; memory of the servers {cost.memory // 1_000_000} MB",
        f"probe periods {outcome.scale:g} times shorter; elections, lame-duck mode and grace periods are not scaled",
    ]


def chain(causes: tuple[Cause, ...]) -> list[str]:
    """The causes as numbered lines; a link that leads back to an earlier one says so."""
    lines = []
    for number, cause in enumerate(causes, 1):
        back = f" -> {cause.closes + 1}" if cause.closes is not None else ""
        lines.append(f"{number}. {cause.subject}: waits for {cause.waits_for}{back}")
        lines.append(f"   {in_log(cause.seen)}")
    return lines


def programs(outcome: Outcome) -> str:
    """The versions that were run, where each came from, and whether it is a program that natsvalues knows by hash."""
    described = (
        f"{program.version} ({'fetched' if program.is_fetched else 'from the cache'}, "
        f"{'known' if program.is_known else 'unknown'} hash)"
        for program in outcome.programs
    )
    return f"nats-server {', '.join(described)}"


def _when(outcome: Outcome) -> str:
    if outcome.verdict == "stuck":
        return f" ({outcome.phase})"
    return f" in {outcome.seconds:g} s ({outcome.phase})" if outcome.seconds is not None else ""
