"""The contexts of the kubeconfig, as kubectl itself reads it."""

from __future__ import annotations

from natsvalues.outside import user_programs
from natsvalues.outside.commands import json_of, patience, run


def contexts_in(kubeconfig: str | None) -> dict[str, str]:
    """The contexts of the kubeconfig, as kubectl reads it, and the namespace of each; empty for none stated.

    Raises NatsvaluesError if kubectl is not there, or cannot read it.
    """
    command = [user_programs.kubectl(), "config", "view", "--output=json"]
    command += [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
    try:
        done = run(command, seconds=patience())
    except TimeoutError:
        raise user_programs.failed(command, "no end") from None
    if done.code:
        raise user_programs.failed(command, done.err.strip() or "no reason given")
    content = json_of(done.out, "kubectl config view")
    items = content.get("contexts") if isinstance(content, dict) else None
    return {str(item["name"]): str(item["context"].get("namespace") or "") for item in items or ()}
