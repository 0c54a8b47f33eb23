"""The report of the last run, kept in a file because Helm 4 throws a post-renderer's standard error away."""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import TYPE_CHECKING, Any

from natsvalues import __version__
from natsvalues.errors import ManyErrors, NatsvaluesError, Where
from natsvalues.files import content
from natsvalues.report.json_v1 import changes, notice, problem

if TYPE_CHECKING:
    from natsvalues.overlays.pipeline import Result

FORMAT = 1


class Run:
    """The overlays, the region, and the prior release that was compared, as soon as they are known."""

    def __init__(self) -> None:
        self.overlays: str | None = None
        self.region: str | None = None
        self.prior: dict[str, Any] | None = None

    def _report(self, outcome: str, **more: Any) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "natsvalues": __version__,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "directory": _directory(),
            "overlays": self.overlays,
            "region": self.region,
            "prior": self.prior,
            "outcome": outcome,
            **more,
        }

    def succeeded(self, result: Result) -> dict[str, Any]:
        """The report of a run that succeeded."""
        return self._report(
            "ok",
            stage=result.plan.region.stage,
            changes=changes(result),
            notices=[notice(item) for item in result.notices],
        )

    def failed(self, error: NatsvaluesError) -> dict[str, Any]:
        """The report of a run that ended with an expected failure."""
        errors = error.errors if isinstance(error, ManyErrors) else (error,)
        return self._report("error", errors=[problem(item) for item in errors])

    def crashed(self, error: Exception) -> dict[str, Any]:
        """The report of a bug: where it happened, without values, which could be secret."""
        import traceback  # costs 5 ms, for a bug only

        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        return self._report("bug", error=type(error).__name__, trace=frames)


def _directory() -> str | None:
    """The working directory; None if it was deleted."""
    try:
        return os.getcwd()
    except OSError:
        return None


def state_file() -> str:
    """The path of the report: under XDG_STATE_HOME, LOCALAPPDATA or ~/.local/state."""
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    base = base or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "natsvalues", "last.json")


def remember(report: dict[str, Any]) -> str | None:
    """Write the report, all or nothing; return its path, or None if it cannot be written."""
    path = state_file()
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        temporary = f"{path}.{os.getpid()}"  # tempfile costs 8 ms at import
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(json.dumps(report))  # without indentation: that is the fast encoder
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(f"{path}.{os.getpid()}")
        return None  # a read-only home must not fail a render
    return path


def recall() -> dict[str, Any]:
    """The report of the last run. Raises NatsvaluesError: NV-S001 if there is none, NV-F013 for something else."""
    path = state_file()
    try:
        report: Any = json.loads(content(path))
    except NatsvaluesError as error:
        if os.path.lexists(path):
            raise
        raise NatsvaluesError(
            "NV-S001", f"no report of an earlier run in {path}", hint="every post-render run writes one there"
        ) from error
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict):
        raise unknown_report()
    return report


def unknown_report() -> NatsvaluesError:
    """The error for a report that this version did not write; it stays as it is."""
    return NatsvaluesError(
        "NV-F013",
        f"not the report of a run, format {FORMAT}",
        where=(Where(state_file()),),
        hint="it was left as it is; the next post-render run writes another one",
    )
