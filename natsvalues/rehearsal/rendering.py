"""One region's rendered release as a rehearsal needs it: pods, configuration, probes, load balancers."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import joined
from natsvalues.manifests.server import ServerVersion
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import includes, read
from natsvalues.text.natsconf.positions import positions

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
    def configurations(self) -> dict[str, str]:
        """The files that a server reads as configuration: nats.conf, and what it includes of its ConfigMap."""
        reached: dict[str, str] = {}
        left = [posixpath.basename(self.config_file)]
        while left:
            name = left.pop()
            if name in self.files and name not in reached:
                reached[name] = self.files[name]
                left += [joined(name, include.path) for include in includes(read(reached[name]))]
        return reached

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
    """The container's environment variables as a kubelet sets them; all values from Secrets are one placeholder.

    With `envFrom`, and of a plain file, so are the variables that nats.conf needs and nothing else sets.
    """
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
    if _has_others(rendering):
        variables |= dict.fromkeys(_set_elsewhere(rendering), MADE_UP)
    for item in rendering.nats.env:
        source = item.get("valueFrom")
        name = str(item.get("name"))
        if not isinstance(source, dict):
            variables[name] = expanded(str(item.get("value") or ""), variables)
        elif isinstance(source.get("fieldRef"), dict):
            variables[name] = fields.get(str(source["fieldRef"].get("fieldPath")), "")
        elif isinstance(source.get("resourceFieldRef"), dict):
            resource = str(source["resourceFieldRef"].get("resource"))
            variables[name] = MADE_UP_CPUS if resource.endswith(".cpu") else MADE_UP_BYTES
        else:
            variables[name] = MADE_UP
    return variables


MADE_UP = "made-up-for-the-rehearsal"
"""The value used for every key of a Secret, so that values that must be equal in two regions are equal."""
HASH = "$2"
"""The beginning of a password or token that is a bcrypt hash."""
MADE_UP_CPUS, MADE_UP_BYTES = "1", str(1 << 30)
"""The values for limits and requests: Go ends a server at once if GOMEMLIMIT is not a number (run on 2.14.2)."""


def is_hash(secret: Any) -> bool:
    """Whether a password or token of nats.conf is a hash of what clients send."""
    return isinstance(secret, str) and secret.startswith(HASH)


def made_up(rendering: Rendering) -> frozenset[str]:
    """The variables whose values in `environment` are not those of the cluster."""
    listed = {str(item.get("name")) for item in rendering.nats.env if _is_made_up(item.get("valueFrom"))}
    if _has_others(rendering):
        listed |= _set_elsewhere(rendering) - {str(item.get("name")) for item in rendering.nats.env}
    return frozenset(listed)


def _has_others(rendering: Rendering) -> bool:
    """Whether servers have variables that nobody lists here."""
    return rendering.nats.plain is not None or bool(rendering.nats.container_value.get("envFrom"))


def _set_elsewhere(rendering: Rendering) -> set[str]:
    """The variables that the configuration refers to and does not set itself."""
    used: set[str] = set()
    own: set[str] = set()
    for text in rendering.configurations.values():
        for position in positions(read(text)):
            own.add(str(position.path[-1]))
            used |= position.variables
    return used - own


def _is_made_up(source: Any) -> bool:
    if not isinstance(source, dict):
        return False
    field = source.get("fieldRef")
    return not isinstance(field, dict) or not str(field.get("fieldPath")).startswith(
        ("metadata.name", "status.", "spec.")
    )


def expanded(text: str, known: dict[str, str]) -> str:
    """A text with `$(NAME)` as Kubernetes expands it, with the variables before it; `$$(NAME)` stays `$(NAME)`."""

    def expansion(match: Any) -> str:
        if match[0].startswith("$$"):
            return str(match[0])[1:]
        return known.get(str(match[1]), str(match[0]))

    return re.sub(r"\$?\$\(([A-Za-z_.-][\w.-]*)\)", expansion, text)
