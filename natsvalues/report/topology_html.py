"""The supercluster as one HTML page: the picture, and the findings of each region below it. No script, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from natsvalues.report.topology_svg import headline, outages, topology_svg

if TYPE_CHECKING:
    from natsvalues.lint.rule import Finding
    from natsvalues.lint.topology import Node, Topology

HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ --back: #fff; --ink: #1f2328; --dim: #59636e; --edge: #d1d9e0;
  --error: #b3261e; --warning: #8a5300; --note: #0550ae }}
@media (prefers-color-scheme: dark) {{ :root {{ --back: #0d1117; --ink: #e6edf3; --dim: #9198a1; --edge: #3d444d;
  --error: #ff8e85; --warning: #e3b341; --note: #79c0ff }} }}
body {{ margin: 0 auto; max-width: 1600px; padding: 16px; background: var(--back); color: var(--ink);
  font: 14px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif }}
svg {{ display: block; margin: 0 auto; max-width: 100%; height: auto }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border-top: 1px solid var(--edge); padding: 6px 10px 6px 0; text-align: left; vertical-align: top }}
code {{ font: 12px ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }}
.dim {{ color: var(--dim) }} .error {{ color: var(--error) }} .warning {{ color: var(--warning) }}
.note {{ color: var(--note) }}
</style>
</head>
<body>
"""
"""The beginning of a page, with its `title`."""


def topology_html(picture: Topology) -> str:
    """The whole page."""
    parts = [HEAD.format(title=escape(headline(picture))), topology_svg(picture)]
    parts += [f"<p>{escape(f'{failure.message}; {failure.remedy}')}</p>\n" for failure in outages(picture)]
    parts += [_region(node) for node in picture.nodes if node.findings]
    return "".join([*parts, "</body>\n</html>\n"])


def _region(node: Node) -> str:
    rows = "".join(finding_row(finding) for finding in node.findings)
    head = "<tr><th>Rule<th>What and where<th>What to do</tr>\n"
    return f"<h2>{escape(node.name)}</h2>\n<table>\n{head}{rows}</table>\n"


def finding_row(finding: Finding) -> str:
    """A row of a table: the rule, what and where, what to do."""
    rule = finding.rule
    return (
        f'<tr><td class="{finding.severity}">{finding.severity} <code>{rule.id}</code><br>{rule.name}'
        f'<td>{escape(finding.message)}<br><code class="dim">{escape(str(finding.where[0]))}</code>'
        f"<td>{escape(rule.remedy)}</tr>\n"
    )
