"""Read live objects with kubectl: KUBECTL, else `kubectl` on PATH. Only `get`, never anything that changes."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from natsvalues.errors import NatsvaluesError
from natsvalues.outside.commands import absent, json_of, patience, run, strange
from natsvalues.text.messages import message_without_secrets

# Helm's options and the kubectl options they correspond to; helm passes them to its plugins in variables.
_OPTIONS = {
    "kube-context": "--context",
    "kubeconfig": "--kubeconfig",
    "namespace": "--namespace",
    "kube-apiserver": "--server",
    "kube-as-user": "--as",
    "kube-as-group": "--as-group",
    "kube-ca-file": "--certificate-authority",
    "kube-tls-server-name": "--tls-server-name",
    "kube-token": "--token",
}
_VARIABLES = {
    "HELM_KUBECONTEXT": "--context",
    "HELM_NAMESPACE": "--namespace",
    "HELM_KUBEAPISERVER": "--server",
    "HELM_KUBEASUSER": "--as",
    "HELM_KUBECAFILE": "--certificate-authority",
    "HELM_KUBETLS_SERVER_NAME": "--tls-server-name",
    "HELM_KUBETOKEN": "--token",
}
KINDS = (
    "services,configmaps,serviceaccounts,statefulsets.apps,deployments.apps,poddisruptionbudgets.policy,"
    "ingresses.networking.k8s.io"
)
"""Kinds that are searched for orphans: those that the chart and natsvalues create, except Secrets."""
_UNKNOWN_KIND = re.compile(r"no matches for kind|the server doesn't have a resource type|ensure CRDs are installed")


def options(pairs: list[tuple[str, str]], namespace: str) -> list[str]:
    """The kubectl options for helm's cluster options (name and value); helm's variables stand in for missing ones."""
    words = [f"{_OPTIONS[name]}={value}" for name, value in pairs if name in _OPTIONS]
    given = {word.partition("=")[0] for word in words}
    for variable, option in _VARIABLES.items():
        if os.environ.get(variable) and option not in given:
            words.append(f"{option}={os.environ[variable]}")
    if namespace and not any(word.startswith("--namespace=") for word in words):
        words.append(f"--namespace={namespace}")
    return words


def live_objects(identities: list[dict[str, Any]], words: list[str]) -> list[dict[str, Any]]:
    """The live objects of these identities (apiVersion, kind, metadata), with who manages their fields.

    What does not exist, and kinds that the cluster does not know, are left out.
    """
    if not identities:
        return []
    stdin = json.dumps({"apiVersion": "v1", "kind": "List", "items": identities})
    return _get(["-f", "-", "--ignore-not-found", *words], stdin)


def made_by_helm(words: list[str]) -> list[dict[str, Any]]:
    """The objects of the namespace that carry helm's label."""
    return _get([KINDS, "--selector=app.kubernetes.io/managed-by=Helm", *words], None)


def _get(words: list[str], stdin: str | None) -> list[dict[str, Any]]:
    program = os.environ.get("KUBECTL") or "kubectl"
    command = [program, "get", *words, "--output=json", "--show-managed-fields"]
    seconds = patience()
    try:
        done = run(command, seconds=seconds, stdin=stdin)
    except FileNotFoundError:
        raise absent(program, "NV-K001", "--live needs kubectl: install it, or set KUBECTL") from None
    except TimeoutError:
        raise NatsvaluesError(
            "NV-K002",
            f"`kubectl get` did not answer within {seconds:g} s",
            hint="check the cluster's address; NATSVALUES_HELM_SECONDS gives it more time",
        ) from None
    errors = [line for line in done.err.splitlines() if line.strip() and not _UNKNOWN_KIND.search(line)]
    if done.code and errors:
        raise NatsvaluesError(
            "NV-K003",
            f"`kubectl get` failed: {message_without_secrets(errors[-1])}",
            hint="--live reads the objects of the release: request `get` on them, or leave --live out",
        )
    if not done.out.strip() and (done.code or stdin is not None):
        return []  # of the objects asked for, none exists
    answer = json_of(done.out, "kubectl get")
    if not isinstance(answer, dict):
        raise strange("kubectl get", "an object or a list of objects is expected")
    items = answer.get("items") if str(answer.get("kind", "")).endswith("List") else [answer]
    return [item for item in (items if isinstance(items, list) else []) if isinstance(item, dict)]
