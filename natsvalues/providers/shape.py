"""Turn a region's inputs into the metadata and spec fields of a Service or a Route, by a provider's profile.

No input is dropped silently: what the profile cannot express is an error or a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.manifests.chart import MONITOR_PORT
from natsvalues.manifests.healthz import JS_SERVER_ONLY
from natsvalues.providers.load_balancer import CHOICES
from natsvalues.providers.profile import (
    FIELDS,
    SPEC_FIELDS,
    Input,
    Profile,
    filled,
    placeholders,
    template_of,
)
from natsvalues.providers.refused import refused
from natsvalues.records import NamedTuple
from natsvalues.text.hosts import is_address
from natsvalues.text.reading import nearest

if TYPE_CHECKING:
    from natsvalues.providers.load_balancer import LoadBalancer
    from natsvalues.providers.meanings import Meaning


class HealthCheck(NamedTuple):
    """How the load balancer can check NATS: a GET on the monitor port that needs no meta leader."""

    path: str = JS_SERVER_ONLY
    port: int = MONITOR_PORT
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"


class Inputs(NamedTuple):
    """The inputs of a profile: the region's load balancer (with defaults) and its advertised address."""

    load_balancer: LoadBalancer
    host: str
    port: int
    tls: bool = False
    health: HealthCheck = HealthCheck()


