"""One region's rendered release as a rehearsal needs it: pods, configuration, probes, load balancers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.manifests.server import ServerVersion

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.probes import Probe
    from natsvalues.rehearsal.balancing import Balancer
    from natsvalues.supercluster.region_state import RegionState

CLIENT_PORT = 4222
ASSUMED = ServerVersion(2, 14, 6)
"""The version that is run if the image tag has none; the report says so."""


class Rendering(NamedTuple):
    """One region as its release describes it. `region` is the name its gateway or cluster has."""

    region: str
    file: str
    digest: str
    state: RegionState
    files: dict[str, str]
    config_file: str
    probes: tuple[Probe, ...]
    grace: float
    drains: bool
    parallel: bool
    reloads: bool
    template: str
    balancers: tuple[Balancer, ...]
    monitor: tuple[int, str] | None
    gateway_port: int | None
    notes: tuple[str, ...] = ()

    @property
    def nats(self) -> Nats:
        """The NATS that runs."""
        return self.state.nats

    @property
    def conf(self) -> dict[str, Any]:
        """What nats.conf means."""
        return self.state.conf

    @property
    def replicas(self) -> int:
        """How many servers run."""
        return self.state.replicas

    @property
    def version(self) -> ServerVersion:
        """The version that runs."""
        return self.state.version

    @property
    def pods(self) -> tuple[str, ...]:
        """The names of the StatefulSet's pods."""
        return self.state.pods

    @property
    def gateway_name(self) -> str | None:
        """Its name for other gateways."""
        return self.state.gateway_name


def environment(rendering: Rendering, pod: str, address: str) -> dict[str, str]:
    """The container's environment variables as a kubelet sets them; all values from Secrets are one placeholder."""
    fields = {
        "metadata.name": pod,
        "metadata.namespace": rendering.nats.namespace or "default",
        "status.podIP": address,
        "status.podIPs": address,
        "status.hostIP": address,
        "spec.nodeName": f"node-of-{pod}",
        "spec.serviceAccountName": "default",
    }
    variables: dict[str, str] = {}
    for item in rendering.nats.env:
        source = item.get("valueFrom")
        name = str(item.get("name"))
        if not isinstance(source, dict):
            variables[name] = expanded(str(item.get("value") or ""), variables)
        elif isinstance(source.get("fieldRef"), dict):
            variables[name] = fields.get(str(source["fieldRef"].get("fieldPath")), "")
        else:
            variables[name] = MADE_UP
    return variables


MADE_UP = "made-up-for-the-rehearsal"
"""The value used for every key of a Secret, so that values that must be equal in two regions are equal."""


def expanded(text: str, known: dict[str, str]) -> str:
    """A text with `$(NAME)` as Kubernetes expands it, with the variables before it; `$$(NAME)` stays `$(NAME)`."""

    def expansion(match: Any) -> str:
        if match[0].startswith("$$"):
            return str(match[0])[1:]
        return known.get(str(match[1]), str(match[0]))

    return re.sub(r"\$?\$\(([A-Za-z_.-][\w.-]*)\)", expansion, text)
