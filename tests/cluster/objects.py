"""Objects in one namespace of a real API server, by kind and name, and what controllers would say about them.

There is no node and no controller here: statuses are set by the tests, through the status subresource, and a
deleted namespace would never go away.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

RESOURCES = {
    "ConfigMap": "api/v1/{}/configmaps",
    "PersistentVolumeClaim": "api/v1/{}/persistentvolumeclaims",
    "Pod": "api/v1/{}/pods",
    "Secret": "api/v1/{}/secrets",
    "Service": "api/v1/{}/services",
    "ServiceAccount": "api/v1/{}/serviceaccounts",
    "DaemonSet": "apis/apps/v1/{}/daemonsets",
    "Deployment": "apis/apps/v1/{}/deployments",
    "ReplicaSet": "apis/apps/v1/{}/replicasets",
    "StatefulSet": "apis/apps/v1/{}/statefulsets",
    "Job": "apis/batch/v1/{}/jobs",
    "Ingress": "apis/networking.k8s.io/v1/{}/ingresses",
    "PodDisruptionBudget": "apis/policy/v1/{}/poddisruptionbudgets",
    "Role": "apis/rbac.authorization.k8s.io/v1/{}/roles",
    "RoleBinding": "apis/rbac.authorization.k8s.io/v1/{}/rolebindings",
    "ClusterRoleBinding": "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "IngressClass": "apis/networking.k8s.io/v1/ingressclasses",
    "PriorityClass": "apis/scheduling.k8s.io/v1/priorityclasses",
    "StorageClass": "apis/storage.k8s.io/v1/storageclasses",
    "Route": "apis/route.openshift.io/v1/{}/routes",
}
OF_RELEASES = ("ConfigMap", "Deployment", "Pod", "PodDisruptionBudget", "Secret", "Service", "StatefulSet")
MERGE = "application/merge-patch+json"


class Namespace(NamedTuple):
    """One namespace; `cluster` is the one of scripts/cluster.py. Methods answer with the API's own JSON."""

    cluster: Any
    name: str

    def __str__(self) -> str:
        return self.name

    def path(self, kind: str, name: str = "", *below: str, **query: str) -> str:
        """The path of a kind or of one object, such as its `status`, with a query."""
        path = "/" + "/".join(
            part for part in (RESOURCES[kind].format(f"namespaces/{self.name}"), name, *below) if part
        )
        return path + "?" + "&".join(f"{key}={text}" for key, text in query.items()) if query else path

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """One object as it is, or None."""
        status, found = self.cluster.request("GET", self.path(kind, name))
        return found if status == 200 else None

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind."""
        return self.cluster.request("GET", self.path(kind))[1]["items"]

    def create(self, value: dict[str, Any], **query: str) -> tuple[int, Any]:
        """Ask for a new object: the HTTP status and the object, or the API's refusal."""
        return self.cluster.request("POST", self.path(value["kind"], **query), value)

    def replace(self, value: dict[str, Any], **query: str) -> tuple[int, Any]:
        """Ask for an object to become what `value` says (HTTP PUT)."""
        return self.cluster.request("PUT", self.path(value["kind"], value["metadata"]["name"], **query), value)

    def patch(self, kind: str, name: str, value: dict[str, Any], *below: str, **query: str) -> tuple[int, Any]:
        """Ask for a merge patch of an object, or of what is `below` it, such as `status`."""
        path = self.path(kind, name, *below, **query)
        return self.cluster.request("PATCH", path, value, content=MERGE)

    def delete(self, kind: str, name: str) -> int:
        """Delete an object at once: the HTTP status."""
        return self.cluster.request("DELETE", self.path(kind, name, gracePeriodSeconds="0"))[0]

    def versions(self, *kinds: str) -> dict[tuple[str, str], str]:
        """The resource version of every object of these kinds (of a release's, if none is named)."""
        return {
            (kind, item["metadata"]["name"]): item["metadata"]["resourceVersion"]
            for kind in kinds or OF_RELEASES
            for item in self.all(kind)
        }

    def stored(self, release: str) -> list[int]:
        """The revisions that Helm has stored of a release, in their order."""
        names = [item["metadata"]["name"] for item in self.all("Secret") if item.get("type") == "helm.sh/release.v1"]
        prefix = f"sh.helm.release.v1.{release}.v"
        return sorted(int(name.removeprefix(prefix)) for name in names if name.startswith(prefix))

    # --- what controllers would say -----------------------------------------------------------------------

    def settle(self) -> None:
        """Say of everything what controllers say when all is well: ready, and with an address."""
        for deployment in self.all("Deployment"):
            self._add_replica_set(deployment)
        for kind in ("StatefulSet", "Deployment", "ReplicaSet"):
            for item in self.all(kind):
                wanted = _ready(kind, item)
                if wanted != {key: item.get("status", {}).get(key) for key in wanted}:
                    self.patch(kind, item["metadata"]["name"], {"status": wanted}, "status")
        for number, item in enumerate(self.all("Service"), 10):
            if item["spec"]["type"] == "LoadBalancer" and not item["status"]["loadBalancer"]:
                self.give_address(item["metadata"]["name"], ip=f"192.0.2.{number}")

    def _add_replica_set(self, deployment: dict[str, Any]) -> None:
        """Make the ReplicaSet that Helm 3 looks for; one more for each new template."""
        spec, metadata = deployment["spec"], deployment["metadata"]
        name = f"{metadata['name']}-{hashlib.sha256(repr(spec['template']).encode()).hexdigest()[:8]}"
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "controller": True, "blockOwnerDeletion": True}
        owner |= {key: metadata[key] for key in ("name", "uid")}
        status, told = self.create(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": name,
                    "labels": spec["template"]["metadata"]["labels"],
                    "ownerReferences": [owner],
                },
                "spec": {key: spec[key] for key in ("replicas", "selector", "template")},
            }
        )
        assert status in (201, 409), told

    @contextlib.contextmanager
    def settling(self) -> Iterator[None]:
        """Keep everything settled while the block runs, for a `helm --wait`."""
        done = threading.Event()

        def keep() -> None:
            while not done.wait(0.1):
                self.settle()

        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def give_address(self, service: str, **ingress: str) -> None:
        """Give a LoadBalancer Service its address, as its controller would: `ip=` or `hostname=`; none takes it."""
        value = {"status": {"loadBalancer": {"ingress": [ingress] if ingress else None}}}
        status, told = self.patch("Service", service, value, "status")
        assert status == 200, told

    def add_pods(self, statefulset: str, *, ready: bool = True) -> list[str]:
        """Make the pods of a StatefulSet, as its controller would, ready or not; their names."""
        found = self.get("StatefulSet", statefulset)
        assert found is not None
        template = found["spec"]["template"]
        containers = [{key: item[key] for key in ("name", "image")} for item in template["spec"]["containers"]]
        names = [f"{statefulset}-{ordinal}" for ordinal in range(found["spec"]["replicas"])]
        for name in names:
            labels = template["metadata"]["labels"] | {"statefulset.kubernetes.io/pod-name": name}
            metadata = {"name": name, "labels": labels, "annotations": template["metadata"].get("annotations", {})}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}
            status, told = self.create(pod)
            assert status == 201, told
            self.set_ready(name, ready=ready)
        return names

    def set_ready(self, pod: str, *, ready: bool) -> None:
        """Say of a pod what its kubelet would: running, and ready or not."""
        condition = {"type": "Ready", "status": str(ready)}
        status, told = self.patch("Pod", pod, {"status": {"phase": "Running", "conditions": [condition]}}, "status")
        assert status == 200, told


def _ready(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """The status of a workload whose pods are all there, of the newest template, and ready."""
    replicas = item["spec"]["replicas"]
    status = {
        "observedGeneration": item["metadata"]["generation"],
        **dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), replicas),
    }
    if kind == "ReplicaSet":
        return status
    status["updatedReplicas"] = replicas
    if kind == "StatefulSet":
        return status | dict.fromkeys(("currentRevision", "updateRevision"), "all-pods")
    return status | {
        "conditions": [
            {"type": "Available", "status": "True"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        ]
    }
