"""`natsvalues providers`: the load-balancer profiles."""

from __future__ import annotations

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run
from natsvalues.cli.streams import write_output
from natsvalues.errors import EXIT_OK
from natsvalues.providers import load, names
from natsvalues.report.providers import details, listing


def providers(name: str | None) -> int:
    """List all profiles, or print one with its inputs, options and caveats."""

    def work() -> int:
        text = listing([load(profile) for profile in names()]) if name is None else details(load(name))
        write_output(text)
        return EXIT_OK

    return guarded(Run(), work)
