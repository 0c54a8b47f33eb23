"""What annotations mean, as a profile's file states it: `meanings`, `claims` and `check`.

`meanings` is a table from an annotation's key to a `Meaning`. `{port}` in a key stands for a port of the Service,
`{name}` for any text. `spellings` maps the beginning of a key to the beginning that has the same meaning. An
annotation that changes nothing about who is reachable has the meaning `none`, so that it is known to be harmless.
"""

import re
from typing import Annotated, Literal, NamedTuple, get_args

from natsvalues.text.reading import Doc

Means = Literal[
    "address",
    "identity",
    "network",
    "scope",
    "otherRegions",
    "targets",
    "hostname",
    "dns",
    "sourceRanges",
    "access",
    "checkProtocol",
    "checkPort",
    "checkPath",
    "checkInterval",
    "checkCount",
    "check",
    "noListener",
    "proxyProtocol",
    "tls",
    "draining",
    "idleTimeout",
    "none",
]
MEANS: dict[Means, str] = dict(
    zip(
        get_args(Means),
        (
            "which address the load balancer gets",
            "which load balancer serves: a change creates or takes another one",
            "from which network, subnet or pool the address comes",
            "reachable inside the network only, or from outside",
            "whether an internal load balancer admits clients of other regions",
            "whether the load balancer sends to pods or to nodes",
            "the name that is reported as the load balancer's address",
            "a DNS name that leads to the load balancer",
            "who may connect, as CIDR blocks",
            "who may connect, by a list or group that is kept elsewhere",
            "the protocol of the health check",
            "the port of the health check",
            "the path of the health check",
            "the seconds between two health checks",
            "the number of failed health checks after which a target is down",
            "another setting of the health check",
            "keeps a port of the Service off the load balancer",
            "PROXY protocol",
            "TLS or HTTP at the load balancer",
            "how connections end when a server leaves",
            "when an idle connection is dropped",
            "nothing about who is reachable",
        ),
        strict=True,
    )
)
"""Every meaning, in words."""
OFF = frozenset(("false", "none", "off", "no", "0", ""))
"""Texts that switch a setting off, in lower case."""
_NONE: dict[str, "Attribute"] = {}


class Attribute(NamedTuple):
    """The meaning of one setting inside an annotation that holds several."""

    means: Means
    when: Annotated[str, Doc("Pattern of the values that switch it on; left out: any but those in OFF.")] = ""


class Meaning(NamedTuple):
    """The meaning of one annotation."""

    means: Means
    internal: Annotated[tuple[str, ...], Doc("scope: the values, in lower case, that mean internal.")] = ()
    absent: Annotated[Literal["internal", "internet-facing"], Doc("scope: what leaving it out means.")] = (
        "internet-facing"
    )
    pods: Annotated[tuple[str, ...], Doc("targets: the values with which pods, not nodes, are the targets.")] = ()
    when: Annotated[str, Doc("Pattern of the values that switch it on; left out: any but those in OFF.")] = ""
    overrides_ranges: Annotated[bool, Doc("access: with it the controller ignores source ranges.")] = False
    attributes: Annotated[
        dict[str, Attribute], Doc("Settings inside the value, written `a=b,c=d` or as a JSON object.")
    ] = _NONE


class Claim(NamedTuple):
    """How a Service for this controller is recognised: by its class, or by an annotation with one of these values."""

    class_: Annotated[str, Doc("A spec.loadBalancerClass.")] = ""
    annotation: str = ""
    values: tuple[str, ...] = ()
    scope: Annotated[
        Literal["", "internal", "internet-facing"], Doc("The scope where no annotation states another.")
    ] = ""


class CheckFacts(NamedTuple):
    """How this provider runs the health check that its annotations describe."""

    port: Annotated[Literal["", "traffic"], Doc("The port it checks where none is given; empty: not known.")] = ""
    numbers: Annotated[
        Literal["target", "service"],
        Doc("A port number is a port of the target (pod or node), or a port of the Service."),
    ] = "target"
    targets: Annotated[Literal["nodes", "pods"], Doc("What it checks where no annotation says so.")] = "nodes"
    fails_open: Annotated[bool, Doc("It sends to all targets while all of them fail.")] = False
    app_protocol_first: Annotated[
        bool, Doc("The appProtocol of a port wins over annotations for the whole Service.")
    ] = False


def switches_on(pattern: str, text: str) -> bool:
    """Whether a value switches something on: by the pattern where the profile gives one, or unless it is in OFF."""
    return bool(re.search(pattern, text, re.IGNORECASE)) if pattern else text.lower() not in OFF
