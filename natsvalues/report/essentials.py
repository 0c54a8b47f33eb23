"""What matters of a whole Service that comes or goes: who reaches it, under which name, through which ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.services import is_load_balancer, ports_of, spec_of
from natsvalues.providers.meaning import meaning_of
from natsvalues.report.diff_values import Line, content, limited, shortened, shown

if TYPE_CHECKING:
    from typing import Literal

    from natsvalues.diff.changes import ObjectDiff
    from natsvalues.providers.meanings import Means

MOST_LINES = 40
_FIELDS = (
    "type",
    "clusterIP",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "externalTrafficPolicy",
    "publishNotReadyAddresses",
)
_MEANS: tuple[Means, ...] = ("scope", "sourceRanges", "access", "address", "proxyProtocol", "tls", "dns")


def whole_object(item: ObjectDiff, room: int, *, full: bool) -> list[Line]:
    """The lines of an object that is added or removed, each at most `room` characters; of a Service what matters.

    With `full` all lines; without, what is left out is counted. Empty for an object that only changes.
    """
    value = item.after if item.op == "add" else item.before if item.op == "remove" else None
    if value is None:
        return []
    sign: Literal["+", "-"] = "+" if item.op == "add" else "-"
    lines = content(value, sign, room)
    if full:
        return lines
    chosen = essentials(item, room)
    return [*chosen, Line("@", f"all {len(lines)} lines with --full")] if chosen else limited(lines, MOST_LINES)


def essentials(item: ObjectDiff, room: int) -> list[Line]:
    """What matters of a Service that is added or removed, in lines of at most `room` characters; else empty."""
    value = item.after if item.op == "add" else item.before if item.op == "remove" else None
    if value is None or item.key.kind != "Service" or item.key.group:
        return []
    sign: Literal["+", "-"] = "+" if item.op == "add" else "-"
    return [Line(sign, shortened(text, room)) for text in _of_service(value)]


def _of_service(service: dict[str, Any]) -> list[str]:
    spec = spec_of(service)
    lines = [f"{field}: {shown(spec[field])}" for field in _FIELDS if field in spec]
    if is_load_balancer(service):
        given = {(item.means, item.text): item.key for item in meaning_of(service).of(*_MEANS)}
        lines += [f"{key}: {shown(text)}" for (_, text), key in given.items()]
    for port in ports_of(service):
        target = port.get("targetPort", port.get("port"))
        lines.append(
            f"port {shown(port.get('name') or '')}: {shown(port.get('port'))} -> {shown(target)}".replace(' "":', ":")
        )
    return lines
