"""What annotations mean, as a profile's file states it: `meanings`, `claims` and `check`.

`meanings` is a table from an annotation's key to a `Meaning`. `{port}` in a key stands for a port of the Service,
`{name}` for any text. `spellings` maps the beginning of a key to the beginning that has the same meaning. An
annotation that has no effect on reachability has the meaning `none`, so that it is known to be harmless.
"""

import re
from typing import Annotated, Literal, get_args

from natsvalues.records import NamedTuple
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
            "which load balancer is used: a change creates or selects another one",
            "from which network, subnet or pool the address comes",
            "reachable inside the network only, or from outside",
            "whether an internal load balancer accepts clients from other regions",
            "whether the load balancer sends to pods or to nodes",
            "the name that is reported as the load balancer's address",
            "a DNS name that leads to the load balancer",
            "who may connect, as CIDR blocks",
            "who may connect, by a list or group that is defined elsewhere",
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
            "no effect on reachability",
        ),
        strict=True,
    )
)
"""Every meaning, in words."""
OFF = frozenset(("false", "none", "off", "no", "0", ""))
"""Texts that switch a setting off, in lower case."""
_NONE: dict[str, "Attribute"] = {}


class Attribute(NamedTuple):
    """The meaning of one setting inside an annotation that contains several."""

    means: Means
    when: Annotated[
        str, Doc("Pattern of the values that switch it on; the default is any value that is not in OFF.")
    ] = ""


class Meaning(NamedTuple):
    """The meaning of one annotation."""

    means: Means
    internal: Annotated[tuple[str, ...], Doc("scope: the values, in lower case, that mean internal.")] = ()
    absent: Annotated[Literal["internal", "internet-facing"], Doc("scope: the scope without this annotation.")] = (
        "internet-facing"
    )
    pods: Annotated[tuple[str, ...], Doc("targets: the values that make pods the targets, not nodes.")] = ()
    when: Annotated[
        str, Doc("Pattern of the values that switch it on; the default is any value that is not in OFF.")
    ] = ""
    overrides_ranges: Annotated[bool, Doc("access: with it the controller ignores source ranges.")] = False
    attributes: Annotated[
        dict[str, Attribute], Doc("Settings inside the value, written `a=b,c=d` or as a JSON object.")
    ] = _NONE
    shown_by: Annotated[
        Literal["", "balancer", "targets"],
        Doc("Where the cloud shows what is effective, under the same names: on the load balancer, or on its targets."),
    ] = ""
    shown_as: Annotated[str, Doc("The one setting that the value is for, as the cloud names it.")] = ""


class Claim(NamedTuple):
    """How a Service for this controller is recognised: by its class, or by an annotation with one of these values."""

    class_: Annotated[str, Doc("A spec.loadBalancerClass.")] = ""
    annotation: str = ""
    values: tuple[str, ...] = ()
    scope: Annotated[Literal["", "internal", "internet-facing"], Doc("The scope if no annotation states another.")] = ""


class CheckFacts(NamedTuple):
    """How this provider runs the health check that its annotations describe."""

    port: Annotated[Literal["", "traffic"], Doc("The port it checks if none is set; empty: not known.")] = ""
    numbers: Annotated[
        Literal["target", "service"],
        Doc("A port number is a port of the target (pod or node), or a port of the Service."),
    ] = "target"
    targets: Annotated[Literal["nodes", "pods"], Doc("What it checks if no annotation states it.")] = "nodes"
    fails_open: Annotated[bool, Doc("It sends to all targets as long as all of them fail.")] = False
    app_protocol_first: Annotated[
        bool, Doc("The appProtocol of a port overrides annotations for the whole Service.")
    ] = False


def switches_on(pattern: str, text: str) -> bool:
    """Whether a value switches something on: by the profile's pattern, or without one unless the value is in OFF."""
    return bool(re.search(pattern, text, re.IGNORECASE)) if pattern else text.lower() not in OFF
