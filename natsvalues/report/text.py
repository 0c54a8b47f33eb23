"""Reports as text for a terminal or a log, without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.report.json_v1 import changes, notice

if TYPE_CHECKING:
    from natsvalues.overlays.pipeline import Result

_SHORT = 160


def notices(result: Result, level: str) -> str:
    """The notices of one level, one paragraph each."""
    return "".join(notice_text(notice(item)) for item in result.notices if item.level == level)


def notice_text(item: dict[str, Any]) -> str:
    """One notice: `warning: …`, its places, and what to do."""
    lines = [f"{item['level']}: {item['message']}"]
    lines += [f" --> {_place(where)}" for where in item["where"]]
    if item["help"]:
        lines.append("help: " + item["help"].replace("\n", "\n      "))
    return "\n".join(lines) + "\n"


def _place(where: dict[str, Any]) -> str:
    text = str(where["file"]) + (f":{where['line']}" if "line" in where else "")
    return text + (f": {where['field']}" if "field" in where else "")


def changes_text(changes: list[dict[str, Any]]) -> str:
    """Every change under its object: the path, before and after, the reason, and its source."""
    lines: list[str] = []
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for item in changes:
        title = "/".join(
            part for part in (item["object"]["kind"], item["object"]["namespace"], item["object"]["name"]) if part
        )
        groups.setdefault((title, item["file"] or ""), []).append(item)
    for (title, file), items in groups.items():
        lines += ["", title + (f"  {file}" if file else "")]
        reason = None
        for item in items:
            if (item["rule"], item["why"]) != reason:
                reason = (item["rule"], item["why"])
                source = f" ({item['source']})" if item["source"] else ""
                lines.append(f"  [{item['rule']}] {item['why']}{source}")
            lines.append("    " + _change(item))
    return "\n".join(lines).lstrip("\n") + "\n" if lines else "nothing to change\n"


def _change(item: dict[str, Any]) -> str:
    line = f"  (line {item['line']})" if item["line"] else ""
    if not item["path"]:
        return "+ the whole object"
    if item["op"] == "remove":
        return f"- {item['path']}: {_shown(item['before'])}{line}"
    if item["before"] is None:
        return f"+ {item['path']}: {_shown(item['after'])}{line}"
    return f"~ {item['path']}: {_shown(item['before'])} -> {_shown(item['after'])}{line}"


def _shown(value: Any) -> str:
    from natsvalues.text.yamlwrite import flow  # for reports only

    text = flow(value)
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


def explanation(result: Result, guidance: tuple[str, ...], prior: str = "") -> str:
    """What `explain` prints: the region, each change with its reason, notices, and what the stage allows.

    `prior` is the release that it was compared with.
    """
    plan = result.plan
    joins = f", joins as {plan.region.joins}" if plan.region.joins else ""
    head = (
        f"region {plan.region.name} of {plan.supercluster.name}: stage {plan.region.stage}{joins}, "
        f"JetStream scope {plan.supercluster.jetstream.scope}, "
        f"StatefulSet {result.nats.namespace + '/' if result.nats.namespace else ''}{result.nats.name}"
    )
    head += f"\ncompared with {prior}" if prior else ""
    notices = [notice_text(notice(item)) for item in result.notices]
    advice = "".join(f"- {line}\n" for line in guidance)
    parts = [head + "\n", changes_text(changes(result)), *notices, "stage:\n" + advice]
    return "\n".join(parts)


def last_text(report: dict[str, Any]) -> str:
    """The report in the state file, as text."""
    region = f"region {report['region'] or '?'}, overlays {report['overlays'] or '?'}"
    lines = [
        f"{report['time']}  natsvalues {report['natsvalues']} in {report['directory']}: {report['outcome']}  ({region})"
    ]
    prior = report.get("prior")
    lines += [f"compared with {prior['label']}"] if prior else []
    for error in report.get("errors", ()):
        lines += ["", f"error[{error['code']}]: {error['message']}"]
        lines += [f" --> {_place(where)}" for where in error["where"]]
        lines += ["help: " + error["help"].replace("\n", "\n      ")] if error["help"] else []
    if report["outcome"] == "bug":
        lines += ["", f"a bug of natsvalues: {report['error']}", *(f"  {frame}" for frame in report["trace"])]
    if report["outcome"] == "ok":
        lines += ["", changes_text(report["changes"]).rstrip("\n")]
        lines += ["", *(notice_text(item) for item in report["notices"])] if report["notices"] else []
    return "\n".join(lines).rstrip("\n") + "\n"
