"""What an impact is judged from: both releases, their NATS servers side by side, and what the overlays decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from natsvalues.diff.comparison import compare
from natsvalues.manifests.chart import GATEWAY_PORT_NAME, POD_NAME_LABEL, port_role
from natsvalues.manifests.settings import gateway_listen, settings
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.releases import Comparison
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Manifest, Release, ResourceKey

GATEWAY_PORT = 7222


class Decision(NamedTuple):
    """What the overlays say of JetStream across regions; empty where there are none."""

    scope: Literal["", "supercluster", "region"] = ""
    joins: Literal["", "seed", "empty"] = ""


class Servers(NamedTuple):
    """One NATS of both releases; `old` or `new` is None where it is only on the other side."""

    old: Nats | None
    new: Nats | None
    old_conf: dict[str, Any]
    new_conf: dict[str, Any]
    template_changes: tuple[Change, ...]
    """What differs in the pod template: anything at all restarts the pods."""

    @property
    def replicas(self) -> int:
        """Servers of the new release."""
        nats = self.new or self.old
        stated = nats.statefulset.value["spec"].get("replicas") if nats else None
        return stated if isinstance(stated, int) else 1

    def has_config_map(self, key: ResourceKey) -> bool:
        """Whether their configuration is in this ConfigMap, on either side."""
        return any(nats is not None and nats.config_map.key == key for nats in (self.old, self.new))

    def is_statefulset(self, key: ResourceKey) -> bool:
        """Whether this StatefulSet runs them, on either side."""
        return any(nats is not None and nats.statefulset.key == key for nats in (self.old, self.new))


class Context(NamedTuple):
    """Everything a rule may look at."""

    comparison: Comparison
    servers: tuple[Servers, ...]
    decision: Decision

    def of_config_map(self, item: ObjectDiff) -> Servers | None:
        """The servers whose configuration a ConfigMap holds."""
        keys = [key for key in (item.key, item.was) if key is not None]
        return next((servers for servers in self.servers if any(map(servers.has_config_map, keys))), None)

    def of_statefulset(self, item: ObjectDiff) -> Servers | None:
        """The servers that a StatefulSet runs."""
        keys = [key for key in (item.key, item.was) if key is not None]
        return next((servers for servers in self.servers if any(map(servers.is_statefulset, keys))), None)

    def of_service(self, item: ObjectDiff) -> Servers | None:
        """The servers to whose pods a Service sends, on the side where it is."""
        for servers in self.servers:
            for nats, value in ((servers.new, item.after), (servers.old, item.before)):
                if nats is not None and value is not None and selects(nats, value):
                    return servers
        return None


def context(comparison: Comparison, decision: Decision) -> Context:
    """Put the servers of both sides together."""
    return Context(comparison, tuple(_servers(comparison)), decision)


def _servers(comparison: Comparison) -> list[Servers]:
    """By the StatefulSet's identity; then a renamed one; then the lone ones of either side."""
    renamed = {pair.new.key: pair.old.key for pair in comparison.pairs if pair.old and pair.new}
    old = {nats.statefulset.key: nats for nats in comparison.old_nats}
    matches = []
    for nats in comparison.new_nats:
        key = nats.statefulset.key
        twin = next((known for known in old if known._replace(namespace="") == key._replace(namespace="")), None)
        before = old.pop(renamed.get(key, key), None) or (old.pop(twin) if twin else None)
        matches.append((before, nats))
    if len(old) == 1 and len([pair for pair in matches if pair[0] is None]) == 1:
        lone = next(index for index, pair in enumerate(matches) if pair[0] is None)
        matches[lone] = (old.popitem()[1], matches[lone][1])
    pairs: list[tuple[Nats | None, Nats | None]] = [*matches, *((nats, None) for nats in old.values())]
    return [Servers(was, is_now, _conf(was), _conf(is_now), _template(was, is_now)) for was, is_now in pairs]


def _conf(nats: Nats | None) -> dict[str, Any]:
    try:
        return settings(nats) if nats is not None else {}
    except ConfSyntaxError:  # a note of the comparison says so
        return {}


def _template(old: Nats | None, new: Nats | None) -> tuple[Change, ...]:
    if old is None or new is None:
        return ()
    before, after = (nats.statefulset.value["spec"].get("template") for nats in (old, new))
    return compare(before, after, of_object=True)


def selects(nats: Nats, service: dict[str, Any]) -> bool:
    """Whether a Service's selector means these pods (or one of them)."""
    spec = service.get("spec")
    selector = spec.get("selector") if isinstance(spec, dict) else None
    if not isinstance(selector, dict) or not selector:
        return False
    labels = nats.pod_labels
    return all(name == POD_NAME_LABEL or labels.get(name) == text for name, text in selector.items())


def leads_to_gateway(service: dict[str, Any], conf: dict[str, Any]) -> bool:
    """Whether a Service has a port that ends at the gateways."""
    listen = gateway_listen(conf) or GATEWAY_PORT
    return any(port_role(port, listen) == GATEWAY_PORT_NAME for port in ports_of(service))


def ports_of(service: dict[str, Any]) -> list[dict[str, Any]]:
    """A Service's ports."""
    spec = service.get("spec")
    ports = spec.get("ports") if isinstance(spec, dict) else None
    return [port for port in ports if isinstance(port, dict)] if isinstance(ports, list) else []


def is_load_balancer(service: dict[str, Any]) -> bool:
    """Whether a Service requests a load balancer."""
    return bool((service.get("spec") or {}).get("type") == "LoadBalancer")


def gateway_services(release: Release, nats: Nats, conf: dict[str, Any]) -> list[Manifest]:
    """The Services, of whatever type but headless, by which others reach these gateways."""
    listen = gateway_listen(conf) or GATEWAY_PORT
    numbers = {number for word in (GATEWAY_PORT_NAME, str(listen)) for number in release.mentioning("Service", word)}
    return release.manifests(
        sorted(numbers),
        lambda manifest: (
            manifest.key.kind == "Service"
            and (manifest.value.get("spec") or {}).get("clusterIP") != "None"
            and (manifest.value.get("spec") or {}).get("type") in ("LoadBalancer", "NodePort")
            and selects(nats, manifest.value)
            and leads_to_gateway(manifest.value, conf)
        ),
    )
