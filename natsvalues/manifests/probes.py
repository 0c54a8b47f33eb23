"""The probes of a server's container, as a kubelet reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.manifests.chart import container_ports
from natsvalues.manifests.healthz import needs_leader
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.manifests.server import ServerVersion

Kind = Literal["startup", "readiness", "liveness"]
BEFORE_READY: tuple[Kind, ...] = ("startup", "readiness")
"""The probes that must succeed before a pod is Ready, in the kubelet's order."""
KINDS: tuple[Kind, ...] = (*BEFORE_READY, "liveness")


class Probe(NamedTuple):
    """One probe, times in seconds. `path` is empty for a TCP probe."""

    kind: Kind
    path: str
    port: int
    scheme: str = "HTTP"
    initial_delay: float = 0
    period: float = 10
    timeout: float = 1
    success: int = 1
    failure: int = 3

    def faster(self, scale: float) -> Probe:
        """The probe with delay and period divided by `scale`; a timeout of more than 2 s becomes at least 2 s."""
        return self._replace(
            initial_delay=self.initial_delay / scale,
            period=self.period / scale,
            timeout=max(min(2.0, self.timeout), self.timeout / scale),
        )

    def __str__(self) -> str:
        return f"{self.kind} probe {self.path or f'of port {self.port}'}"


def field_of(kind: Kind) -> str:
    """The container's field that holds the probe of this kind."""
    return f"{kind}Probe"


def http_get(container: dict[str, Any], kind: Kind) -> dict[str, Any] | None:
    """The `httpGet` of one probe; None if there is no such probe, or it is of another type."""
    probe = container.get(field_of(kind))
    get = probe.get("httpGet") if isinstance(probe, dict) else None
    return get if isinstance(get, dict) else None


def http_path(container: dict[str, Any], kind: Kind) -> str | None:
    """The path that one probe requests; None if it makes no HTTP request."""
    get = http_get(container, kind)
    return str(get.get("path") or "/") if get is not None else None


def waits_for_leader(container: dict[str, Any], version: ServerVersion) -> Kind | None:
    """The probe that keeps a clustered JetStream pod from being Ready until there is a meta leader; None if none does.

    A kubelet runs the readiness probe only after the startup probe has succeeded, so the startup probe comes first.
    """
    for kind in BEFORE_READY:
        path = http_path(container, kind)
        if path is not None and needs_leader(path, version):
            return kind
    return None


def read_probes(container: dict[str, Any], monitor_port: int) -> tuple[tuple[Probe, ...], tuple[Kind, ...]]:
    """The HTTP and TCP probes, and the kinds of the other probes (exec, gRPC).

    `monitor_port` is used for a port name that the container does not list.
    """
    probes: list[Probe] = []
    unsupported: list[Kind] = []
    ports = container_ports(container)
    for kind in KINDS:
        given = container.get(field_of(kind))
        if not isinstance(given, dict):
            continue
        get = http_get(container, kind)
        target: Any = get or given.get("tcpSocket")
        if not isinstance(target, dict):
            unsupported.append(kind)
            continue
        port = target.get("port")
        probes.append(
            Probe(
                kind=kind,
                path=str(target.get("path") or "/") if target is get else "",
                port=port if isinstance(port, int) else ports.get(str(port), monitor_port),
                scheme=str(target.get("scheme") or "HTTP").upper(),
                initial_delay=float(given.get("initialDelaySeconds") or 0),
                period=float(given.get("periodSeconds") or 10),
                timeout=float(given.get("timeoutSeconds") or 1),
                success=int(given.get("successThreshold") or 1),
                failure=int(given.get("failureThreshold") or 3),
            )
        )
    return tuple(probes), tuple(unsupported)
