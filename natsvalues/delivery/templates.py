"""The chart's own templates inside values: what is known only when Helm renders, as a placeholder while we work.

facts: `{$tplYaml: TEXT}` anywhere in the values is evaluated by Helm, and `{$tplYamlSpread: TEXT}` put into the map
or list around it, if it is the only key (run with charts 1.2.11 to 2.14.2). The chart's values document shows
`nats.fullname` and `nats.labels` in them; UPGRADING.md has people name objects so.
"""

from __future__ import annotations

import re
from typing import Any

EVALUATE = "$tplYaml"
SPREAD = "$tplYamlSpread"
TEMPLATE_KEYS = frozenset((EVALUATE, SPREAD))

Labels = dict[str, Any]
FULLNAME = "<nats.fullname>"
_PLACEHOLDER = re.compile(r"<(nats\.(?:fullname|name|chart)|Release\.(?:Name|Namespace|Service)|Chart\.AppVersion)>")
_ACTION = re.compile(
    r"\{\{-?\s*(?:include\s+\"(nats\.\w+)\"\s+[.$]|\$?\.((?:Release|Chart)\.\w+))\s*(?:\|\s*quote\s*)?-?\}\}"
)

SELECTOR: Labels = {
    "app.kubernetes.io/component": "nats",
    "app.kubernetes.io/instance": "<Release.Name>",
    "app.kubernetes.io/name": "<nats.name>",
}
"""The labels by which the chart's Services select its pods: `nats.selectorLabels`."""
LABELS: Labels = {
    **SELECTOR,
    "app.kubernetes.io/managed-by": "<Release.Service>",
    "app.kubernetes.io/version": "<Chart.AppVersion>",
    "helm.sh/chart": "<nats.chart>",
}
"""The labels of the chart's objects, without those of the user: `nats.labels`."""


def evaluated(value: Any, common: Labels) -> Any:
    """The value with each template that names what we know replaced by what it gives; any other stays.

    `common` are the labels that the user gives to all objects, `global.labels`.
    """
    if isinstance(value, list):
        return [evaluated(item, common) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(value.get(EVALUATE), str):
        given = _given(value[EVALUATE], common)
        return value if given is None else given
    result: dict[str, Any] = {}
    for key, item in value.items():
        spread = _given(item[SPREAD], common) if isinstance(item, dict) and isinstance(item.get(SPREAD), str) else None
        if isinstance(spread, dict):
            result.update(spread)
        else:
            result[key] = evaluated(item, common)
    return result


def _groups(common: Labels) -> dict[str, Labels]:
    return {"nats.labels": {**common, **LABELS}, "nats.selectorLabels": SELECTOR}


def _given(text: str, common: Labels) -> Any:
    """What a template gives: a group of labels, or a text with placeholders; None where there is more in it."""
    whole = _ACTION.fullmatch(text.strip())
    if whole is not None and whole[1] in _groups(common):
        return dict(_groups(common)[whole[1]])
    plain = _ACTION.sub(lambda found: f"<{found[1] or found[2]}>", text).strip()
    if "{{" in plain or "\n" in plain or not all(map(_PLACEHOLDER.fullmatch, re.findall(r"<[^>]*>", plain))):
        return None
    return plain[1:-1] if len(plain) > 1 and plain[0] == plain[-1] == '"' else plain


def templated(value: Any, common: Labels) -> Any:
    """The value as it can stand in the chart's values: placeholders as templates that Helm evaluates."""
    if isinstance(value, list):
        return [templated(item, common) for item in value]
    if isinstance(value, str):
        return {EVALUATE: f'"{_PLACEHOLDER.sub(_action, value)}"'} if _PLACEHOLDER.search(value) else value
    if not isinstance(value, dict):
        return value
    for name, group in _groups(common).items():
        if group.items() <= value.items():
            rest = {key: item for key, item in value.items() if key not in group}
            call = f'{{{{ include "{name}" $ }}}}'
            return {"natsvalues": {SPREAD: call}, **templated(rest, common)} if rest else {EVALUATE: call}
    return {key: templated(item, common) for key, item in value.items()}


def _action(found: re.Match[str]) -> str:
    name = found[1]
    return f'{{{{ include "{name}" $ }}}}' if name.startswith("nats.") else f"{{{{ .{name} }}}}"
