"""Install a release with helm and with natsvalues as its post-renderer, whichever Helm it is."""

from __future__ import annotations

import os
import shutil
import sysconfig
from typing import TYPE_CHECKING

from natsvalues.outside import helms, shims, user_programs
from natsvalues.outside.helms import HELM_4
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.outside.helms import Helm


class Chart(NamedTuple):
    """What is installed: chart and values files, as for helm."""

    chart: str
    values: tuple[str, ...]


class PostRenderer(NamedTuple):
    """The helm that installs, and the variables with which it calls this natsvalues."""

    helm: Helm
    environment: dict[str, str]


def post_renderer(folder: str) -> PostRenderer:
    """Prepare the helm of HELM_BIN or PATH; in `folder` is what it needs, which nothing else reads.

    facts: Helm 3 runs a program of PATH, Helm 4 a plugin (shims.py).
    """
    helm = helms.chosen(None)
    scripts = os.path.dirname(shutil.which(shims.NAME) or os.path.join(sysconfig.get_path("scripts"), shims.NAME))
    environment = {"PATH": os.pathsep.join((scripts, os.environ.get("PATH", "")))}
    there = shims.plugins_in(helm.plugins)
    has_plugin = any(plugin.name == shims.NAME and plugin.kind == shims.POST_RENDERER for plugin in there)
    if helm.major == HELM_4 and not has_plugin:
        shims.place(folder, HELM_4)
        environment["HELM_PLUGINS"] = os.pathsep.join((*helm.plugins, folder))
    return PostRenderer(helm, environment)


async def install(renderer: PostRenderer, release: str, chart: Chart, words: list[str], arguments: list[str]) -> None:
    """Install or upgrade a release, and wait for nothing. `words` select the cluster, `arguments` are for natsvalues.

    Raises NatsvaluesError (NV-R038) with helm's message.
    """
    command = [renderer.helm.program, "upgrade", "--install", release, chart.chart, *words]
    command += [word for path in chart.values for word in ("-f", path)]
    command += ["--post-renderer", shims.NAME]
    command += [word for text in arguments for word in ("--post-renderer-args", text)]
    await user_programs.output(command, renderer.environment)
