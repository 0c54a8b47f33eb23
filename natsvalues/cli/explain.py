"""`natsvalues explain`: each edit with its reason and source, and what the stage allows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.post_render import checked_release
from natsvalues.cli.state import Run
from natsvalues.cli.streams import read_stream, write_output
from natsvalues.errors import EXIT_OK, NatsvaluesError
from natsvalues.files import STANDARD_INPUT
from natsvalues.overlays.losses_since import state_after
from natsvalues.overlays.stages import guidance
from natsvalues.report.json_v1 import changes, notice
from natsvalues.report.text import explanation

if TYPE_CHECKING:
    from natsvalues.cli.light import PostRenderOptions
    from natsvalues.overlays.pipeline import Result


def explain(path: str | None, options: PostRenderOptions, *, as_json: bool) -> int:
    """Post-render without writing the release, and print the edits."""
    run = Run()

    def work() -> int:
        file = None if path in (None, "-") else path
        result = checked_release(read_stream(file), file or STANDARD_INPUT, options, run)
        advice = guidance(result.plan, state_after(result), _secrets_there(run, result))
        if as_json:
            report = {
                "format": 1,
                "region": result.plan.region.name,
                "stage": result.plan.region.stage,
                "prior": run.prior,
                "changes": changes(result),
                "notices": [notice(item) for item in result.notices],
                "guidance": list(advice),
            }
            write_output(json.dumps(report, indent=1) + "\n")
        else:
            write_output(explanation(result, advice, run.prior["label"] if run.prior else ""))
        return EXIT_OK

    return guarded(run, work)


def _secrets_there(run: Run, result: Result) -> frozenset[str]:
    """The Secrets that the release names and that are in its cluster; empty where no cluster is asked anyway."""
    if not run.prior or not run.prior.get("context"):
        return frozenset()
    from natsvalues.cli.secrets_there import secrets_there  # starts kubectl
    from natsvalues.manifests.named_secrets import not_made
    from natsvalues.outside.kubectl import options

    namespace = str(run.prior.get("namespace") or "")
    named = list(not_made(result.release, result.nats))
    try:
        there = secrets_there(named, namespace, options([("kube-context", run.prior["context"])], namespace))
    except NatsvaluesError:  # without kubectl, or rights to Secrets: then nobody knows
        return frozenset()
    return frozenset(
        secret.name for secret in named if secret.name in there and not secret.missing_keys(there[secret.name])
    )
