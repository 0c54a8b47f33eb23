"""`natsvalues topology`: draw the supercluster, with the findings of lint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.lint_inputs import Inputs, subject
from natsvalues.cli.outputs import Output, outputs, write
from natsvalues.cli.state import Run
from natsvalues.errors import EXIT_OK
from natsvalues.lint.linter import lint
from natsvalues.lint.topology import topology

if TYPE_CHECKING:
    from natsvalues.lint.topology import Topology

FORMATS = ("svg", "mermaid", "html")


def run_topology(inputs: Inputs, formats: tuple[str, ...]) -> int:
    """Draw in each format."""

    def work() -> int:
        requested = outputs(formats, FORMATS)
        picture = topology(lint(subject(inputs)))
        write([Output(file, _drawn(picture, name)) for name, file in requested])
        return EXIT_OK

    return guarded(Run(), work)


def _drawn(picture: Topology, name: str) -> str:
    if name == "mermaid":
        from natsvalues.report.topology_mermaid import topology_mermaid as draw
    elif name == "html":
        from natsvalues.report.topology_html import topology_html as draw
    else:
        from natsvalues.report.topology_svg import topology_svg as draw
    return draw(picture)
