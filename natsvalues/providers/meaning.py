"""What a Service's annotations and fields mean to the controller of its load balancer, as plain values.

The profiles state it (`meanings.py` has the format); lint, diff and rehearse get it here. Nothing was run on a cloud:
every profile names its sources. For other providers the meaning is guessed from an annotation's name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from natsvalues.providers import profile
from natsvalues.providers.index import beginning, stated, tables
from natsvalues.providers.meanings import OFF, Attribute, CheckFacts, Meaning, switches_on
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.providers.index import Table
    from natsvalues.providers.meanings import Means

Scope = Literal["", "internal", "internet-facing"]
TRAFFIC = "traffic-port"
"""The port of a health check that uses the port of the traffic itself."""
_GUESSES: tuple[tuple[Means, re.Pattern[str]], ...] = (
    ("proxyProtocol", re.compile(r"proxy-?protocol|ppv2", re.IGNORECASE)),
    ("address", re.compile(r"/.*(balancer|elb).*(\b(id|ips?|eips?|address(es)?|pool|subnets?)\b|eip)", re.IGNORECASE)),
)
"""Meanings guessed from the names of annotations, for providers without a profile."""
_CHECKS = ("checkProtocol", "checkPort", "checkPath", "checkInterval", "checkCount")


class Annotation(NamedTuple):
    """One annotation with its meaning.

    `family` is the file that states it, such as `aws` or `metallb`; `port` the Service's port in the key, as
    text, or empty. `attribute` is the name of the setting if the annotation contains several.
    """

    key: str
    text: str
    means: Means
    family: str
    port: str
    meaning: Meaning
    attribute: str = ""

    @property
    def is_on(self) -> bool:
        """Whether the text enables what the annotation is for."""
        return switches_on(self.meaning.when, self.text)

    @property
    def values(self) -> tuple[str, ...]:
        """The entries of a list that is separated by commas or spaces."""
        return tuple(part for part in re.split(r"[,\s]+", self.text) if part)


class Check(NamedTuple):
    """A health check that annotations configure; None for a part that is not set.

    `service_port` is the Service's port whose traffic it decides, as text; empty for all of them. `facts` state
    whether a number in `port` is a port of `targets` or of the Service.
    """

    family: str
    service_port: str
    protocol: Annotation | None
    port: Annotation | None
    path: Annotation | None
    interval: Annotation | None
    threshold: Annotation | None
    targets: Literal["nodes", "pods"]
    facts: CheckFacts

    @property
    def is_http(self) -> bool:
        """Whether the check is an HTTP(S) request: only if an annotation says so, since most providers check TCP."""
        return self.protocol is not None and self.protocol.text.lower().startswith("http")

    @property
    def http_path(self) -> str:
        """The path that the check requests; empty if it makes no HTTP request, or if the path is not given."""
        return self.path.text if self.path is not None and self.is_http else ""

    @property
    def is_off(self) -> bool:
        """Whether the protocol disables the check."""
        return self.protocol is not None and self.protocol.text.lower() in OFF

    def target_port(self, ports: list[dict[str, Any]]) -> int | str | None:
        """The pods' port that is checked, as number or name, or TRAFFIC; `ports` are the Service's.

        None if that is not known: a port of the node that is not a nodePort of the Service, or a name without a port.
        """
        text = self.port.text if self.port is not None else self.facts.port and TRAFFIC
        if text == TRAFFIC:
            return TRAFFIC
        if not text.isdigit():
            return _target(port for port in ports if str(port.get("name")) == text)
        if self.facts.numbers == "service":
            target = _target(port for port in ports if str(port.get("port")) == text)
            if target is not None:
                return target
        elif self.targets == "pods":
            return int(text)
        return _target(port for port in ports if str(port.get("nodePort")) == text)


class ServiceMeaning(NamedTuple):
    """What a LoadBalancer Service requests from its controller.

    `annotations` are those with a known meaning, in the Service's order; settings inside one follow it.
    `controllers` are the families that claim the Service or whose annotations it has. `scope` is empty if nothing
    states it; `scope_stated` is the annotation that does. `targets` is the annotation that chooses pods or nodes.
    `load_balancer_ip` and `field_ranges` are `spec.loadBalancerIP` and `spec.loadBalancerSourceRanges`.
    """

    annotations: tuple[Annotation, ...]
    controllers: frozenset[str]
    scope: Scope
    scope_stated: Annotation | None
    targets: Annotation | None
    checks: tuple[Check, ...]
    load_balancer_ip: str
    field_ranges: tuple[str, ...]

    def of(self, *means: Means) -> tuple[Annotation, ...]:
        """The annotations with one of these meanings."""
        return tuple(item for item in self.annotations if item.means in means)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every requested address, in the provider's form: an IP address, a name or an id."""
        given = [value for item in self.of("address") for value in item.values]
        return tuple(dict.fromkeys([*given, *filter(None, (self.load_balancer_ip,))]))

    @property
    def source_ranges(self) -> tuple[str, ...]:
        """The CIDR blocks that may connect; empty if anyone may, or if a list defined elsewhere decides."""
        given = [value for item in self.of("sourceRanges") for value in item.values]
        return tuple(dict.fromkeys([*given, *self.field_ranges]))

    def checks_of(self, port: dict[str, Any]) -> tuple[Check, ...]:
        """The health checks on which the traffic of one of the Service's ports depends: one for each family."""
        chosen: dict[str, Check] = {}
        for check in self.checks:
            if check.service_port == str(port.get("port")):
                chosen[check.family] = check
            elif not check.service_port and not (check.facts.app_protocol_first and "appProtocol" in port):
                chosen.setdefault(check.family, check)
        return tuple(chosen.values())


