"""`natsvalues plugin`: make `--post-renderer natsvalues` and `helm natsvalues` work with this machine's Helm."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.state import Run
from natsvalues.cli.streams import write_output
from natsvalues.errors import EXIT_ERROR, EXIT_OK
from natsvalues.outside import plugins
from natsvalues.outside.helms import HELM_4
from natsvalues.outside.shims import GETTING_PLUGIN, SHIMS

if TYPE_CHECKING:
    from natsvalues.outside.helms import Helm
    from natsvalues.outside.plugins import Fault, Standing


def install(helm: str | None, directory: str | None) -> int:
    """Install the plugins that this helm needs, and print the options that it needs."""

    def work() -> int:
        done = plugins.install(helm, directory)
        lines = [
            f"{'installed' if done.changed else 'nothing to change'} for {_helm_text(done.helm)} in {done.directory}"
        ]
        lines += [f"removed {plugin.path}" for plugin in done.removed]
        lines += [f"note: {note}" for note in done.notes]
        if done.changed and done.helm.major == HELM_4:
            lines += ["note: where Helm 4 says only `exited with error`, `natsvalues last` has the reason"]
        on_path = shutil.which("natsvalues") is not None
        if on_path:
            lines += _fault_lines(done.faults, "")
        else:  # then nothing works, and the rest is not known
            here = os.path.dirname(os.path.abspath(sys.argv[0]))
            lines += [f"warning: `natsvalues` is not on PATH, where helm looks for it; it is in {here}"]
        if done.setting:
            lines += [f"run Helm {done.helm.major} with", f"  {plugins.as_words(done.setting)}"]
        _write(lines)
        return EXIT_ERROR if on_path and done.faults else EXIT_OK

    return guarded(Run(), work)


def uninstall(helm: str | None, directory: str | None) -> int:
    """Remove what `install` wrote."""

    def work() -> int:
        done = plugins.uninstall(helm, directory)
        lines = [f"removed {plugin.path}" for plugin in done.removed] or [
            f"nothing to remove for {_helm_text(done.helm)}"
        ]
        lines += [f"not removed: {plugin.path} (remove it with `helm plugin uninstall`)" for plugin in done.left]
        return _write(lines)

    return guarded(Run(), work)


def status(helm: str | None, directories: str | None) -> int:
    """Print for each helm what works, what is wrong and what to do; exit code 1 if anything is wrong."""

    def work() -> int:
        helms = plugins.status(helm, directories)
        _write([line for standing in helms for line in _lines(standing)])
        return EXIT_ERROR if any(standing.faults for standing in helms) else EXIT_OK

    return guarded(Run(), work)


def _lines(standing: Standing) -> list[str]:
    ours = [plugin for plugin in standing.plugins if plugin.name in SHIMS[HELM_4]]
    lines = [
        _helm_text(standing.helm),
        f"  plugins directory: {os.pathsep.join(standing.helm.plugins)}",
        *(f"  plugin: {plugin.name} ({plugin.kind}) in {plugin.path}" for plugin in ours),
        f"  --post-renderer natsvalues: {'works' if standing.post_renders else 'does not work'}",
        f"  helm natsvalues: {'works' if standing.has_command else 'does not work'}",
        f"  -f natsvalues://REGION: {'works' if standing.gets_values else 'does not work' + _why_not(standing)}",
    ]
    return lines + _fault_lines(standing.faults, "  ")


def _fault_lines(faults: tuple[Fault, ...], indent: str) -> list[str]:
    """What is wrong, and what to do about it."""
    return [
        line
        for fault in faults
        for line in (f"{indent}wrong: {fault.what}", f"{indent}do: " + fault.remedy.replace("\n", f"\n{indent}    "))
    ]


def _why_not(standing: Standing) -> str:
    getter = next((plugin for plugin in standing.plugins if plugin.ours and plugin.name == GETTING_PLUGIN), None)
    if getter is None or len(standing.helm.plugins) == 1:
        return ""
    return (
        f": Helm 4 finds no getter where HELM_PLUGINS is a list; HELM_PLUGINS={os.path.dirname(getter.path)} alone does"
    )


def _helm_text(helm: Helm) -> str:
    return f"Helm {helm.version} ({helm.program})"


def _write(lines: list[str]) -> int:
    write_output("\n".join(lines) + "\n")
    return EXIT_OK
