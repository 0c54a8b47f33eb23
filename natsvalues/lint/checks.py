"""How a load balancer checks the servers behind a Service, read from the annotations of the providers.

facts: keys as in the providers' sources, see natsvalues/providers; nothing was run on a cloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsvalues.lint.subject import ports_of

if TYPE_CHECKING:
    from natsvalues.manifests.release import Manifest

SERVICE = "service.beta.kubernetes.io/"
AWS = SERVICE + "aws-load-balancer-"
AZURE = SERVICE + "azure-load-balancer-"
DIGITALOCEAN = SERVICE + "do-loadbalancer-"
LINODE = SERVICE + "linode-loadbalancer-"
ALIBABA = SERVICE + "alibaba-cloud-loadbalancer-"
HETZNER = "load-balancer.hetzner.cloud/"
GATEWAY = "traffic-port"
"""A check's port that stands for the port of the traffic itself."""


class Check(NamedTuple):
    """A health check as annotations ask for it. Each part is the annotation's key and text; None if not given."""

    protocol: tuple[str, str] | None
    port: tuple[str, str] | None
    path: tuple[str, str] | None

    @property
    def is_http(self) -> bool:
        """Whether the check speaks HTTP."""
        return self.protocol is not None and self.protocol[1].lower().startswith("http")


def checks(service: Manifest) -> list[Check]:
    """Every health check that the annotations of a Service ask for."""
    ports = [str(port.get("port")) for port in ports_of(service)]
    spellings = [
        (AWS + "healthcheck-protocol", AWS + "healthcheck-port", AWS + "healthcheck-path"),
        (AZURE + "health-probe-protocol", "", AZURE + "health-probe-request-path"),
        *(
            tuple(f"{SERVICE}port_{port}_health-probe_{part}" for part in ("protocol", "port", "request-path"))
            for port in ports
        ),
        (DIGITALOCEAN + "healthcheck-protocol", DIGITALOCEAN + "healthcheck-port", DIGITALOCEAN + "healthcheck-path"),
        (HETZNER + "health-check-protocol", HETZNER + "health-check-port", HETZNER + "health-check-http-path"),
        (LINODE + "check-type", "", LINODE + "check-path"),
        (ALIBABA + "health-check-type", ALIBABA + "health-check-connect-port", ALIBABA + "health-check-uri"),
    ]
    found = []
    for keys in spellings:
        parts = [(key, str(service.annotations[key])) if key in service.annotations else None for key in keys]
        if any(parts):
            found.append(Check(*parts))
    return found
