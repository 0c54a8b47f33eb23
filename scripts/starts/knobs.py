"""The chart's own knobs: those that people turn, more often, and odd ones.

The odds follow what stands in public values files: most have JetStream with a file store, a third one server, a half
three; fewer listen for anything but clients, and few write accounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starts.setup import one_of, some_of

if TYPE_CHECKING:
    from random import Random

    from starts.setup import Option, Setup

STORE = "config.jetstream.fileStore"
MEMORY = "config.jetstream.memoryStore"
JETSTREAM = "config.jetstream.merge"
ROUTES = "config.cluster.routeURLs"
CLUSTER = "config.cluster.merge"
GATEWAY = "config.gateway.merge"
REMOTES = [{"name": name, "urls": [f"nats://gw-{name}.example.com:7222"]} for name in ("us-east", "eu-west")]


def base(setup: Setup, rng: Random) -> None:
    """JetStream or not, a cluster or not, and how many servers: what every case has."""
    setup.jetstream = rng.random() < 0.8
    setup.clustered = rng.random() < 0.82
    setup.replicas = rng.choices((1, 2, 3, 5), (20, 14, 62, 4))[0] if setup.clustered else 1
    setup.write(
        {
            "config.cluster": {"enabled": setup.clustered, "replicas": setup.replicas},
            "config.jetstream": {"enabled": setup.jetstream},
            "container.image.tag": "VERSION-alpine",
        }
    )


def _tls(listener: str, more: dict[str, Any]) -> Option:
    return {f"config.{listener}.tls": {"enabled": True, "secretName": f"{listener}-tls", "merge": more}}


CHART = (
    one_of(
        "file-store",
        0.5,
        {STORE: {"enabled": True, "pvc": {"enabled": True, "size": "10Gi"}}},
        {STORE: {"enabled": True, "dir": "/data", "pvc": {"enabled": True, "size": "500Mi",
        "storageClassName": "fast"}}},
        {STORE: {"enabled": True, "maxSize": "1Gi", "pvc": {"enabled": True, "size": "5Gi"}}},
        {STORE: {"pvc": {"size": "1Gi", "name": "store"}}},
    ),
    one_of("memory-store", 0.25, *({MEMORY: {"enabled": True, "maxSize": size}} for size in ("1Gi", "256Mi", "64MB",
    "1G"))),
    one_of("memory-only", 0.06, {STORE: {"enabled": False}, MEMORY: {"enabled": True, "maxSize": "256Mi"}}),
    one_of("no-claim", 0.08, {STORE: {"pvc": {"enabled": False}}}, {STORE: {"dir": "/store",
    "pvc": {"enabled": False}}}),
    one_of(
        "jetstream-merge",
        0.15,
        *(
            {JETSTREAM: item}
            for item in (
                {"max_outstanding_catchup": "<< 32MB >>"}, {"sync_interval": "10s"}, {"unique_tag": "az:"},
                {"limits": {"max_ack_pending": 1000}}, {"enabled": True}, {"max_mem": "<< 128MB >>"},
                {"store_dir": "/data/js"}, {"max_buffered_size": "<< 64MB >>"}, {"strict": True},
            )
        ),
    ),
    one_of("jetstream-off", 0.03, {JETSTREAM: {"enabled": False}}),
    one_of("domain", 0.07, *({JETSTREAM: {"domain": name}} for name in ("hub", "us-east", "core"))),
    one_of(
        "encryption",
        0.04,
        {
            JETSTREAM: {"cipher": "chachapoly", "key": "<< $JS_KEY >>"},
            "container.env.JS_KEY": {"valueFrom": {"secretKeyRef": {"name": "js", "key": "key"}}},
        },
    ),
    one_of("route-login", 0.08, *({ROUTES: {"user": "route", "password": text}} for text in ("s3cret", "p@ss/w:rd"))),
    one_of("full-names", 0.06, {ROUTES: {"useFQDN": True}}, {ROUTES: {"useFQDN": True,
    "k8sClusterDomain": "corp.internal"}}),
    one_of(
        "cluster-merge",
        0.18,
        *(
            {CLUSTER: item}
            for item in (
                {"name": "legacy"}, {"pool_size": 5}, {"compression": "s2_fast"}, {"connect_retries": 30},
                {"pool_size": -1},
                {"listen": "0.0.0.0:6222"}, {"authorization": {"user": "r", "password": "w", "timeout": 1}},
                {"name": "us-east"}, {"ping_interval": "20s"}, {"accounts": ["APP"]}, {"no_advertise": False},
                {"advertise": "nats.example.com:6222"},
            )
        ),
    ),
    one_of(
        "routes-gone",
        0.03,
        {CLUSTER: {"routes": []}},
        {"config.cluster.patch+": [{"op": "remove", "path": "/routes"}]},
        codes=("NV-T060",),
    ),
    one_of("advertise", 0.1, {"config.cluster.noAdvertise": False}),
    some_of(
        "tls",
        0.12,
        *(_tls(name, {}) for name in ("nats", "cluster", "leafnodes", "websocket", "mqtt", "gateway")),
        *(_tls(name, {"verify": True}) for name in ("cluster", "nats", "gateway")),
        _tls("cluster", {"timeout": 5}),
        _tls("nats", {"verify_and_map": True}),
        {"tlsCA": {"enabled": True, "secretName": "nats-ca"}},
    ),
    one_of("monitor-tls", 0.03, {**_tls("nats", {}), "config.monitor": {"enabled": True, "tls": {"enabled": True}}}),
    one_of("leafnodes", 0.12, {"config.leafnodes.enabled": True}, {"config.leafnodes": {"enabled": True,
    "port": 7423}}),
    one_of(
        "websocket",
        0.14,
        {"config.websocket.enabled": True},
        {"config.websocket": {"enabled": True, "merge": {"same_origin": True}}},
        {"config.websocket": {"enabled": True, "merge": {"compression": True, "no_tls": True}}},
        {"config.websocket": {"enabled": True, "ingress": {"enabled": True, "hosts": ["ws.example.com"]}}},
    ),
    one_of("mqtt", 0.06, {"config.mqtt.enabled": True}, {"config.mqtt": {"enabled": True,
    "merge": {"stream_replicas": 1}}}),
    one_of("profiling", 0.05, {"config.profiling.enabled": True}),
    one_of(
        "gateway",
        0.1,
        {"config.gateway.enabled": True},
        {"config.gateway.enabled": True, GATEWAY: {"name": "us-east", "gateways": REMOTES}},
        {"config.gateway.enabled": True, GATEWAY: {"gateways": REMOTES}, "service.ports.gateway.enabled": True},
        {"config.gateway.enabled": True, "service.ports.gateway.enabled": True,
        "service.merge.spec.type": "LoadBalancer"},
        {"config.gateway.enabled": True, "service.ports.gateway.enabled": True, "service.merge.spec.type": "NodePort"},
        *(
            {"config.gateway.enabled": True, GATEWAY: item}
            for item in (
                {"advertise": "gw.example.com:7222"}, {"reject_unknown": True}, {"listen": "0.0.0.0:7222"},
                {"authorization": {"user": "gw", "password": "pw"}}, {"connect_retries": 3},
            )
        ),
    ),
    one_of(
        "leaf-remotes",
        0.03,
        {
            "config.leafnodes.enabled": True,
            "config.leafnodes.merge": {"remotes": [{"urls": ["nats-leaf://hub.example.com:7422"]}]},
        },
    ),
    one_of("leaf-alias", 0.02, {"config.merge.leaf": {"port": 7422}}),
    one_of("no-monitor", 0.05, {"config.monitor.enabled": False}, codes=("NV-T043",)),
    some_of(
        "ports", 0.07, *({f"config.{name}.port": port} for name, port in (("nats", 4333), ("cluster", 6333),
        ("gateway", 7333))),
        {"config.monitor.port": 8333},
    ),
    some_of(
        "companions", 0.3, {"natsBox.enabled": False}, {"promExporter.enabled": True}, {"reloader.enabled": False},
        {"podTemplate.configChecksumAnnotation": True}, {"podDisruptionBudget.enabled": False},
        {"serviceAccount.enabled": True},
    ),
    one_of(
        "prefix", 0.08, *({"config.serverNamePrefix": text} for text in ("legacy-", "prod_", "us-east-")),
        codes=("NV-T004",),
    ),
)  # fmt: skip
