"""What is effective in live regions, as text: the nine items, the findings, and what was not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import SEVERITIES
from natsvalues.report.findings_text import paragraph
from natsvalues.report.places import place_line
from natsvalues.report.plain_values import counted
from natsvalues.text.secret_variables import secret_variables
from natsvalues.text.secrets import Hiding

if TYPE_CHECKING:
    from natsvalues.doctor.examination import Examination
    from natsvalues.doctor.seen import Seen

_WIDTH = len("unknown")


def doctor_text(examination: Examination) -> str:
    """The whole report."""
    seen = examination.live.seen
    lines = [*places(seen), f"seen at {seen.at}", ""]
    titles = dict.fromkeys(item.title for item in examination.items)
    width = max((len(region.name) for region in seen.regions), default=0)
    for number, title in enumerate(titles, 1):
        lines.append(f"{number}. {title}")
        for item in examination.items:
            if item.title == title:
                text = "; ".join(filter(None, (item.effective, item.reason if item.status == "unknown" else "")))
                if item.region in examination.live.unread and number > 1:
                    text = "as above"
                lines.append(f"   {item.status:{_WIDTH}}  {item.region:{width}}  {text}")
    texts = examination.report.subject.texts
    how = Hiding(variables=secret_variables(texts.values()))
    parts = ["\n".join(lines) + "\n"]
    parts += [paragraph(finding, texts, how) for finding in examination.report.findings]
    if examination.following:
        rows = [f"  {item.message} [{item.rule.id}]" for item in examination.following]
        parts.append("\n".join(["what follows from that:", *rows]) + "\n")
    if examination.unseen:
        rows = [f"  {item.region}: {item.question}: {item.reason}" for item in examination.unseen]
        parts.append("\n".join(["not looked at:", *rows]) + "\n")
    if examination.commands:
        rows = [
            f"  {item.region}: {item.command}" + (f": {item.reason}" if item.reason else "")
            for item in examination.commands
        ]
        parts.append("\n".join(["the clouds were asked, with commands that only read:", *dict.fromkeys(rows)]) + "\n")
    return "\n".join([*parts, summary(examination) + "\n"])


def places(seen: Seen) -> list[str]:
    """Where each region is."""
    return [
        place_line(region.name, region.context, region.namespace, region.release, region.revision_line)
        for region in seen.regions
    ]


def summary(examination: Examination) -> str:
    """One line: how many items pass, and how many findings there are."""
    statuses = [item.status for item in examination.items]
    items = ", ".join(
        f"{statuses.count(status)} {status}" for status in ("pass", "fail", "unknown") if status in statuses
    )
    counts = [(examination.report.count(severity), severity) for severity in SEVERITIES]
    findings = ", ".join(counted(number, word) for number, word in counts if number) or "no findings"
    advice = (
        f"; lint has {counted(len(examination.advice), 'more remark')} on these objects" if examination.advice else ""
    )
    unread = f"; not read: {', '.join(examination.live.unread)}" if examination.live.unread else ""
    return f"items: {items}; {findings}{advice}{unread}"


def changed_lines(before: Examination | None, now: Examination) -> list[str]:
    """A line for each item and each finding that is not as it was; all items where there is no earlier look."""
    at = now.live.seen.at
    was = {(item.id, item.region): item for item in before.items} if before is not None else {}
    lines = []
    for item in now.items:
        earlier = was.get((item.id, item.region))
        if earlier is None or (earlier.status, earlier.effective) != (item.status, item.effective):
            text = "; ".join(filter(None, (item.effective, item.reason)))
            lines.append(f"{at} {item.region} {item.id}: {item.status}: {text}\n")
    known = {finding.fingerprint for finding in before.report.findings} if before is not None else set()
    current = {finding.fingerprint: finding for finding in now.report.findings}
    lines += [
        f"{at} {finding.severity}[{finding.rule.id}] {finding.message}\n"
        for mark, finding in current.items()
        if mark not in known
    ]
    if before is not None:
        lines += [
            f"{at} solved[{finding.rule.id}] {finding.message}\n"
            for finding in before.report.findings
            if finding.fingerprint not in current
        ]
    return lines