def annotation_meaning(key: str, text: str = "", folder: str = "") -> Annotation | None:
    """The meaning of one annotation, by a profile or else by its name; None if neither tells."""
    known = stated(key, folder or profile.FOLDER)
    if known is not None:
        return Annotation(key, text, known.meaning.means, known.table.family, known.port, known.meaning)
    guessed = next((means for means, pattern in _GUESSES if pattern.search(key)), None)
    return guessed and Annotation(key, text, guessed, "", "", Meaning(guessed))


def settings_in(annotation: Annotation) -> tuple[Annotation, ...]:
    """The settings inside an annotation that contains several, each as an annotation of the same key."""
    if not annotation.meaning.attributes:
        return ()
    return tuple(
        annotation._replace(text=text, means=known.means, meaning=Meaning(known.means, when=known.when), attribute=name)
        for name, text in settings_of(annotation.text).items()
        if (known := annotation.meaning.attributes.get(name, Attribute("none"))).means != "none"
    )


def settings_of(text: str) -> dict[str, str]:
    """The settings in an annotation's text, `a=b,c=d` or a JSON object; empty for another form."""
    if text.lstrip().startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            return {}
        return {str(name): str(item) for name, item in value.items()}
    pairs = (part.partition("=") for part in text.split(","))
    return {name.strip(): item.strip() for name, _, item in pairs if name.strip()}


def meaning_of(service: dict[str, Any], folder: str = "") -> ServiceMeaning:
    """What a Service (the whole object) requests from its load balancer."""
    metadata, spec = service.get("metadata"), service.get("spec")
    fields: dict[str, Any] = spec if isinstance(spec, dict) else {}
    texts = metadata.get("annotations") if isinstance(metadata, dict) else None
    texts = {str(key): str(text) for key, text in texts.items()} if isinstance(texts, dict) else {}
    known = [item for key, text in texts.items() if (item := annotation_meaning(key, text, folder)) is not None]
    annotations = tuple(part for item in known for part in (item, *settings_in(item)))
    class_ = str(fields.get("loadBalancerClass") or "")
    claimed = _claims(class_, texts, folder or profile.FOLDER)
    controllers = frozenset(table.family for table, _ in claimed) | {item.family for item in known}
    stating = [item for item in annotations if item.means == "scope"]
    targets = next((item for item in annotations if item.means == "targets"), None)
    ranges = fields.get("loadBalancerSourceRanges")
    return ServiceMeaning(
        annotations,
        controllers,
        _scope(stating) or next((scope for _, scope in claimed if scope), ""),
        next((item for item in stating if _scope([item]) == "internal"), next(iter(stating), None)),
        targets,
        tuple(_checks(annotations, targets, folder or profile.FOLDER)),
        str(fields.get("loadBalancerIP") or ""),
        tuple(str(item) for item in ranges) if isinstance(ranges, list) else (),
    )


def _scope(stating: list[Annotation]) -> Scope:
    """The scope that annotations state: one of them is enough for internal."""
    if any(item.text.lower() in item.meaning.internal for item in stating):
        return "internal"
    return "internet-facing" if stating else ""


def _claims(class_: str, texts: dict[str, str], folder: str) -> list[tuple[Table, Scope]]:
    """The families whose controller takes the Service, with the default scope of each."""
    words = tuple(dict.fromkeys([*map(beginning, texts), *filter(None, (class_,))]))
    return [
        (table, claim.scope)
        for table in tables(words, folder)
        for claim in table.claims
        if (claim.class_ and claim.class_ == class_)
        or (claim.annotation in texts and texts[claim.annotation] in claim.values)
    ]


def _checks(annotations: tuple[Annotation, ...], targets: Annotation | None, folder: str) -> Iterator[Check]:
    """The health checks: one for each family, and one for each port of the Service that a key contains."""
    parts: dict[tuple[str, str], dict[str, Annotation]] = {}
    for item in annotations:
        if item.means in _CHECKS:
            parts.setdefault((item.family, item.port), {}).setdefault(item.means, item)
    for (family, port), given in parts.items():
        known = stated(next(iter(given.values())).key, folder)
        facts = (known.table.check if known else None) or CheckFacts()
        checked: Literal["nodes", "pods"] = facts.targets
        if targets is not None and targets.family == family:
            checked = "pods" if targets.text in targets.meaning.pods else "nodes"
        protocol, number, path, interval, threshold = (given.get(part) for part in _CHECKS)
        yield Check(family, port, protocol, number, path, interval, threshold, checked, facts)


def _target(ports: Iterator[dict[str, Any]]) -> int | str | None:
    """The target port of the first of some ports of a Service; None without one."""
    port = next(ports, None)
    target = port.get("targetPort", port.get("port")) if port is not None else None
    return target if isinstance(target, (int, str)) else None
