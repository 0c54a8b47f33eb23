"""Install, take away and judge the Helm plugins of natsvalues, without breaking any other plugin or Helm.

Two rules of Helm decide (both as run with 3.19.0 and 4.3.1): a Helm 4 plugin.yaml in a directory that Helm 3
reads leaves Helm 3 without any plugin, and so do two plugins of one name, on both majors. Helm 3 and Helm 4
read the same directory unless HELM_PLUGINS says otherwise; it may be a list.
"""

from __future__ import annotations

import os
import shlex
from typing import NamedTuple

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import helms, shims
from natsvalues.outside.helms import Helm
from natsvalues.outside.shims import Plugin


class Installed(NamedTuple):
    """What an installation did. `setting` is the HELM_PLUGINS that this helm needs, "" if it needs none."""

    helm: Helm
    directory: str
    changed: bool
    removed: tuple[Plugin, ...]
    setting: str
    notes: tuple[str, ...]


class Uninstalled(NamedTuple):
    """What was taken away, and what of that name is left because natsvalues did not write it."""

    helm: Helm
    removed: tuple[Plugin, ...]
    left: tuple[Plugin, ...]


class Fault(NamedTuple):
    """Something wrong, and what to do about it."""

    what: str
    remedy: str


class Standing(NamedTuple):
    """What works with one helm. `faults` is empty when both ways to natsvalues work."""

    helm: Helm
    plugins: tuple[Plugin, ...]
    post_renders: bool
    has_command: bool
    faults: tuple[Fault, ...]


def install(program: str | None, directory: str | None) -> Installed:
    """Install the shims for one helm. Raises NatsvaluesError where that would break another plugin or Helm."""
    helm = helms.chosen(program)
    others = helms.all_helms(helm)
    target = os.path.abspath(directory) if directory else _usual(helm)
    if helm.major == 3:
        return _install_for_3(helm, target, others)
    threes = [other for other in others if other.major == 3 and other.reads(target)]
    if threes and directory:
        raise NatsvaluesError(
            "NV-G004", f"Helm {threes[0].version} reads this directory too, and would lose all its plugins",
            where=(shims.Where(target), shims.Where(threes[0].program)),
            hint="leave --plugins out: the plugins then go into a directory of their own",
        )  # fmt: skip
    if threes:
        target = shims.own_directory()
    return _install_for_4(helm, target, mixed=bool(threes))


def _usual(helm: Helm) -> str:
    """Where our shims for this helm are already, else where Helm itself would put a plugin."""
    ours = [plugin for plugin in shims.found(helm.plugins) if plugin.ours and plugin.major == helm.major]
    return os.path.dirname(ours[0].path) if ours else helm.plugins[0]


def _install_for_3(helm: Helm, target: str, others: tuple[Helm, ...]) -> Installed:
    there = shims.found({*helm.plugins, target})
    newer = [plugin for plugin in there if plugin.major != 3]
    if newer:
        four = next((other.program for other in others if other.major == 4), None)
        if not all(plugin.ours for plugin in newer):
            hint = "move them into a directory of their own, which only Helm 4 gets in HELM_PLUGINS"
        elif four:
            hint = f"natsvalues plugin install --helm {shlex.quote(four)}\n(it moves them out of Helm 3's way)"
        else:
            hint = "natsvalues plugin uninstall"
        raise NatsvaluesError(
            "NV-G005", "Helm 3 loads no plugin at all beside a Helm 4 plugin",
            where=tuple(plugin.manifest for plugin in newer), hint=hint,
        )  # fmt: skip
    foreign = [plugin for plugin in there if plugin.name == shims.NAME and not plugin.ours]
    if foreign:
        note = f"`helm natsvalues` is there already: {foreign[0].path}"
        return Installed(helm, os.path.dirname(foreign[0].path), changed=False, removed=(), setting="", notes=(note,))
    changed = shims.place(target, 3)
    twice = tuple(plugin for plugin in there if plugin.ours and not _within(plugin, target))
    shims.remove(twice)
    return Installed(helm, target, changed, twice, _setting(helm, target), ())


def _install_for_4(helm: Helm, target: str, *, mixed: bool) -> Installed:
    there = shims.found(helm.plugins)
    foreign = [plugin for plugin in there if plugin.name in shims.SHIMS[4] and not plugin.ours]
    if foreign and not mixed:
        folder = shlex.quote(os.path.dirname(foreign[0].path))
        raise NatsvaluesError(
            "NV-G009", f"another plugin has the name `{foreign[0].name}`, and two of one name break both",
            where=tuple(plugin.manifest for plugin in foreign),
            hint=f"HELM_PLUGINS={folder} {shlex.quote(helm.program)} plugin uninstall {foreign[0].name}\n"
            "and then once more: natsvalues plugin install",
        )  # fmt: skip
    changed = shims.place(target, 4)
    # A legacy shim is Helm 3's where there is a Helm 3; where there is none, it is left from before.
    twice = tuple(
        plugin
        for plugin in shims.found(helm.plugins)
        if plugin.ours and not _within(plugin, target) and not (mixed and plugin.major == 3)
    )
    shims.remove(twice)
    setting, notes = _setting(helm, target), ()
    if mixed:
        notes = ("Helm 3 reads the usual directory too, and would lose all its plugins beside these",)
        clash = _clashing(helm, target)
        if clash:
            notes += (
                f"without {', '.join(sorted(map(os.path.dirname, clash)))}: a plugin `natsvalues` for Helm 3 is there",
            )
    return Installed(helm, target, changed, twice, setting, notes)


