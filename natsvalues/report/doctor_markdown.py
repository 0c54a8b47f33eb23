"""What is effective in live regions as markdown, for a ticket or a chat: items, findings, what was not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.report.doctor_text import places, summary
from natsvalues.report.findings_markdown import cell, table

if TYPE_CHECKING:
    from natsvalues.doctor.examination import Examination

_SIGNS = {"pass": "✅", "fail": "🔴", "unknown": "❔"}


def doctor_markdown(examination: Examination) -> str:
    """The whole report."""
    seen = examination.live.seen
    names = [region.name for region in seen.regions]
    lines = ["### natsvalues doctor", "", f"{summary(examination)}, seen at {seen.at}", ""]
    lines += [*(f"- {cell(line)}" for line in places(seen)), ""]
    lines += [f"| Item | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    for title in dict.fromkeys(item.title for item in examination.items):
        of_title = {item.region: item for item in examination.items if item.title == title}
        cells = [
            f"{_SIGNS[of_title[name].status]} {cell(of_title[name].effective or of_title[name].reason)}"
            for name in names
        ]
        lines.append(f"| {cell(title)} | {' | '.join(cells)} |")
    lines += table(examination.report)
    if examination.following:
        lines += ["", "What follows from that:", ""]
        lines += [f"- {cell(item.message)} (`{item.rule.id}`)" for item in examination.following]
    if examination.unseen:
        lines += ["", "Not looked at:", ""]
        lines += [f"- {item.region}: {item.question}: {cell(item.reason)}" for item in examination.unseen]
    return "\n".join(lines) + "\n"
