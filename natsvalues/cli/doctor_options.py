"""The options of `natsvalues doctor`."""

from __future__ import annotations

from natsvalues.records import NamedTuple

RELEASE = "nats"
FORMATS = ("text", "json", "sarif", "junit", "github", "markdown", "html")


class DoctorOptions(NamedTuple):
    """The options of `doctor`. `every` is None without --watch; `looks` is 0 for no end."""

    contexts: str
    namespace: str
    release: str
    kubeconfig: str | None
    overlays: str | None
    bundle: str | None
    collect: str | None
    formats: tuple[str, ...]
    fail_on: str
    every: float | None = None
    looks: int = 0
    clouds: bool = False
