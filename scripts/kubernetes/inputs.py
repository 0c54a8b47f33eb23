"""What a suite installs: charts, values, overlays. The same is installed on clusters and rehearsed on loopback."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(ROOT, "tests"))

import replay  # noqa: E402 - scripts are no package
import yaml  # noqa: E402 - same
from suites import STAND_IN, UNSET  # noqa: E402 - same

if TYPE_CHECKING:
    from suites import Suite

SECRET = "gateway-tls"  # noqa: S105 - the name of a Secret


def charts_of(suite: Suite, folder: str, shared: str | None) -> dict[str, str] | None:
    """The folders of the suite's charts; None if this clone lacks a rendering of the upstream chart that it needs."""
    charts = {}
    for name in suite.charts:
        charts[name] = os.path.join(ROOT, "tests", "charts", "nats")
        if name != STAND_IN:
            rendering = os.path.join(shared or "", "rendered", f"{name}.yaml")
            if shared is None or not os.path.isfile(rendering):
                return None
            charts[name] = replay.write_chart(rendering, os.path.join(folder, name))
    return charts


def host(region: str) -> str:
    """The name that the other regions dial."""
    return f"nats-gw-{region}.example.com"


def address(number: int) -> str:
    """The address of the load balancer of the region with this number, counted from 1."""
    return f"198.18.{number}.10"


def write_overlays(suite: Suite, folder: str, sync: str) -> None:
    """The overlays: all regions in stage join, with this `jetstream.sync`."""
    shares = suite.scope == "supercluster"
    durable = {} if sync == UNSET else {"sync": sync}
    tls = {"tls": {"secret": SECRET, "ca": {"key": "ca.crt"}}} if suite.tls else {}
    files: dict[str, dict[str, Any]] = {
        "supercluster": {"kind": "Supercluster", "name": "acme", "jetstream": {"scope": suite.scope} | durable}
        | ({"gateway": tls} if tls else {})
    }
    for number, region in enumerate(suite.regions, 1):
        own = {"joins": "seed" if number == 1 else "empty"} if shares else {"systemAccount": f"SYS-{region}"}
        files[region] = own | {
            "kind": "Region",
            "name": region,
            "stage": "join",
            "serverNames": {"prefix": f"{region}-"},
            "gateway": {"host": host(region)},
            "loadBalancer": {"provider": "metallb", "addresses": [address(number)]},
        }
    os.makedirs(folder, exist_ok=True)
    for name, value in files.items():
        _write(folder, name, value)


def write_values(suite: Suite, server: str, folder: str) -> None:
    """values.yaml for natsvalues; with plain-REGION.yaml beside it for the chart alone, with gateways by hand."""
    base = {
        "config": {"cluster": {"enabled": True},
                   "jetstream": {"enabled": True, "fileStore": {"pvc": {"size": "1Gi"}}}},
        "container": {"image": {"tag": f"{server}-alpine"}},
        "natsBox": {"enabled": False},
    }  # fmt: skip
    _write(folder, "values", base)
    for number, region in enumerate(suite.regions, 1):
        others = [other for other in suite.regions if other != region]
        remotes = [{"name": other, "urls": [f"nats://{host(other)}:7222"]} for other in others]
        gateway = {"name": region, "advertise": f"{host(region)}:7222", "gateways": remotes}
        plain = {
            "config": {"cluster": {"merge": {"name": region}}, "serverNamePrefix": f"{region}-",
                       "gateway": {"enabled": True, "merge": gateway}},
            "service": {"ports": {"gateway": {"enabled": True}},
                        "merge": {"spec": {"type": "LoadBalancer", "loadBalancerIP": address(number)}}},
        }  # fmt: skip
        _write(folder, f"plain-{region}", plain)


def _write(folder: str, name: str, value: Any) -> None:
    with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
        yaml.safe_dump(value, file)
