"""Annotations no gateway survives, whoever wrote them: PROXY protocol and TLS termination.

A NATS gateway refuses connections that begin with a PROXY header (only the server's client port can read
one), and a load balancer that ends TLS breaks the certificates gateways show each other. The keys are those
of the providers' sources; PROXY keys are known by their name, so that other providers are covered too.
"""

import re
from typing import NamedTuple

_PROXY = "hands the gateway PROXY headers, and a NATS gateway refuses every connection that begins with one"
_TLS = "lets the load balancer speak TLS or HTTP, and NATS gateways must do TLS with each other, end to end"
_OFF = r"(?!(false|none|off|no|0|)\Z)"
_KUBERNETES = r"service\.beta\.kubernetes\.io/"


class Refusal(NamedTuple):
    """An annotation is refused when the patterns match its key (from its start) and its value (anywhere)."""

    key: str
    value: str
    why: str


REFUSALS = (
    Refusal(r".*(proxy-?protocol|ppv2)", rf"\A{_OFF}", _PROXY),
    Refusal(r".*target-group-attributes", r"proxy_protocol_v2\.enabled=true", _PROXY),
    Refusal(rf"{_KUBERNETES}linode-loadbalancer-port-", r'"proxy-protocol"\s*:\s*"v', _PROXY),
    Refusal(rf"{_KUBERNETES}aws-load-balancer-ssl-(cert|ports)", ".", _TLS),
    Refusal(rf"{_KUBERNETES}aws-load-balancer-backend-protocol", r"\A(http|https|ssl)\Z", _TLS),
    Refusal(rf"{_KUBERNETES}do-loadbalancer-(certificate-(id|name)|(tls|http|http2|http3)-ports)", ".", _TLS),
    Refusal(rf"{_KUBERNETES}(do|linode)-loadbalancer-(default-)?protocol", r"\Ahttp", _TLS),
    Refusal(rf"{_KUBERNETES}linode-loadbalancer-port-", r'"protocol"\s*:\s*"http|tls-secret-name', _TLS),
    Refusal(rf"{_KUBERNETES}oci-load-balancer-(ssl-ports|tls-secret|tls-backendset-secret)", ".", _TLS),
    Refusal(rf"{_KUBERNETES}oci-load-balancer-backend-protocol", r"\Ahttp", _TLS),
    Refusal(rf"{_KUBERNETES}ali(baba-)?cloud-loadbalancer-cert-id", ".", _TLS),
    Refusal(rf"{_KUBERNETES}ali(baba-)?cloud-loadbalancer-protocol-port", r"\b(http|https|tcpssl):", _TLS),
    Refusal(r"load-balancer\.hetzner\.cloud/protocol", r"\Ahttp", _TLS),
    Refusal(r"load-balancer\.hetzner\.cloud/http-(certificates|managed-certificate-)", ".", _TLS),
    Refusal(r"loadbalancer\.openstack\.org/default-tls-container-ref", ".", _TLS),
    Refusal(r"loadbalancer\.openstack\.org/x-forwarded-for", rf"\A{_OFF}", _TLS),
)


def refused(annotations: dict[str, str]) -> list[str]:
    """Return a sentence for each annotation that would break the gateway."""
    return [
        f"annotation `{key}: {text}` {refusal.why}; remove it"
        for key, text in sorted(annotations.items())
        for refusal in REFUSALS
        if re.match(refusal.key, key) and re.search(refusal.value, text, re.IGNORECASE)
    ]
