"""The effects of a changed annotation of a load balancer: who can connect, at which address, and what is checked.

The provider profiles state what each annotation means; this module has the effect of a change of that meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.manifests.services import port_role, ports_of
from natsvalues.providers.meaning import TRAFFIC, meaning_of
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.diff.impact.context import Servers
    from natsvalues.providers.meaning import Annotation, Check, ServiceMeaning
    from natsvalues.providers.meanings import Means

Kind = Literal["external", "internal", "name", "address", "admits", "excludes", "breaks", "checkFails", "checkChanges"]
_RECREATED = "most controllers create a new load balancer for that, with another address"
_DECIDES: dict[Means, str] = {
    "address": "decides which address the load balancer gets: it may become another",
    "identity": "decides which load balancer the Service gets: it may become another, with another address",
    "network": "decides from which network or pool the load balancer gets its address: it may become another",
    "targets": "decides whether the load balancer sends to pods or to nodes: every connection moves",
    "hostname": "decides under which name or address the load balancer is reported, and DNS names follow that",
}
_CHECKS: tuple[Means, ...] = ("checkProtocol", "checkPort", "checkPath", "checkInterval", "checkCount", "check")


class Effect(NamedTuple):
    """One effect, with a sentence about it; `services.py` declares an impact for each kind."""

    kind: Kind
    reason: str


class _Case(NamedTuple):
    """A changed annotation, or a setting inside it: `was` before, `becomes` after; `annotation` is one of these.

    `before` and `after` are the meanings of the whole Service; `service` is the new object.
    """

    annotation: Annotation
    was: Annotation | None
    becomes: Annotation | None
    before: ServiceMeaning
    after: ServiceMeaning
    service: dict[str, Any]
    servers: Servers | None

    @property
    def name(self) -> str:
        """The name of the setting or, without one, the annotation's key."""
        return self.annotation.attribute or self.annotation.key

    @property
    def turned(self) -> int:
        """1 if it is switched on, -1 if it is switched off, else 0."""
        return bool(self.becomes and self.becomes.is_on) - bool(self.was and self.was.is_on)


def effects(before: dict[str, Any], after: dict[str, Any], key: str, servers: Servers | None) -> list[Effect]:
    """The effects of a change of one annotation on a LoadBalancer Service, given as whole objects before and after.

    Empty for an annotation that has no effect on who can connect, or that is in no profile.
    """
    meanings = meaning_of(before), meaning_of(after)
    old, new = ({item.attribute: item for item in meaning.annotations if item.key == key} for meaning in meanings)
    cases = [
        _Case(annotation, old.get(setting), new.get(setting), *meanings, after, servers)
        for setting, annotation in {**old, **new}.items()
        if old.get(setting) != new.get(setting)
    ]
    judged = (_JUDGES[case.annotation.means](case) for case in cases if case.annotation.means in _JUDGES)
    return [effect for effect in judged if effect is not None]


def _scope(case: _Case) -> Effect | None:
    absent = case.annotation.meaning.absent
    was, becomes = ((meaning.scope or absent) == "internal" for meaning in (case.before, case.after))
    if was and not becomes:
        return Effect("external", f"the load balancer becomes reachable from outside the network; {_RECREATED}")
    if becomes and not was:
        return Effect(
            "internal", f"the load balancer is no longer reachable from outside the network, and {_RECREATED}"
        )
    return None


def _address(case: _Case) -> Effect | None:
    if case.was and case.becomes and set(case.was.values) == set(case.becomes.values):
        return None
    return Effect("address", f"`{case.name}` {_DECIDES[case.annotation.means]}")


def _dns(case: _Case) -> Effect:
    old, new = (item.text if item else "none" for item in (case.was, case.becomes))
    return Effect("name", f"the DNS name moves from `{old}` to `{new}`")


def _ranges(case: _Case) -> Effect | None:
    return ranges(case.was.values if case.was else (), case.becomes.values if case.becomes else ())


def _access(case: _Case) -> Effect:
    if case.was is None:
        return Effect("excludes", f"`{case.name}` limits who may connect")
    return Effect("admits", f"`{case.name}` decides who may connect: it may be others")


