"""The report of `values` on standard error: each value that it sets, the user's value before, and the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.report.json_v1 import notice
from natsvalues.report.plain_values import plain
from natsvalues.report.redaction import redacted
from natsvalues.report.text import notice_text
from natsvalues.text.paths import dotted
from natsvalues.text.secret_variables import secret_variables
from natsvalues.text.secrets import Hiding
from natsvalues.text.yamledit import same
from natsvalues.text.yamlwrite import flow

if TYPE_CHECKING:
    from natsvalues.delivery.sections import Setting
    from natsvalues.delivery.values import RegionValues
    from natsvalues.overlays.plan import Plan

_SHORT = 120
_ABSENT = object()


def values_text(plan: Plan, region: RegionValues, given: dict[str, Any]) -> str:
    """Every setting under its reason, overridden ones with the user's value; then the notices. No secret in it."""
    title = f"region {plan.region.name} of {plan.supercluster.name}: stage {plan.region.stage}"
    lines = [f"{title}, for chart {region.chart_version} (server {region.server_version})"]
    how = Hiding(variables=secret_variables([str(given), *(str(plain(setting.value)) for setting in region.settings)]))
    why = None
    for setting in region.settings:
        if setting.why != why:
            why = setting.why
            lines.append(f"  {why}")
        lines.append("    " + _line(setting, given, how))
    if not region.settings:
        lines.append("  nothing to change: these values set all that the region needs")
    return "\n".join(lines) + "\n" + "".join(notice_text(notice(item)) for item in region.notices)


def _line(setting: Setting, given: dict[str, Any], how: Hiding) -> str:
    path = dotted(setting.path)
    if setting.kind == "append":
        value = setting.value
        what = f"{value['op']} {value['path']}" if "op" in value else f"{value['kind']}, the whole object"
        return f"+ {path}: {what}"
    before = _at(given, setting)
    if setting.kind == "remove":
        return f"- {path}: {_shown(before, setting, how)}"
    if before is _ABSENT or same(before, setting.value):
        return f"+ {path}: {_shown(setting.value, setting, how)}"
    return f"~ {path}: {_shown(before, setting, how)} -> {_shown(setting.value, setting, how)} (yours is overridden)"


def _at(given: Any, setting: Setting) -> Any:
    for key in setting.path:
        try:
            given = given[key]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return given


def _shown(value: Any, setting: Setting, how: Hiding) -> str:
    text = flow(redacted(value, setting.path, how=how))
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
