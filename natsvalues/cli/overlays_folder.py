"""The folder of overlays that a command reads: the one place where the environment and the directory are looked at."""

from __future__ import annotations

import os

from natsvalues.overlays.folder import locate


def overlays_folder(given: str | None) -> str:
    """The folder `given`, else NATSVALUES_OVERLAYS, else `charts/overlays` here or above. Raises NV-O002 if missing."""
    return locate(given, dict(os.environ), os.getcwd())


def is_named(given: str | None) -> bool:
    """Whether the user named a folder, so that a missing one is an error."""
    return bool(given or os.environ.get("NATSVALUES_OVERLAYS"))
