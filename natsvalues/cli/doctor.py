"""`natsvalues doctor`: look at live regions, or into a bundle, and report what is effective."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from natsvalues.cli.doctor_options import FORMATS
from natsvalues.cli.edge import guarded
from natsvalues.cli.lint import THRESHOLDS
from natsvalues.cli.outputs import Output, outputs, require_known, write
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.phases import waiting
from natsvalues.cli.rehearse_clusters import sites_of
from natsvalues.cli.rehearse_options import ClusterOptions
from natsvalues.cli.state import Run
from natsvalues.cli.streams import read_stream, write_message
from natsvalues.doctor.examination import Examination, examine
from natsvalues.doctor.gathering import gather
from natsvalues.errors import EXIT_GATE, EXIT_OK
from natsvalues.outside.contexts import contexts_in
from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plans
from natsvalues.report.bundle import bundle_text, read_bundle, without_its_secrets

if TYPE_CHECKING:
    from natsvalues.cli.doctor_options import DoctorOptions
    from natsvalues.doctor.seen import Seen
    from natsvalues.overlays.folder import Overlays


def run_doctor(options: DoctorOptions) -> int:
    """Look, judge and report; exit code 4 if a finding reaches the threshold, or a region cannot be read."""
    return guarded(Run(), lambda: _doctor(options))


def _doctor(options: DoctorOptions) -> int:
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of connections that servers close
    requested = outputs(options.formats, FORMATS)
    require_known("--fail-on", options.fail_on, THRESHOLDS)
    overlays = load(overlays_folder(options.overlays)) if options.overlays else None
    if options.every is not None:
        from natsvalues.cli.doctor_watch import watch  # seldom used

        return watch(lambda: _examined(_record(options), overlays), options.every, options.looks, options.fail_on)
    seen = _record(options)
    if options.collect is not None:
        write([Output(options.collect, bundle_text(seen))])
        places = ", ".join(region.name for region in seen.regions)
        write_message(f"wrote what was seen of {places} to {options.collect}; it has no secrets\n")
        return EXIT_OK
    examination = _examined(seen, overlays)
    write([Output(file, formatted(examination, name, options.fail_on)) for name, file in requested])
    return EXIT_GATE if examination.fails(options.fail_on) else EXIT_OK


def _examined(seen: Seen, overlays: Overlays | None) -> Examination:
    return examine(seen, overlays, plans(overlays) if overlays is not None else None)


def _record(options: DoctorOptions) -> Seen:
    """The record, without secrets: whatever is judged and reported comes from it."""
    if options.bundle is not None:
        return read_bundle(read_stream(options.bundle), options.bundle)
    given = ClusterOptions(options.contexts, options.namespace, options.release, options.kubeconfig, "")
    sites = sites_of(given, contexts_in(options.kubeconfig))
    with waiting(f"looking at {', '.join(sites)}"):
        return without_its_secrets(asyncio.run(gather(sites, options.kubeconfig, clouds=options.clouds)))


def formatted(examination: Examination, name: str, threshold: str) -> str:
    """One report."""
    if name == "json":
        from natsvalues.report.doctor_json import doctor_json

        return doctor_json(examination)
    if name == "html":
        from natsvalues.report.doctor_html import doctor_html

        return doctor_html(examination)
    if name == "markdown":
        from natsvalues.report.doctor_markdown import doctor_markdown

        return doctor_markdown(examination)
    if name == "sarif":
        from natsvalues.report.sarif import sarif

        return sarif(examination.report)
    if name == "github":
        from natsvalues.report.findings_github import findings_github

        return findings_github(examination.report)
    if name == "junit":
        from natsvalues.report.doctor_junit import doctor_junit

        return doctor_junit(examination, threshold)
    from natsvalues.report.doctor_text import doctor_text

    return doctor_text(examination)
