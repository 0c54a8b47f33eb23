"""Names that are known only when Helm renders, written as templates that the chart evaluates.

facts: `{$tplYaml: TEXT}` anywhere in the values is evaluated by the chart, and `{$tplYamlSpread: TEXT}` put into the
map or list around it, if it is the only key (run with charts 1.2.11 to 2.14.2). The chart's values document shows
`nats.fullname` and `nats.labels` in them; UPGRADING.md recommends such names for objects.
"""

from __future__ import annotations

import json
from typing import Any

from natsvalues.records import NamedTuple

EVALUATE = "$tplYaml"
SPREAD = "$tplYamlSpread"
TEMPLATE_KEYS = frozenset((EVALUATE, SPREAD))
ANY_RELEASE = "any-release"
"""The release's name in a rendering that stands for a release of any name; it must not contain `nats`."""
ANY_NAMESPACE = "any-namespace"


class Names(NamedTuple):
    """What the chart's own templates give in one rendering: `nats.fullname`, `nats.labels`, `nats.selectorLabels`."""

    fullname: str
    labels: dict[str, Any]
    selector: dict[str, Any]


def templated(value: Any, names: Names) -> Any:
    """The value in the form of the chart's values: names and labels of the release as templates."""
    if isinstance(value, list):
        return [templated(item, names) for item in value]
    if isinstance(value, str):
        return _templated_text(value, names)
    if not isinstance(value, dict):
        return value
    for template, group in (("nats.labels", names.labels), ("nats.selectorLabels", names.selector)):
        if group.items() <= value.items():
            rest = {key: item for key, item in value.items() if key not in group}
            call = f'{{{{ include "{template}" $ }}}}'
            return {"natsvalues": {SPREAD: call}, **templated(rest, names)} if rest else {EVALUATE: call}
    return {key: templated(item, names) for key, item in value.items()}


def _templated_text(text: str, names: Names) -> Any:
    """The text, with a template in the place of each name that differs from release to release."""
    templates = {ANY_RELEASE: "{{ .Release.Name }}", ANY_NAMESPACE: "{{ .Release.Namespace }}"}
    if ANY_RELEASE in names.fullname:  # first, as the release's name is part of it
        templates = {names.fullname: '{{ include "nats.fullname" $ }}', **templates}
    if not any(name in text for name in templates):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    for name, template in templates.items():
        quoted = quoted.replace(name, template)
    return {EVALUATE: quoted}
