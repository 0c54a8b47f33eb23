"""`natsvalues export`: a region's edits as files for kustomize, Flux or Helmfile, which then need no natsvalues."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.outputs import Output, make_folder, write
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.state import Run
from natsvalues.cli.streams import read_stream, write_message, write_output
from natsvalues.delivery import flux, helmfile, kustomize
from natsvalues.delivery.files import marker
from natsvalues.delivery.patches import Export, export
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.files import STANDARD_INPUT
from natsvalues.manifests.chart import INSTANCE_LABEL
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.plan import plan
from natsvalues.records import NamedTuple
from natsvalues.report.redaction import redacted
from natsvalues.report.text import notices
from natsvalues.text.natsconf import read, symbolic
from natsvalues.text.paths import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator


class ExportOptions(NamedTuple):
    """What to export: `rendering` None is standard input; `release` names the HelmRelease, for Flux."""

    form: str
    region: str
    rendering: str | None
    folder: str
    overlays: str | None = None
    release: str | None = None


def run_export(options: ExportOptions) -> int:
    """Write the files, all or none, and return an exit code."""
    return guarded(Run(), lambda: _export(options))


def _export(options: ExportOptions) -> int:
    file = None if options.rendering in (None, "-") else options.rendering
    overlays = load(overlays_folder(options.overlays))
    region_plan = plan(overlays, options.region)
    exported = export(Release(read_stream(file), file or STANDARD_INPUT), region_plan)
    files = _files(options, exported)
    stale = _settle(options, set(files))
    write([Output(os.path.join(options.folder, name), text) for name, text in files.items()])
    for path in stale:
        with contextlib.suppress(OSError):  # an older export's file that nothing names any more
            os.unlink(path)
    result = exported.result._replace(notices=(*exported.result.notices, *_secrets_in_files(exported)))
    write_message(notices(result, level="warning"))
    write_output("".join(f"wrote {os.path.join(options.folder, name)}\n" for name in files))
    return EXIT_OK


def _files(options: ExportOptions, exported: Export) -> dict[str, str]:
    if options.form == flux.FORM:
        labels = exported.result.nats.statefulset.metadata.get("labels") or {}
        return flux.files(
            exported, options.region, options.release or str(labels.get(INSTANCE_LABEL) or exported.result.nats.name)
        )
    if options.form == helmfile.FORM:
        return helmfile.files(exported, options.region, os.path.normpath(options.folder))
    return kustomize.files(exported, options.region)


def _secrets_in_files(exported: Export) -> Iterator[Notice]:
    """A warning if the files contain a secret: a rendering goes to the cluster, but these files go to a repository."""
    texts = [
        operation["value"]
        for patch in exported.patches
        for operation in patch.operations
        if operation["path"] == pointer(("data", exported.result.nats.config_key))
    ]
    for settings in (symbolic(read(text)) for text in texts):
        if redacted(settings) != settings:
            yield Notice(
                "warning",
                "nats.conf has a secret in plain text, and these files have all of nats.conf",
                (exported.result.release.where(exported.result.nats.config_map.line, "data"),),
                "keep it in a Secret, set it as an environment variable of the container, and write $VARIABLE in\n"
                "nats.conf; do not commit these files",
            )
            return


def _settle(options: ExportOptions, names: set[str]) -> list[str]:
    """Create the folders; returns the files of an earlier export that this one does not write.

    Raises NatsvaluesError for an existing file that no export of this form and region wrote.
    """
    mark = marker(options.form, options.region)
    foreign: list[str] = []
    stale: list[str] = []
    for path in _existing(options.folder):
        ours = _first_line(path).startswith(mark)
        wanted = os.path.relpath(path, options.folder).replace(os.sep, "/") in names
        if wanted and not ours:
            foreign.append(path)
        elif ours and not wanted:
            stale.append(path)
    if foreign:
        raise NatsvaluesError(
            "NV-F004",
            "a file of this name exists, and no such export wrote it",
            where=tuple(Where(path, 1) for path in foreign),
            hint="use a separate folder for each region and form; an export replaces only files that start with\n"
            + mark.strip(),
        )
    for name in names:
        make_folder(os.path.dirname(os.path.join(options.folder, name)))
    return stale


def _existing(folder: str) -> list[str]:
    """The files of a folder and of those in it; none if it is not there."""
    return sorted(os.path.join(root, name) for root, _, names in os.walk(folder) for name in names)


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline()
    except OSError:
        return ""
