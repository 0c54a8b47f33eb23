"""Annotations no gateway survives, whoever wrote them: PROXY protocol and TLS termination.

A NATS gateway refuses connections that begin with a PROXY header (only the server's client port can read
one), and a load balancer that ends TLS breaks the certificates gateways show each other. The keys are those
of the providers' sources; PROXY keys are known by their name, so that other providers are covered too.
"""

import re
from typing import NamedTuple

PROXY = "hands the gateway PROXY headers, and a NATS gateway refuses every connection that begins with one"
TLS = "lets the load balancer speak TLS or HTTP, and NATS gateways must do TLS with each other, end to end"
_ON = r"\A(?!(false|none|off|no|0|)\Z)"
_HTTP = r"\Ahttp"
_KUBERNETES = "service.beta.kubernetes.io/"
_LINODE_PORT = f"{_KUBERNETES}linode-loadbalancer-port-"


class Refusal(NamedTuple):
    """Refused when the key begins with `prefix` and has one of `parts`, and `value` matches in the text.

    Keys are compared without patterns: compiling those would cost every start of the post-renderer.
    """

    prefix: str
    parts: tuple[str, ...]
    value: str
    why: str


REFUSALS = (
    Refusal("", ("proxy-protocol", "proxyprotocol", "ppv2"), _ON, PROXY),
    Refusal("", ("target-group-attributes",), r"proxy_protocol_v2\.enabled=true", PROXY),
    Refusal(_LINODE_PORT, ("",), r'"proxy-protocol"\s*:\s*"v', PROXY),
    Refusal(f"{_KUBERNETES}aws-load-balancer-ssl-", ("cert", "ports"), ".", TLS),
    Refusal(f"{_KUBERNETES}aws-load-balancer-backend-protocol", ("",), r"\A(http|https|ssl)\Z", TLS),
    Refusal(f"{_KUBERNETES}do-loadbalancer-certificate-", ("id", "name"), ".", TLS),
    Refusal(f"{_KUBERNETES}do-loadbalancer-", ("tls-ports", "http-ports", "http2-ports", "http3-ports"), ".", TLS),
    Refusal(f"{_KUBERNETES}do-loadbalancer-protocol", ("",), _HTTP, TLS),
    Refusal(f"{_KUBERNETES}linode-loadbalancer-default-protocol", ("",), _HTTP, TLS),
    Refusal(_LINODE_PORT, ("",), r'"protocol"\s*:\s*"http|tls-secret-name', TLS),
    Refusal(f"{_KUBERNETES}oci-load-balancer-", ("ssl-ports", "tls-secret", "tls-backendset-secret"), ".", TLS),
    Refusal(f"{_KUBERNETES}oci-load-balancer-backend-protocol", ("",), _HTTP, TLS),
    Refusal(f"{_KUBERNETES}ali", ("cloud-loadbalancer-cert-id",), ".", TLS),
    Refusal(f"{_KUBERNETES}ali", ("cloud-loadbalancer-protocol-port",), r"\b(http|https|tcpssl):", TLS),
    Refusal("load-balancer.hetzner.cloud/protocol", ("",), _HTTP, TLS),
    Refusal("load-balancer.hetzner.cloud/http-", ("-certificates", "managed-certificate-"), ".", TLS),
    Refusal("loadbalancer.openstack.org/default-tls-container-ref", ("",), ".", TLS),
    Refusal("loadbalancer.openstack.org/x-forwarded-for", ("",), _ON, TLS),
)


def refused(annotations: dict[str, str], refusals: tuple[Refusal, ...] = REFUSALS) -> list[str]:
    """Return a sentence for each annotation that would break the gateway."""
    return [
        f"annotation `{key}: {text}` {refusal.why}; remove it"
        for key, text in sorted(annotations.items())
        for refusal in refusals
        if key.startswith(refusal.prefix)
        and any(part in key for part in refusal.parts)
        and re.search(refusal.value, text, re.IGNORECASE)
    ]