class Shape(NamedTuple):
    """What to put on the object: all mappings sorted by key.

    For a Service, `spec` has fields of Service.spec and `ports` the ports other than the gateway's. For a
    Route, annotations, labels and `spec` are the Route's (its `to` is the caller's); the Service is then a
    ClusterIP.
    """

    object_kind: Literal["Service", "Route"]
    annotations: dict[str, str]
    labels: dict[str, str]
    spec: dict[str, Any]
    ports: tuple[dict[str, Any], ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def shape(profile: Profile, inputs: Inputs) -> Shape:
    """Apply the profile's rules; if `errors` has sentences, the result must not be used."""
    facts = _facts(profile, inputs)
    errors = _misfits(profile, inputs.load_balancer, facts)
    warnings = _remarks(profile, inputs.load_balancer, facts)
    annotations: dict[str, str] = {}
    known: dict[str, Meaning] = {}
    labels: dict[str, str] = {}
    spec: dict[str, Any] = {}
    ports: list[dict[str, Any]] = []
    for rule in profile.rules:
        if not all(_holds(condition, facts.get(name, ""), facts) for name, condition in rule.when.items()):
            continue
        annotations.update(_expanded(rule.annotations, facts))
        known |= {filled(key, facts): profile.meanings[template_of(key)] for key in rule.annotations}
        labels.update(_expanded(rule.labels, facts))
        spec.update(_expanded(rule.spec, facts))
        for port in rule.ports:
            entry = {"name": port.name, "port": port.port, "targetPort": port.target_port}
            if port.node_port:
                entry["nodePort"] = port.node_port
            ports.append({key: _number(text) for key, text in _expanded(entry, facts).items()})
        errors += [filled(rule.error, facts)] if rule.error else []
        warnings += [filled(rule.warning, facts)] if rule.warning else []
    if profile.object == "Service":
        spec.update(_spec_fields(inputs.load_balancer))
    annotations.update(inputs.load_balancer.annotations or {})
    labels.update(inputs.load_balancer.labels or {})
    errors += [refusal.sentence for refusal in refused(annotations, known)]
    return Shape(
        object_kind=profile.object,
        annotations=dict(sorted(annotations.items())),
        labels=dict(sorted(labels.items())),
        spec=dict(sorted(spec.items())),
        ports=tuple(ports),
        errors=tuple(f"{profile.id}: {text}" for text in errors),
        warnings=tuple(f"{profile.id}: {text}" for text in warnings),
        notes=profile.caveats,
    )


def _facts(profile: Profile, inputs: Inputs) -> dict[str, str]:
    balancer = inputs.load_balancer
    facts = {
        "scheme": balancer.scheme or "",
        "class": balancer.class_ or "",
        "externalTrafficPolicy": balancer.external_traffic_policy or "",
        "sourceRanges": ",".join(balancer.source_ranges),
        "addresses": ",".join(balancer.addresses),
        "addresses.count": str(len(balancer.addresses)),
        "subnets": ",".join(balancer.subnets),
        "subnets.count": str(len(balancer.subnets)),
        "annotations": ",".join(balancer.annotations or ()),
        "labels": ",".join(balancer.labels or ()),
        "host": inputs.host,
        "host_is": "address" if is_address(inputs.host) else "name",
        "port": str(inputs.port),
        "tls": "true" if inputs.tls else "false",
        "health_path": inputs.health.path,
        "health_port": str(inputs.health.port),
        "health_protocol": inputs.health.scheme.lower(),
    }
    facts.update({f"subnets.{at}": subnet for at, subnet in enumerate(balancer.subnets, 1)})
    facts.update({f"annotations.{key}": text for key, text in (balancer.annotations or {}).items()})
    facts.update({f"options.{name}": text for name, text in (balancer.options or {}).items()})
    for name, taken in _takes(profile).items():
        facts[name] = facts.get(name) or taken.default
    return facts


def _takes(profile: Profile) -> dict[str, Input]:
    """Return every input of the profile by its fact."""
    return {**profile.inputs, **{f"options.{name}": option for name, option in profile.options.items()}}


def _misfits(profile: Profile, balancer: LoadBalancer, facts: dict[str, str]) -> list[str]:
    """The inputs that are not accepted, those with a wrong value, and those that are missing."""
    takes = _takes(profile)
    wrong = [
        f"this provider does not support loadBalancer.{name}: remove it, "
        "or set the annotation under loadBalancer.annotations"
        for name in FIELDS
        if facts[name] and name not in takes
    ]
    for option, text in (balancer.options or {}).items():
        if option not in profile.options:
            known = ", ".join(profile.options) or "none"
            hint = nearest(option, profile.options) or f"options here: {known}"
            wrong.append(f"this provider has no option `{option}` (loadBalancer.options.{option}): {hint}")
        elif not text:
            wrong.append(f"loadBalancer.options.{option} is empty: set a value or remove it")
    for name, taken in takes.items():
        complaint = _unfit(taken, facts[name])
        wrong += [f"loadBalancer.{name} {complaint}"] if complaint else []
    for requirement in profile.requires:
        if not any(facts.get(name) for name in requirement.any_of):
            fields = " or ".join(f"loadBalancer.{name}{_values(name, takes)}" for name in requirement.any_of)
            wrong.append(f"{fields} must be set: {requirement.why}")
    return wrong


def _values(name: str, takes: dict[str, Input]) -> str:
    """The values that an input accepts, where they are few."""
    values = takes[name].one_of if name in takes and takes[name].one_of else CHOICES.get(name, ())
    return f" ({' or '.join(values)})" if values else ""


def _unfit(taken: Input, text: str) -> str:
    """What is wrong with a value; empty if nothing is."""
    if not text:
        return ""
    if taken.one_of and text not in taken.one_of:
        return f"is `{text}`, and this provider accepts {', '.join(taken.one_of)}"
    if taken.low is not None and not (text.isdecimal() and text.isascii() and int(text) >= taken.low):
        return f"is `{text}`, and must be a whole number from {taken.low}"
    if taken.high is not None and int(text) > taken.high:
        return f"is `{text}`, and must be {taken.high} at most"
    if taken.most is not None and text.count(",") >= taken.most:
        return f"has {text.count(',') + 1} entries, and this provider accepts {taken.most} at most"
    return ""


def _remarks(profile: Profile, balancer: LoadBalancer, facts: dict[str, str]) -> list[str]:
    """Warnings that apply to every provider."""
    remarks = []
    limits = ["sourceRanges", *(name for name, taken in _takes(profile).items() if taken.restricts)]
    if facts["scheme"] == "internet-facing" and not any(facts[name] for name in limits):
        remarks.append(
            "the load balancer is reachable from outside, and loadBalancer.sourceRanges is empty: anyone may "
            "connect to the gateway port; list the addresses that the other regions connect from"
        )
    if balancer.per_pod and balancer.addresses and "{pod}" not in facts["addresses"]:
        remarks.append("loadBalancer.addresses with perPod: the Service of every server requests the same addresses")
    return remarks


def _holds(condition: str, fact: str, facts: dict[str, str]) -> bool:
    word, _, rest = filled(condition, facts).partition(" ")
    if word == "given":
        return bool(fact)
    if word == "absent":
        return not fact
    if word == "not":
        return fact != rest
    if word == "lacks":
        return bool(fact) and rest not in fact.split(",")
    return fact == filled(condition, facts)


def _expanded(part: Any, facts: dict[str, str]) -> Any:
    """Fill the templates inside; leave out an entry that names a fact which is not set."""
    if isinstance(part, str):
        return filled(part, facts) if "{" in part else part
    if isinstance(part, dict):
        return {
            filled(key, facts): _expanded(item, facts)
            for key, item in part.items()
            if not isinstance(item, str) or all(facts.get(name) for name in placeholders(item))
        }
    return part


def _spec_fields(balancer: LoadBalancer) -> dict[str, Any]:
    given = {
        "class": balancer.class_,
        "externalTrafficPolicy": balancer.external_traffic_policy,
        "sourceRanges": list(balancer.source_ranges),
    }
    return {SPEC_FIELDS[name]: value for name, value in given.items() if value}


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() and text.isascii() else text
