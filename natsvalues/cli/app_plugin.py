"""The command line of `plugin`: its verbs and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues.cli import plugin as plugin_verb
from natsvalues.cli.leave import Leave

plugin_app = typer.Typer(
    help="Install, remove or check the Helm plugins of natsvalues.", no_args_is_help=True, rich_markup_mode=None
)
HelmProgram = Annotated[
    str | None,
    typer.Option("--helm", help="The helm to use. The default is HELM_BIN, then helm on PATH.", metavar="PATH"),
]
Plugins = Annotated[
    str | None,
    typer.Option("--plugins", help="The plugins directory. The default is the one that helm uses.", metavar="DIR"),
]


@plugin_app.command("install")
def plugin_install(helm: HelmProgram = None, plugins: Plugins = None) -> None:
    """Install the plugins that this Helm needs for `--post-renderer natsvalues` and `helm natsvalues`."""
    raise Leave(plugin_verb.install(helm, plugins))


@plugin_app.command("uninstall")
def plugin_uninstall(helm: HelmProgram = None, plugins: Plugins = None) -> None:
    """Remove the plugins that `plugin install` wrote, and nothing else."""
    raise Leave(plugin_verb.uninstall(helm, plugins))


@plugin_app.command("status")
def plugin_status(helm: HelmProgram = None, plugins: Plugins = None) -> None:
    """Show for each Helm what is installed, what works, and how to fix the rest."""
    raise Leave(plugin_verb.status(helm, plugins))


def declare(app: typer.Typer) -> None:
    """Add the verbs under `plugin` to the command line."""
    app.add_typer(plugin_app, name="plugin")
