"""What a cloud does for a cluster: addresses for Services of type LoadBalancer, and volumes for claims.

Runs on a node; node.py starts it. kube-proxy and the kubelet do the rest. An address is the one that the Service
asks for (MetalLB's annotation, or spec.loadBalancerIP), else the next one; a volume is a folder of the node's.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from typing import Any

from node import Settings, request

ASKED = "metallb.io/loadBalancerIPs"
_MERGE = "application/merge-patch+json"


class Cloud:
    """The controllers of one cluster."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._given: dict[str, str] = {}

    def balance(self) -> None:
        """Give an address to each Service of type LoadBalancer that has none."""
        for service in self._ask("GET", "/api/v1/services")["items"]:
            meta, spec = service["metadata"], service["spec"]
            if spec.get("type") != "LoadBalancer" or service["status"].get("loadBalancer"):
                continue
            address = meta.get("annotations", {}).get(ASKED) or spec.get("loadBalancerIP")
            address = address or self._given.setdefault(meta["uid"], self._next())
            path = f"/api/v1/namespaces/{meta['namespace']}/services/{meta['name']}/status"
            self._ask("PATCH", path, {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}, _MERGE)

    def _next(self) -> str:
        return f"198.18.{self._settings.number}.{100 + len(self._given)}"

    def provision(self) -> None:
        """Give a volume to each claim that has none."""
        for claim in self._ask("GET", "/api/v1/persistentvolumeclaims")["items"]:
            meta, spec = claim["metadata"], claim["spec"]
            if claim["status"].get("phase") != "Pending" or spec.get("volumeName"):
                continue
            name = f"pvc-{meta['uid']}"
            volume = {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": name},
                "spec": {
                    "capacity": spec["resources"]["requests"],
                    "accessModes": spec["accessModes"],
                    "persistentVolumeReclaimPolicy": "Retain",
                    "storageClassName": spec.get("storageClassName") or "",
                    "claimRef": {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]},
                    "hostPath": {"path": os.path.join(self._settings.volumes, name), "type": "DirectoryOrCreate"},
                },
            }
            self._ask("POST", "/api/v1/persistentvolumes", volume)

    def _ask(self, method: str, path: str, body: Any = None, content: str = "application/json") -> Any:
        status, text = request(self._settings, method, path, body, content)
        if status not in (200, 201, 409):  # 409: the volume was created before
            raise OSError(f"{method} {path}: {status} {text}")
        return json.loads(text)


def main() -> None:
    """Watch until killed."""
    cloud = Cloud(Settings(*json.loads(sys.argv[1])))
    while True:
        try:
            cloud.balance()
            cloud.provision()
        except (OSError, http.client.HTTPException) as error:  # the API server is busy, or about to end
            print(error, flush=True)
        time.sleep(0.5)


if __name__ == "__main__":
    main()
