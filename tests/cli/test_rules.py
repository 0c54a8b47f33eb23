"""`natsvalues rules` as people run it: all of lint's, doctor's and diff's, or one of them."""

from __future__ import annotations

from natsvalues.diff.impact import IMPACTS
from natsvalues.doctor.rules import RULES as LIVE
from natsvalues.lint.rules import RULES


def test_rules_are_listed_and_explained(run):
    """All of them by group; one by id or name."""
    listing = run("natsvalues", "rules", check=True).stdout
    ids = [line[:5] for line in listing.splitlines() if line[:2].isupper()]
    assert [code for code in ids if not code.startswith("DI")] == [rule.id for rule in (*RULES, *LIVE)]
    assert [code for code in ids if code.startswith("DI")] == [declared.id for declared in IMPACTS]
    one = run("natsvalues", "rules", "gw001", check=True).stdout
    assert one == run("natsvalues", "rules", "no-advertise", check=True).stdout
    assert one.startswith("GW001 no-advertise (error)\n")
    assert "\nFAIL\n  conf: {gateway: {advertise: null}}\n" in one
    impact = run("natsvalues", "rules", "server-names-change", check=True).stdout
    assert impact == run("natsvalues", "rules", "DI001", check=True).stdout
    assert impact.startswith("DI001 server-names-change (identity)\n")
    unknown = run("natsvalues", "rules", "no-advertize")
    assert unknown.returncode == 1
    assert "did you mean `no-advertise`?" in unknown.stderr
