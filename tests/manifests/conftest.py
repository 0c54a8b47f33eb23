"""Shared by the tests of manifests: a small release in the upstream chart's shape, in parts that can be varied."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

CONF = 'port: 4222\nserver_name: "n"\n'
CONFIG_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "nats-config"},
    "data": {"nats.conf": CONF},
}
STATEFULSET: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "nats"},
    "spec": {
        "serviceName": "nats-headless",
        "template": {
            "metadata": {"labels": {"app": "nats"}},
            "spec": {
                "containers": [
                    {
                        "name": "nats",
                        "image": "nats:2.14.2-alpine",
                        "args": ["--config", "/etc/nats-config/nats.conf"],
                        "ports": [{"containerPort": 4222, "name": "nats"}],
                        "volumeMounts": [{"mountPath": "/etc/nats-config", "name": "config"}],
                    },
                    {"name": "reloader", "image": "natsio/nats-server-config-reloader:0.16.0"},
                ],
                "volumes": [{"name": "config", "configMap": {"name": "nats-config"}}],
            },
        },
    },
}


@pytest.fixture
def stream() -> Callable[..., str]:
    """Write objects as a stream of documents, each behind its marker line."""
    return lambda *objects: "".join("---\n" + yaml.safe_dump(item, sort_keys=False) for item in objects)


@pytest.fixture
def config_map() -> dict[str, Any]:
    """Return the server's ConfigMap, the test's own to change."""
    return copy.deepcopy(CONFIG_MAP)


@pytest.fixture
def statefulset() -> dict[str, Any]:
    """Return the server's StatefulSet, the test's own to change."""
    return copy.deepcopy(STATEFULSET)


@pytest.fixture
def container(statefulset) -> dict[str, Any]:
    """Return the server's container, inside that StatefulSet."""
    return statefulset["spec"]["template"]["spec"]["containers"][0]
