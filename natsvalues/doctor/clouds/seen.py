"""What a cloud has for a Service's load balancer, as plain values: the same for every cloud."""

from __future__ import annotations

import re
from typing import Any, Literal

from natsvalues.records import NamedTuple

Cloud = Literal["aws", "gcp", "azure", "openshift"]
Scheme = Literal["", "internal", "internet-facing"]
TargetType = Literal["", "nodes", "pods"]
State = Literal["healthy", "unhealthy", "starting", "leaving", "unknown"]


AWS_NODE = re.compile(r"aws:///?([a-z]+(?:-[a-z]+)+-\d+)[a-z0-9-]*/(i-[0-9a-f]+)\Z")
"""Region and id of an instance."""
GCP_NODE = re.compile(r"gce://([^/]+)/([a-z0-9-]+)-[a-z]/[^/]+\Z")
"""Project and region of an instance."""


class Sought(NamedTuple):
    """What identifies a load balancer: the address in the Service's status, and the nodes' `spec.providerID`."""

    address: str
    provider_ids: tuple[str, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        """The cloud's regions in which the nodes are, where their ids say so."""
        aws = [match[1] for item in self.provider_ids if (match := AWS_NODE.match(item))]
        gcp = [match[2] for item in self.provider_ids if (match := GCP_NODE.match(item))]
        return tuple(dict.fromkeys([*aws, *gcp]))


class CheckSeen(NamedTuple):
    """The health check of a group of targets. `port` is a number as text, or `traffic-port`; times in seconds.

    `path` is empty unless the protocol is HTTP or HTTPS; a number is None where the cloud does not state it.
    """

    protocol: str
    port: str
    path: str = ""
    interval: int | None = None
    timeout: int | None = None
    healthy_threshold: int | None = None
    unhealthy_threshold: int | None = None

    @property
    def is_http(self) -> bool:
        """Whether it is an HTTP(S) request."""
        return self.protocol.startswith("HTTP")

    def __str__(self) -> str:
        return f"{self.protocol} on {'the port of the traffic' if self.port == 'traffic-port' else self.port}" + (
            f" {self.path}" if self.path else ""
        )


class TargetSeen(NamedTuple):
    """One target: its id or address, its port, and its health with the cloud's reason."""

    id: str
    port: str = ""
    state: State = "unknown"
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.id}{f':{self.port}' if self.port else ''}" + (f" ({self.reason})" if self.reason else "")


class GroupSeen(NamedTuple):
    """Targets with one health check. `attributes` have the cloud's own names; `targets` is None if not known.

    `check` is None if there is no health check.
    """

    name: str
    protocol: str = "TCP"
    port: str = ""
    targets_are: TargetType = ""
    check: CheckSeen | None = None
    targets: tuple[TargetSeen, ...] | None = None
    attributes: dict[str, str] = {}  # noqa: RUF012   # never changed


class ListenerSeen(NamedTuple):
    """A port on which the load balancer accepts connections. `groups` are the names of its targets' groups.

    `port` 0 is every port.
    """

    port: int
    protocol: str = "TCP"
    groups: tuple[str, ...] = ()


class LoadBalancerSeen(NamedTuple):
    """One load balancer. `kind` is the cloud's word, such as `network` or `classic`; `state` is empty if it works.

    `proxy_protocol` is None if not known; None for attributes that were not answered.
    """

    cloud: Cloud
    kind: str
    name: str
    region: str = ""
    scheme: Scheme = ""
    state: str = ""
    listeners: tuple[ListenerSeen, ...] | None = None
    groups: tuple[GroupSeen, ...] | None = None
    attributes: dict[str, str] | None = None
    proxy_protocol: bool | None = None

    def groups_of(self, port: int) -> tuple[GroupSeen, ...]:
        """The groups of targets to which a port leads."""
        names = {name for item in self.listeners or () if item.port in (port, 0) for name in item.groups}
        return tuple(group for group in self.groups or () if group.name in names)


class Command(NamedTuple):
    """A command that was run, and why it gave no answer; an empty reason if it did."""

    text: str
    reason: str


class CloudSeen(NamedTuple):
    """What a cloud's tool answered about one load balancer.

    `balancer` is None if there is none in `place` (`is_absent`) or if that is not known; `reason` says why.
    """

    cloud: Cloud
    place: str = ""
    balancer: LoadBalancerSeen | None = None
    is_absent: bool = False
    reason: str = ""
    commands: tuple[Command, ...] = ()


def content_of(value: Any) -> Any:
    """A record as JSON has it."""
    if hasattr(value, "_asdict"):
        return {key: content_of(item) for key, item in value._asdict().items()}
    return [content_of(item) for item in value] if isinstance(value, tuple) else value


def cloud_seen_in(content: Any) -> CloudSeen:
    """The record that JSON has. Raises KeyError, TypeError or ValueError for anything else."""
    commands = tuple(Command(**item) for item in content.get("commands", ()))
    balancer = content.get("balancer")
    return CloudSeen(**content | {"commands": commands, "balancer": balancer and _balancer_in(balancer)})


def _balancer_in(content: Any) -> LoadBalancerSeen:
    listeners, groups = content.get("listeners"), content.get("groups")
    return LoadBalancerSeen(
        **content
        | {
            "listeners": None
            if listeners is None
            else tuple(ListenerSeen(**item | {"groups": tuple(item.get("groups", ()))}) for item in listeners),
            "groups": None if groups is None else tuple(_group_in(item) for item in groups),
        }
    )


def _group_in(content: Any) -> GroupSeen:
    check, targets = content.get("check"), content.get("targets")
    return GroupSeen(
        **content
        | {
            "check": check and CheckSeen(**check),
            "targets": None if targets is None else tuple(TargetSeen(**item) for item in targets),
        }
    )
