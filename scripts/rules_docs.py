"""The pages of lint's rules, doctor's rules and diff's impacts; `reference_docs.py` writes and checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact import GROUPS as IMPACTS
from natsvalues.doctor.rules import GROUPS as LIVE
from natsvalues.lint.rules import GROUPS

if TYPE_CHECKING:
    from natsvalues.diff.impact.declaration import Declared
    from natsvalues.lint.rule import Rule

DOCTOR_HEAD = """\
# What doctor looks for

<!-- Written by scripts/reference_docs.py from natsvalues/doctor/rules: change those. -->

Beside [lint's rules](rules.md) on the live objects, [doctor](doctor.md) has rules of its own. Each has a fault that the
tests seed into a record of two real regions, and which nothing else is blamed for; many were seeded into
[real regions](doctor-faults.md).
"""

RULES_HEAD = """\
# Lint rules

<!-- Written by scripts/reference_docs.py from natsvalues/lint/rules: change those. -->

What `natsvalues lint` looks for; how to use it is in [lint.md](lint.md). `natsvalues rules` lists the rules, and
`natsvalues rules GW001` (or its name) shows one. Ids and names are stable.

Each rule has an example that fails it and one that passes; the tests make both, of renderings of every version of
the chart that is there. They are JSON merge patches of a clean supercluster of two regions, `us-east` and `eu-west`:

| Part | What it changes |
| --- | --- |
| `conf` | `nats.conf` |
| `container`, `statefulSet` | the server's container (its `env` merges by name), its StatefulSet |
| `service` | the gateway's own Service |
| `clients`, `headless` | the chart's Services |
| `overlay`, `supercluster` | the region's file, the common file |
| `us-east`, `eu-west` | parts of that region alone; without it a part counts for both |
| `untouched`, `only` | rendered with the chart's gateway on and without natsvalues; that region alone |
| `text`, `add`, `fill` | words of `nats.conf` replaced; one more document; a ConfigMap with so many random characters |
| `values` | a values file that the chart is rendered with |

Rules that need the configuration only also run on [plain nats.conf files](lint.md#plain-natsconf-files), and say so.
"""

IMPACTS_HEAD = """\
# Impacts

<!-- Written by scripts/reference_docs.py from natsvalues/diff/impact: change that. -->

What a change can do, as [`natsvalues diff`](diff.md) reports it. `natsvalues rules DI001` (or its name) shows one. Ids
and names are stable; a change that has several impacts gets the worst.

Each impact has an example that has it and one that does not; the tests make both, of renderings of every version of
the chart that is there. An example is an old and a new release of region `us-east` of the [supercluster](rules.md)
that lint's examples use, with the same parts; parts outside `old` and `new` count for both. `at` is the change that has
the impact, spelled as for `--ignore`; `roll: true` changes the pod template, so that the pods restart; null for
`service` or `statefulSet` removes that object. `live` changes the old release in the cluster, with `kubectl edit`;
`serverSide: true`: Helm applies on the server's side. `unlisted` are regions whose new releases do not list this one.
"""


def rules_page() -> str:
    """The page of all lint rules."""
    parts = [RULES_HEAD]
    for group, rules in GROUPS.items():
        parts.append(f"\n## {group}\n\n| Rule | Severity | What |\n| --- | --- | --- |\n")
        parts += [
            f"| [`{rule.id}`](#{rule.id.lower()}-{rule.name}) {rule.name} | {rule.severity} | {cell(rule.what)} |\n"
            for rule in rules
        ]
        parts += [rule_section(rule) for rule in rules]
    return "".join(parts)


def doctor_page() -> str:
    """The page of doctor's own rules, whose examples are for tests only."""
    parts = [DOCTOR_HEAD]
    for group, rules in LIVE.items():
        parts.append(
            f"\n## {group}\n\n| Rule | What | Why, and how it is known | What to do |\n| --- | --- | --- | --- |\n"
        )
        parts += [
            f"| `{rule.id}` {rule.name} ({rule.severity}) | {cell(rule.what)} | {cell(rule.why)} *{cell(rule.source)}* "
            f"| {cell(rule.remedy)} |\n"
            for rule in rules
        ]
    return "".join(parts)


def rule_section(rule: Rule) -> str:
    """All that is known of one rule."""
    fix = " `natsvalues lint --fix` does it." if rule.fixable else ""
    plain = ", also in plain nats.conf files" if rule.needs == "configuration" else ""
    lines = [
        f"\n### {rule.id} {rule.name}\n",
        f"{rule.what} ({rule.severity}{plain})\n",
        f"**Why.** {rule.why} *Source: {rule.source}. Holds for {rule.versions}.*\n",
        f"**What to do.** {rule.remedy}{fix}\n",
        examples(rule.fails, rule.passes),
    ]
    return "\n".join(lines)


def examples(fails: str, passes: str) -> str:
    """An example that fails, and one that passes."""
    return f"```yaml\n# FAIL\n{fails.strip()}\n---\n# PASS\n{passes.strip()}\n```\n"


def impacts_page() -> str:
    """The page of all impacts of changes."""
    parts = [IMPACTS_HEAD]
    for group, impacts in IMPACTS.items():
        parts.append(f"\n## {group}\n\n| Impact | Level | What |\n| --- | --- | --- |\n")
        parts += [
            f"| [`{impact.id}`](#{impact.id.lower()}-{impact.name}) {impact.name} | {impact.level} "
            f"| {cell(impact.what)} |\n"
            for impact in impacts
        ]
        parts += [impact_section(impact) for impact in impacts]
    return "".join(parts)


def impact_section(impact: Declared) -> str:
    """All that is known of one impact."""
    lines = [
        f"\n### {impact.id} {impact.name}\n",
        f"{impact.what} (`{impact.level}`)\n",
        f"**Why.** {impact.why} *Source: {impact.source}.*\n",
        *([f"**What to do.** {impact.remedy}\n"] if impact.remedy else []),
        examples(impact.fails, impact.passes),
    ]
    return "\n".join(lines)


def cell(text: str) -> str:
    """A text inside a table."""
    return text.replace("|", "\\|")
