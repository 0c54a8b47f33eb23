"""`--prior`: the release that a rendering is compared with, from a file, from helm, or from the helm that called us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.cli.light import PRIOR_AUTO, PRIOR_NONE
from natsvalues.cli.streams import read_stream
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.release import Release
from natsvalues.records import NamedTuple
from natsvalues.supercluster.kept import NOTHING_KEPT, Kept

if TYPE_CHECKING:
    from natsvalues.cli.helm_command import HelmCommand
    from natsvalues.cli.stored import Current
    from natsvalues.overlays.pipeline import Result

RELEASE = "release:"


class Prior(NamedTuple):
    """The prior release, the other revisions that Helm keeps of it, and where it was read.

    `report` is that for the state file; `stored` is None for a file.
    """

    release: Release
    kept: Kept
    report: dict[str, Any]
    stored: Current | None = None

    @property
    def is_uninstalled(self) -> bool:
        """Whether its objects are gone, apart from the volume claims (helm uninstall --keep-history)."""
        return self.report.get("status") == "uninstalled"


FIRST = Prior(Release("", "nothing"), NOTHING_KEPT, {})
"""What a first installation is compared with."""


def prior_release(given: str | None, result: Result) -> Prior | None:
    """The prior release, from a file or from `release:[NAMESPACE/]NAME[@REVISION]`; by itself that which helm upgrades.

    None if nothing shall be compared: without a helm that calls, under `helm template`, with `none`.
    Raises NatsvaluesError if it cannot be read or is empty.
    """
    if given == PRIOR_NONE:
        return None
    if given in (None, PRIOR_AUTO):
        return _upgraded()
    if given.startswith(RELEASE):
        return _release_named(given, result)
    return _filled(Prior(Release(read_stream(given), given), NOTHING_KEPT, {"label": given, "file": given}))


def is_automatic(given: str | None) -> bool:
    """Whether nobody asked for this comparison, so that it stops nothing where it cannot be made."""
    return given in (None, PRIOR_AUTO)


def _upgraded() -> Prior | None:
    """The release that the helm that called us upgrades, or installs anew with `--replace`; None if there is none."""
    from natsvalues.cli.helm_command import helm_command

    command = helm_command()
    if command is None or command.verb not in ("install", "upgrade"):
        return None  # `helm template` asks no cluster
    from natsvalues.cli.stored import current

    stored = current(command.names[0], command.words.cluster) if _may_exist(command) else None
    return _of(stored) if stored is not None else FIRST


def _may_exist(command: HelmCommand) -> bool:
    """Whether the release of helm's command may be there already.

    facts: helm installs over nothing but a release that was uninstalled or failed, and that only with `--replace`.
    """
    if len(command.names) < 2:  # noqa: PLR2004 - a release and a chart
        return False
    return command.verb == "upgrade" or (command.words.has("replace") and not command.words.has("dry-run"))


def _release_named(given: str, result: Result) -> Prior:
    from natsvalues.cli.helm_command import helm_command
    from natsvalues.cli.stored import current, place_of
    from natsvalues.outside.helm import reference

    command = helm_command()
    name, options = reference(given.removeprefix(RELEASE))
    if command is not None:
        options = [*command.words.cluster, *options]  # of two namespaces helm takes the last
    elif "--namespace" not in options and result.nats.namespace:
        options += ["--namespace", result.nats.namespace]
    stored = current(name, options)
    if stored is None:
        raise NatsvaluesError(
            "NV-P005",
            f"helm finds no release `{given.removeprefix(RELEASE)}` in {place_of(options)}",
            where=(Where(given),),
            hint="for a first installation remove --prior: under helm the release that is upgraded is compared by "
            "itself;\nhelm list --all-namespaces lists the releases",
        )
    return _filled(_of(stored))


def _of(stored: Current) -> Prior:
    release = stored.release
    report = {
        "label": stored.label,
        "context": stored.context or None,
        "namespace": release.namespace,
        "release": release.name,
        "revision": release.revision,
        "status": release.status,
    }
    return Prior(Release(release.manifest, stored.label), stored.kept, report, stored)


def _filled(prior: Prior) -> Prior:
    if prior.release.is_empty:
        raise NatsvaluesError(
            "NV-P002",
            "the prior release is empty, so there is nothing to compare with",
            where=(Where(prior.release.file),),
            hint="for a first installation remove --prior",
        )
    return prior
