"""What is said of one question about a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.manifests.server import ServerVersion

Status = Literal["pass", "fail", "unknown"]


class Verdict(NamedTuple):
    """A question's answer: what is effective, or why that is not known; `field` is the Service's, or empty."""

    id: str
    status: Status
    message: str
    field: str = ""


class Servers(NamedTuple):
    """What the load balancer leads to: the servers' version, and the ports of gateway and monitoring in a pod.

    `ports` are the container's ports by name; `is_clustered` is whether JetStream waits for a meta leader.
    """

    version: ServerVersion
    gateway: int
    monitor: int
    ports: dict[str, int]
    is_clustered: bool


def annotation(key: str) -> str:
    """The field of an annotation."""
    return f'metadata.annotations["{key}"]'


def pod_port(servers: Servers, port: dict[str, Any]) -> int | None:
    """The number of the pods' port to which a port of the Service leads."""
    target = port.get("targetPort", port.get("port"))
    return servers.ports.get(target) if isinstance(target, str) else target if isinstance(target, int) else None
