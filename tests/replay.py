"""Throw-away charts that render a stored rendering again, so that real helm runs on it.

A post-renderer sees what helm makes of a chart. The upstream chart is not at hand everywhere, but its stored
renderings are: cut into documents, each becomes a template that says just itself.
"""

from __future__ import annotations

import json
import os
import re

_FILENAME = r"postrenderer\.helm\.sh/postrender-filename: '([^']+)'"
# How a document tells its template: Helm 3's comment, then Helm 4's annotation in flow style, as the only
# one in its block, or among others. What is matched is taken out; helm puts it in again.
MARKS = (
    re.compile(r"^# Source: (\S+)\n", re.MULTILINE),
    re.compile(rf", annotations: \{{{_FILENAME}\}}"),
    re.compile(rf"\n  annotations:\n    {_FILENAME}(?!\n    )"),
    re.compile(rf"\n    {_FILENAME}"),
)


def write_chart(rendering: str, folder: str) -> str:
    """Write a chart into `folder` that renders the documents of the file `rendering`; return its path.

    Templates and subcharts get the names that the rendering tells (`# Source:`, or the annotation that
    Helm 4 gives a post-renderer), so helm tells the same names again. Namespaces and hooks stay in place;
    the release name is in the documents, whatever name the chart is rendered under.
    """
    with open(rendering, encoding="utf-8") as file:
        documents = re.split(r"^---[ \t]*\n", file.read(), flags=re.MULTILINE)
    templates: dict[str, list[str]] = {}
    for document in filter(str.strip, documents):
        path, text = _named(document)
        templates.setdefault(path, []).append(text)
    root = next(iter(templates)).split("/", 1)[0]
    for path, texts in templates.items():
        if path.split("/", 1)[0] != root:
            raise ValueError(f"{rendering}: documents of two charts, {root} and {path}")
        chart, _, _ = path.partition("/templates/")
        _write(folder, f"{chart}/Chart.yaml", _metadata(chart))
        _write(folder, path, "---\n".join(_literally(text) for text in texts))
    _write(folder, f"{root}/Chart.yaml", _metadata(root))  # an umbrella may have no template of its own
    return os.path.join(folder, root)


def write_plugin(plugins: str, name: str, command: str, *args: str) -> str:
    """Install `command` as a Helm 4 post-renderer plugin; return the plugin's name."""
    plugin = {
        "apiVersion": "v1",
        "type": "postrenderer/v1",
        "name": name,
        "version": "0.1.0",
        "runtime": "subprocess",
        "runtimeConfig": {"platformCommand": [{"command": command, "args": list(args)}]},
    }
    _write(plugins, f"{name}/plugin.yaml", json.dumps(plugin))
    return name


def _named(document: str) -> tuple[str, str]:
    """Return the template path of a document, and the document without the mark that told it."""
    for mark in MARKS:
        found = mark.search(document)
        if found:
            return found[1], document[: found.start()] + document[found.end() :]
    raise ValueError(f"a document names no template: {document[:80]!r}")


def _literally(text: str) -> str:
    """Escape what helm would read as the start of an action."""
    return re.sub(r"\{\{", '{{ "{{" }}', text)


def _metadata(chart: str) -> str:
    name = chart.rsplit("/", 1)[-1]
    return json.dumps({"apiVersion": "v2", "name": name, "version": "0.0.0", "description": "a replay"})


def _write(folder: str, path: str, text: str) -> None:
    target = os.path.join(folder, *path.split("/"))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
