"""Ask helm. Which helm: HELM_BIN (helm sets it for its plugins), else `helm` on PATH."""

from __future__ import annotations

import json
import os
import subprocess

from natsvalues.errors import NatsvaluesError

SECONDS = 60


def helm(*arguments: str) -> str:
    """Run helm and return its standard output. Raises NatsvaluesError with helm's own words."""
    program = os.environ.get("HELM_BIN") or "helm"
    try:
        done = subprocess.run(  # the user's helm, with arguments of ours
            [program, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        raise NatsvaluesError("NV-H001", f"`{program}` is not on PATH", hint="install helm, or set HELM_BIN") from None
    except subprocess.TimeoutExpired:
        raise NatsvaluesError(
            "NV-H002", f"`helm {arguments[0]}` did not answer within {SECONDS} s", hint="check the cluster's address"
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        reason = said[-1] if said else "no reason given"
        hint = "for a first installation leave --prior out" if reason.endswith("release: not found") else ""
        raise NatsvaluesError("NV-H003", f"`helm {' '.join(arguments[:2])}` failed: {reason}", hint=hint)
    return done.stdout


def manifest_of(release: str, namespace: str | None = None) -> str:
    """The stored manifest of `[NAMESPACE/]NAME[@REVISION]`; the namespace given there wins.

    Without a revision it is the deployed one, from which Helm itself works out what to change: the newest may be one
    that failed, of which nobody knows how much the cluster has.
    """
    place, _, revision = release.partition("@")
    stated, _, name = place.rpartition("/")
    namespace = stated or namespace
    options = ["--namespace", namespace] if namespace else []
    revision = revision or _deployed(helm("history", name, "--output", "json", *options))
    return helm("get", "manifest", name, "--revision", revision, *options)


def _deployed(history: str) -> str:
    """The last revision that is deployed; the last of all where none is, as after a first install that failed."""
    revisions = json.loads(history)
    deployed = [item["revision"] for item in revisions if item["status"] == "deployed"]
    return str((deployed or [item["revision"] for item in revisions])[-1])
