"""What each command does, in the few words that fit beside its name on a terminal of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

SUMMARIES = {
    "post-render": "Edit a rendered release; what helm runs.",
    "explain": "Show each edit of a rendered release, with its reason.",
    "diff": "Show what an upgrade changes, and what each change does.",
    "lint": "Check overlays, renderings or nats.conf files.",
    "topology": "Draw the regions, gateways and load balancers.",
    "rules": "List the lint rules and the impacts, or explain one.",
    "values": "Write values for the chart that have the same effect.",
    "getter": "Give helm the values for -f natsvalues://REGION.",
    "krm": "Run as a KRM function of kustomize or kpt.",
    "last": "Show what the last run did, or why it failed.",
    "schema": "Print the JSON Schema of the overlay files.",
    "providers": "List the load-balancer providers, or show one.",
    "docs": "List the pages of the documentation, or print one.",
    "init": "Write overlays to start from; again: one more region.",
    "rehearse": "Run the rendered regions with real servers.",
    "plan": "Show the steps to where the overlays want the regions.",
    "doctor": "Show what is effective, and what is wrong, in live regions.",
    "completion": "Print the completion script for a shell.",
    "export": "Write the edits for kustomize, Flux or Helmfile.",
    "overlay": "List the regions, or show an overlay.",
    "plugin": "Install, remove or check the Helm plugins.",
}


def summarize(app: typer.Typer) -> None:
    """Give every command its line in the list of commands; one without it is a KeyError."""
    for command in app.registered_commands:
        assert command.callback is not None  # noqa: S101 - typer registers functions
        command.short_help = SUMMARIES[command.name or command.callback.__name__.replace("_", "-")]
    for group in app.registered_groups:
        group.short_help = SUMMARIES[str(group.name)]