def _within(plugin: Plugin, directory: str) -> bool:
    return os.path.realpath(os.path.dirname(plugin.path)) == os.path.realpath(directory)


def _clashing(helm: Helm, target: str) -> tuple[str, ...]:
    """Plugins in the other directories of this helm whose names are taken by those in `target`."""
    names = {plugin.name for plugin in shims.found([target])}
    there = shims.found(helm.plugins)
    return tuple(plugin.path for plugin in there if plugin.name in names and not _within(plugin, target))


def _setting(helm: Helm, target: str) -> str:
    """The HELM_PLUGINS with which this helm reads `target` and no name twice; "" if it does so as it is."""
    clashing = {os.path.dirname(path) for path in _clashing(helm, target)}
    if helm.reads(target) and not clashing:
        return ""
    others = [
        path for path in helm.plugins if path not in clashing and os.path.realpath(path) != os.path.realpath(target)
    ]
    return "HELM_PLUGINS=" + shlex.quote(os.pathsep.join([*others, target]))


def uninstall(program: str | None, directory: str | None) -> Uninstalled:
    """Take away what `install` put there for this helm, and for a major that is no longer on this machine."""
    helm = helms.chosen(program)
    majors = {other.major for other in helms.all_helms(helm)}
    directories = [os.path.abspath(directory)] if directory else [*helm.plugins]
    if not directory and (helm.major == 4 or 4 not in majors):
        directories.append(shims.own_directory())
    there = shims.found(dict.fromkeys(directories))
    removed = tuple(
        plugin for plugin in there if plugin.ours and (plugin.major == helm.major or plugin.major not in majors)
    )
    shims.remove(removed)
    left = tuple(plugin for plugin in there if plugin.name in shims.SHIMS[4] and plugin not in removed)
    return Uninstalled(helm, removed, left)


def status(program: str | None, directories: str | None) -> tuple[Standing, ...]:
    """What works: with the named helm, or with every one that is found. `directories` stands for HELM_PLUGINS."""
    first = helms.chosen(program)
    wanted = (first,) if program else helms.all_helms(first)
    if directories:
        plugins = tuple(path for path in directories.split(os.pathsep) if path)
        wanted = tuple(helm._replace(plugins=plugins) for helm in wanted)
    return tuple(map(_standing, wanted))


def _standing(helm: Helm) -> Standing:
    """Ask helm itself: it resolves `--post-renderer` before it shows help, and `--version` runs natsvalues."""
    there = shims.found(helm.plugins)
    on_path = shims.command() is not None
    render = helms.ask(helm.program, "template", "--post-renderer", shims.NAME, "--help", plugins=helm.plugins)
    verb = helms.ask(helm.program, shims.NAME, "--version", plugins=helm.plugins)
    post_renders = on_path and render.code == 0
    has_command = verb.code == 0 and verb.out.startswith(f"{shims.NAME} ")
    faults = [*_damage(helm, there)]
    if not on_path:
        faults.append(Fault("`natsvalues` is not on PATH", "put the folder of the command on PATH"))
    if not faults and not (post_renders and has_command):
        faults.append(_absence(helm, there))
    return Standing(helm, there, post_renders, has_command, tuple(faults))


def _damage(helm: Helm, there: tuple[Plugin, ...]) -> list[Fault]:
    """What stops Helm from loading plugins."""
    faults = []
    newer = [plugin for plugin in there if plugin.major != 3]
    if helm.major == 3 and newer:
        faults.append(
            Fault(
                "Helm 3 loads no plugin at all beside a Helm 4 plugin: " + ", ".join(plugin.path for plugin in newer),
                "natsvalues plugin install --helm HELM4 (it moves them out of Helm 3's way)"
                if all(plugin.ours for plugin in newer) and "HELM_PLUGINS" not in os.environ
                else "give HELM_PLUGINS with that directory to Helm 4 alone",
            )
        )
    first: dict[str, Plugin] = {}
    for plugin in there:
        other = first.setdefault(plugin.name, plugin)
        if other is not plugin:
            faults.append(
                Fault(
                    f"two plugins have the name `{plugin.name}`: {other.path}, {plugin.path}",
                    f"HELM_PLUGINS={shlex.quote(os.path.dirname(other.path))} helm plugin uninstall {plugin.name}"
                    if not other.ours
                    else "natsvalues plugin install",
                )
            )
    return faults


def _absence(helm: Helm, there: tuple[Plugin, ...]) -> Fault:
    """Nothing is broken, but natsvalues is not there."""
    again = f"natsvalues plugin install --helm {shlex.quote(helm.program)}"
    own = shims.own_directory()
    if helm.major == 4 and len(shims.found([own])) == len(shims.SHIMS[4]) and not helm.reads(own):
        return Fault(f"installed in {own}, which this helm does not read", f"run it with {_setting(helm, own)}")
    foreign = [plugin for plugin in there if plugin.name == shims.NAME and not plugin.ours]
    if foreign:
        folder = shlex.quote(os.path.dirname(foreign[0].path))
        return Fault(
            f"{foreign[0].path} is no Helm 4 post-renderer",
            f"HELM_PLUGINS={folder} {shlex.quote(helm.program)} plugin uninstall {shims.NAME}, then: {again}",
        )
    return Fault("the plugins are not installed", again)
