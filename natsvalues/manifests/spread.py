"""Whether something keeps the pods of a StatefulSet on different nodes, or in different zones.

facts (Kubernetes documentation, "Pod Topology Spread Constraints" and "Assigning Pods to Nodes"): a constraint or an
anti-affinity term counts the pods that its labelSelector matches; one without a selector matches none. DoNotSchedule
allows up to maxSkew pods more in one place than in another, and prefers no place. Of pods without any constraint the
scheduler only prefers to keep those of a StatefulSet apart, weighed against everything else that it prefers. Pods with
the same host port cannot run on one node.
"""

from __future__ import annotations

from typing import Any

from natsvalues.manifests.chart import mappings

ZONE = "topology.kubernetes.io/zone"


def is_spread(pod: dict[str, Any], labels: dict[str, Any], replicas: int, over: str = "") -> bool:
    """Whether the spec of a pod template keeps pods with these labels apart, strictly or as a stated preference.

    `over` is the label of the nodes that tells the places apart, such as ZONE; empty: on nodes, or further apart.
    """
    ports = [port for container in mappings(pod.get("containers")) for port in mappings(container.get("ports"))]
    if not over and ports and (pod.get("hostNetwork") is True or any(port.get("hostPort") for port in ports)):
        return True
    constraints = [item for item in mappings(pod.get("topologySpreadConstraints")) if _is_over(item, over)]
    if any(_limits(item, replicas) and matches(item.get("labelSelector"), labels) for item in constraints):
        return True
    rules = (pod.get("affinity") or {}).get("podAntiAffinity") or {}
    preferred = mappings(rules.get("preferredDuringSchedulingIgnoredDuringExecution"))
    terms = mappings(rules.get("requiredDuringSchedulingIgnoredDuringExecution"))
    terms += mappings([item.get("podAffinityTerm") for item in preferred])
    return any(_is_over(term, over) and matches(term.get("labelSelector"), labels) for term in terms)


def _is_over(item: dict[str, Any], label: str) -> bool:
    return not label or item.get("topologyKey") == label


def _limits(constraint: dict[str, Any], replicas: int) -> bool:
    """Whether a constraint has an effect on so many pods: one that allows all of them in one place has none."""
    skew = constraint.get("maxSkew")
    if constraint.get("whenUnsatisfiable") == "ScheduleAnyway":
        return True
    return not isinstance(skew, int) or skew < replicas


def matches(selector: Any, labels: dict[str, Any]) -> bool:
    """Whether a label selector matches; an empty one matches all, a missing one none."""
    if not isinstance(selector, dict):
        return False
    wanted = selector.get("matchLabels")
    if isinstance(wanted, dict) and any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_agrees(item, labels) for item in mappings(selector.get("matchExpressions")))


def _agrees(expression: dict[str, Any], labels: dict[str, Any]) -> bool:
    """Whether the labels agree with one expression; with an operator that Kubernetes does not know, they do not."""
    key, listed = expression.get("key"), expression.get("values")
    values = listed if isinstance(listed, list) else []
    answers = {
        "In": key in labels and labels[key] in values,
        "NotIn": key not in labels or labels[key] not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return answers.get(str(expression.get("operator")), False)
