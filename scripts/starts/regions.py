"""The overlays of a case: scope, stages, names, gateways and load balancers, and sometimes a missing choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from starts.operator_mode import system_key

if TYPE_CHECKING:
    from random import Random

    from starts.setup import Setup

NAMES = ("us-east", "eu-west", "ap-south")
BALANCERS: tuple[dict[str, Any], ...] = (
    {"provider": "aws-lbc-ip", "scheme": "internet-facing", "sourceRanges": ["203.0.113.0/24"]},
    {"provider": "gcp-internal"},
    {"provider": "metallb", "addresses": ["192.0.2.10"]},
    {"provider": "k3s"},
    {"provider": "azure-internal"},
    {"provider": "hetzner", "options": {"location": "fsn1"}},
    {"provider": "cilium", "addresses": ["192.0.2.20"]},
    {"provider": "generic", "annotations": {"example.com/network": "peering"}},
)
STAGES = ("local", "expose", "join")
MANY = 3
"""Servers of a region for which a load balancer each would be many."""


def _patch(path: str, value: Any, **target: str) -> dict[str, Any]:
    return {"target": target, "ops": [{"op": "add", "path": path, "value": value}]}


PATCHES = (
    _patch("/max_connections", 900, file="nats.conf"),
    _patch("/max_payload", "<< 2MB >>", file="nats.conf"),
    _patch("/cluster/connect_retries", 5, file="nats.conf"),
    _patch("/spec/template/spec/priorityClassName", "high", kind="StatefulSet"),
)


class Written(NamedTuple):
    """The overlays as documents by file name, and for each error code that they ask for, why."""

    files: dict[str, dict[str, Any]]
    excuses: dict[str, str]

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions, the seed first."""
        return tuple(name for name in NAMES if name in self.files)

    @property
    def scope(self) -> str:
        """The scope of JetStream."""
        return str(self.files["supercluster"]["jetstream"]["scope"])

    def stage(self, region: str) -> str:
        """A region's stage."""
        return str(self.files[region]["stage"])

    def at(self, stages: dict[str, str]) -> Written:
        """The same with other stages."""
        files = {
            name: ({**content, "stage": stages[name]} if name in stages else content)
            for name, content in self.files.items()
        }
        return self._replace(files=files)

    def before(self) -> Written:
        """Every region one stage before."""
        return self.at({name: STAGES[max(STAGES.index(self.stage(name)) - 1, 0)] for name in self.regions})