def _broken(case: _Case) -> Effect | None:
    if not case.turned:
        return None
    if case.annotation.means == "tls":
        what = "ends TLS or speaks HTTP" if case.turned > 0 else "passes TLS through"
        return Effect("breaks", f"the load balancer {what} from now on, and gateways need TLS from end to end")
    what = "begins every connection with a PROXY header" if case.turned > 0 else "sends no PROXY header any more"
    return Effect("breaks", f"the load balancer {what}: only a client port that expects one can read it")


def _regions(case: _Case) -> Effect | None:
    if case.turned > 0:
        return Effect("admits", "clients of other regions reach the load balancer")
    return Effect("excludes", "clients of other regions no longer reach the load balancer") if case.turned else None


def _listener(case: _Case) -> Effect | None:
    port = f"port {case.annotation.port}"
    if case.turned > 0:
        return Effect("excludes", f"{port} is no longer served by the load balancer")
    return Effect("admits", f"{port} becomes reachable through the load balancer") if case.turned else None


def ranges(before: tuple[str, ...], after: tuple[str, ...]) -> Effect | None:
    """The effect of a change of the CIDR blocks that may connect; with an empty list everyone may."""
    added, removed = _outside(after, before), _outside(before, after)
    if before and (added or not after):
        accepted = ", ".join(added) or "every address"
        return Effect("admits", f"the load balancer accepts more addresses: {accepted}")
    if after and (removed or not before):
        dropped = ", ".join(removed) or "every other address"
        return Effect("excludes", f"the load balancer no longer accepts: {dropped}")
    return None


def _outside(blocks: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
    """The blocks that are inside none of the others, sorted."""
    return sorted({block for block in blocks if not any(_lies_in(block, other) for other in others)})


def _lies_in(block: str, other: str) -> bool:
    if block == other:
        return True
    from ipaddress import IPv4Network, ip_network  # few changes are about ranges

    try:
        inner, outer = ip_network(block, strict=False), ip_network(other, strict=False)
    except ValueError:
        return False
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return not isinstance(outer, IPv4Network) and inner.subnet_of(outer)


def _check(case: _Case) -> Effect:
    """The effect of a changed health check: it fails for every server, or is applied."""
    ports = ports_of(case.service)
    of_family = [check for check in case.after.checks if check.family == case.annotation.family]
    check = next((check for check in of_family if check.service_port == case.annotation.port), None)
    if check is None:
        return Effect("checkChanges", "the load balancer checks as its controller does by default")
    reason = _failure(check, ports, case.servers)
    if reason:
        return Effect("checkFails", f"the load balancer's health check fails for every server: {reason}")
    checked = f"`{check.http_path}`" if check.http_path else "the port"
    return Effect("checkChanges", f"the load balancer checks {checked} with other settings from now on")


def _failure(check: Check, ports: list[dict[str, Any]], servers: Servers | None) -> str:
    """Why a health check cannot succeed; empty if it can, or if that is unknown.

    `supercluster/cold_start.py` decides whether a check that needs a leader makes a cold start hang.
    """
    if check.is_off:
        return ""
    target = check.target_port(ports)
    if target is None:
        return f"the Service has no port {check.port.text}" if check.port else ""
    if servers is None or servers.after is None or not check.is_http:
        return ""
    listen, nats = servers.after.listen, servers.after.nats
    traffic = [port_role(port, listen, nats) for port in ports if check.service_port in ("", str(port.get("port")))]
    role = port_role({"targetPort": target}, listen, nats)
    if role == "gateway" or (target == TRAFFIC and traffic[:1] == ["gateway"]):
        return "a gateway speaks no HTTP"
    return ""


_JUDGES: dict[Means, Callable[[_Case], Effect | None]] = {
    "scope": _scope,
    **dict.fromkeys(_DECIDES, _address),
    "dns": _dns,
    "sourceRanges": _ranges,
    "access": _access,
    **dict.fromkeys(_CHECKS, _check),
    "proxyProtocol": _broken,
    "tls": _broken,
    "otherRegions": _regions,
    "noListener": _listener,
}
