"""`natsvalues rules`: list the lint rules and the impacts of `diff`, or explain one."""

from __future__ import annotations

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run
from natsvalues.cli.streams import write_output
from natsvalues.diff import impact as impacts
from natsvalues.errors import EXIT_OK, NatsvaluesError
from natsvalues.lint import rules as lint_rules
from natsvalues.report.rules import impact_listing, impact_manual, rule_listing, rule_manual
from natsvalues.text.reading import nearest


def rules(word: str | None) -> int:
    """List all rules and impacts by group, or show one with its reason, its remedy and its examples."""

    def work() -> int:
        write_output(_listing() if word is None else _manual(word))
        return EXIT_OK

    return guarded(Run(), work)


def _listing() -> str:
    from natsvalues.doctor.rules import GROUPS  # heavy, as below

    live = f"Live regions (natsvalues doctor)\n\n{rule_listing(GROUPS)}"
    changes = f"Impacts of changes (natsvalues diff)\n\n{impact_listing(impacts.GROUPS)}"
    return f"{rule_listing(lint_rules.GROUPS)}\n{live}\n{changes}"


def _manual(word: str) -> str:
    """The manual of the rule or impact with that id or name. Raises NatsvaluesError with the nearest one."""
    from natsvalues.doctor.rules import RULES

    for declared in impacts.IMPACTS:
        if word.lower() in (declared.id.lower(), declared.name):
            return impact_manual(declared)
    for rule in (*lint_rules.RULES, *RULES):
        if word.lower() in (rule.id.lower(), rule.name):
            return rule_manual(rule)
    known = [word for rule in (*lint_rules.RULES, *RULES) for word in (rule.name, rule.id)]
    known += [word for declared in impacts.IMPACTS for word in (declared.name, declared.id)]
    hint = nearest(word, known) or "`natsvalues rules` lists them"
    raise NatsvaluesError("NV-L002", f"there is no lint rule or impact `{word}`", hint=hint)