def overlays(setup: Setup, rng: Random) -> Written:
    """Overlays that fit the values' JetStream, and now and then lack something."""
    scope = rng.choices(("supercluster", "region"), (62, 38))[0]
    names = NAMES[: rng.choices((1, 2, 3), (25, 67, 8))[0]]
    if setup.replicas * len(names) > 6:
        names = NAMES[: max(1, 6 // setup.replicas)]
    excuses: dict[str, str] = {}
    shared: dict[str, Any] = {"kind": "Supercluster", "name": "acme", "jetstream": {"scope": scope}}
    gateway = _gateway(excuses, rng)
    if gateway:
        shared["gateway"] = gateway
    if rng.random() < 0.08:
        shared["probes"] = rng.choice(
            ({"startup": "keep"}, {"readiness": "keep"}, {"liveness": "/healthz?js-enabled-only=true"})
        )
    if scope == "supercluster" and rng.random() < 0.1:
        shared["jetstream"]["domain"] = "hub"
    files = {"supercluster": shared}
    stages = _stages(names, rng)
    plain_seed = rng.random() < 0.6
    for number, name in enumerate(names):
        files[name] = {**_region(number, name, setup, rng), "stage": stages[name]}
        files[name] |= _scoped(number == 0, name, scope, setup, rng)
        if "patches" in files[name]:
            excuses["NV-C002"] = "patches"
        files[name]["serverNames"] = {"prefix": "" if number == 0 and plain_seed else f"{name}-"}
    _mistakes(files, names, scope, excuses, rng)
    return Written(files, excuses)


def _gateway(excuses: dict[str, str], rng: Random) -> dict[str, Any]:
    gateway: dict[str, Any] = {}
    if rng.random() < 0.18:
        gateway["tls"] = {"secret": "gateway-tls", "verify": rng.random() < 0.8}
        if rng.random() < 0.6:
            gateway["tls"]["ca"] = rng.choice(({}, {"secret": "gateway-ca"}))
    if rng.random() < 0.15:
        password = rng.choice(
            (
                {"secret": "gateway", "key": "password"},
                {"secret": "gateway", "key": "password"},
                {"variable": "GATEWAY_PASS"},
            )
        )
        gateway["authorization"] = {"user": "gateway", "password": password}
        if "variable" in password:
            excuses["NV-T030"] = "variable"
    if rng.random() < 0.1:
        gateway["port"] = 7522
    if rng.random() < 0.08:
        gateway["rejectUnknownCluster"] = False
    return gateway


def _stages(names: tuple[str, ...], rng: Random) -> dict[str, str]:
    together = rng.choices(("join", "expose", "local", "mixed"), (52, 14, 16, 18))[0]
    if together != "mixed":
        return dict.fromkeys(names, together)
    first = rng.choice(STAGES)
    return {
        name: first if number == 0 else rng.choice(STAGES[: STAGES.index(first) + 1])
        for number, name in enumerate(names)
    }


def _region(number: int, name: str, setup: Setup, rng: Random) -> dict[str, Any]:
    region: dict[str, Any] = {"kind": "Region", "name": name, "gateway": {"host": f"gw-{name}.example.com"}}
    region["loadBalancer"] = dict(rng.choice(BALANCERS))
    if rng.random() < 0.1:
        region["gateway"]["port"] = 7422 + number
    if rng.random() < 0.15:
        region["servers"] = setup.replicas
    if rng.random() < 0.1:
        region["nats"] = {"version": setup.version}
    if rng.random() < 0.05 and setup.replicas < MANY:
        region["loadBalancer"]["perPod"] = True
        region["gateway"]["host"] = f"{{pod}}.gw-{name}.example.com"
        region["nats"] = {"name": _statefulset(setup)}
        region["servers"] = setup.replicas
    if rng.random() < 0.1:
        region["patches"] = [rng.choice(PATCHES)]
    return region


def _scoped(first: bool, name: str, scope: str, setup: Setup, rng: Random) -> dict[str, Any]:  # noqa: FBT001
    """What the scope asks of a region."""
    if scope == "supercluster":
        return {"joins": "seed" if first else "empty"}
    merge = setup.values.get("config", {}).get("merge", {})
    present = merge.get("system_account", "$SYS")
    own: dict[str, Any] = {"systemAccount": present if first and rng.random() < 0.7 else f"SYS-{name}"}
    if "operator" in merge and rng.random() < 0.5:
        own["systemAccount"] = system_key()
    if rng.random() < 0.1:
        own["domain"] = f"{name}-js"
    return own


def _statefulset(setup: Setup) -> str:
    values = setup.values
    if values.get("statefulSet", {}).get("name"):
        return str(values["statefulSet"]["name"])
    return str(values.get("fullnameOverride") or ("nats-messaging" if values.get("nameOverride") else "nats"))


def _mistakes(files: dict[str, Any], names: tuple[str, ...], scope: str, excuses: dict[str, str], rng: Random) -> None:
    """What people forget or write twice; each has the codes that it asks for."""
    if rng.random() > 0.09:
        return
    region = files[rng.choice(names)]
    kind = rng.choice(("joins", "serverNames", "systemAccount", "provider", "seeds", "prefix", "host"))
    if kind in region:
        del region[kind]
        excuses |= dict.fromkeys(("NV-T020", "NV-T001", "NV-T021"), kind)
    elif kind == "provider":
        region["loadBalancer"].pop("provider")
        excuses |= dict.fromkeys(("NV-T040", "NV-T041", "NV-O001"), kind)
    elif kind == "seeds" and scope == "supercluster" and len(names) > 1:
        files[names[1]]["joins"] = "seed"
        excuses["NV-O008"] = kind
    elif kind == "prefix" and len(names) > 1:
        files[names[1]]["serverNames"] = dict(files[names[0]]["serverNames"])
        excuses["NV-O006"] = kind
    elif kind == "host" and len(names) > 1:
        files[names[1]]["gateway"]["host"] = files[names[0]]["gateway"]["host"]
        excuses["NV-O005"] = kind
