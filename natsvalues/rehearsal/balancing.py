"""The backends of a load balancer: the Service's endpoints, then the load balancer's own health check.

facts: a Service's endpoints are its ready pods, or with publishNotReadyAddresses all that exist (endpointslice
controller); kube-proxy routes to them. If the provider also checks the pods itself, the annotations configure that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.providers.refused import Refusal


class Check(NamedTuple):
    """A load balancer's own check of each pod: HTTP on a path, or TCP where `path` is empty. Times in seconds."""

    path: str
    port: int
    scheme: str = "HTTP"
    interval: float = 10
    healthy: int = 3
    unhealthy: int = 3


class Balancer(NamedTuple):
    """One LoadBalancer Service for gateways. `pods` are the names of the pods that it selects.

    `breaks`: an annotation with which it breaks the connections of gateways, in `providers/refused.py`'s words.
    """

    name: str
    region: str
    hosts: tuple[str, ...]
    port: int
    target: int
    pods: tuple[str, ...]
    publish_not_ready: bool
    check: Check | None = None
    fails_open: bool = False
    breaks: Refusal | None = None

    @property
    def key(self) -> str:
        """Its name in reports."""
        return f"{self.region}/{self.name}"

    @property
    def address(self) -> str:
        """The declared name that other regions dial; the Service's name if there is none."""
        return self.hosts[0] if self.hosts else self.name


class Target(NamedTuple):
    """A pod as a load balancer sees it. `health` is the check's result, None before the first."""

    pod: str
    exists: bool
    ready: bool
    answer: bool = False
    length: int = 0
    health: bool | None = None


def endpoints(balancer: Balancer, targets: tuple[Target, ...]) -> tuple[str, ...]:
    """The pods that are endpoints of the Service."""
    counted = (target for target in targets if target.pod in balancer.pods and target.exists)
    return tuple(target.pod for target in counted if balancer.publish_not_ready or target.ready)


def backends(balancer: Balancer, targets: tuple[Target, ...]) -> tuple[str, ...]:
    """The pods that get connections: endpoints that pass the health check, if there is one.

    One that fails open sends to every endpoint as long as all of them fail.
    """
    reachable = endpoints(balancer, targets)
    if balancer.check is None:
        return reachable
    healthy = {target.pod for target in targets if target.health}
    kept = tuple(pod for pod in reachable if pod in healthy)
    return reachable if not kept and balancer.fails_open else kept


def checked(target: Target, check: Check, *, well: bool) -> Target:
    """The target after one answer to the load balancer's check."""
    length = target.length + 1 if target.length and target.answer == well else 1
    settled = length >= (check.healthy if well else check.unhealthy)
    return target._replace(answer=well, length=length, health=well if settled else target.health)
