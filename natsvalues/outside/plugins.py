"""Install, uninstall and check the Helm plugins of natsvalues, without breaking any other plugin or Helm.

Two rules of Helm decide (both as run with 3.19.0 and 4.3.1): a Helm 4 plugin.yaml in a directory that Helm 3
reads leaves Helm 3 without any plugin, and so do two plugins of one name, on both majors. Helm 3 and Helm 4
read the same directory unless HELM_PLUGINS says otherwise; it may be a list.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.outside import helms, shims
from natsvalues.outside.helm import chart_of_values
from natsvalues.outside.helms import HELM_3, HELM_4
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.outside.helms import Helm
    from natsvalues.outside.shims import Plugin


class Installed(NamedTuple):
    """What an installation did. `setting` is the HELM_PLUGINS that this helm needs, "" if it needs none.

    `faults` are those of this helm with that setting, and of the others on the machine, as `status` has them.
    """

    helm: Helm
    directory: str
    changed: bool
    removed: tuple[Plugin, ...]
    setting: str
    notes: tuple[str, ...]
    faults: tuple[Fault, ...] = ()


class Uninstalled(NamedTuple):
    """What was removed, and what of that name is left because natsvalues did not write it."""

    helm: Helm
    removed: tuple[Plugin, ...]
    left: tuple[Plugin, ...]


class Fault(NamedTuple):
    """Something wrong, and what to do about it."""

    what: str
    remedy: str


class Standing(NamedTuple):
    """What works with one helm. `faults` is empty when every way to call natsvalues works."""

    helm: Helm
    plugins: tuple[Plugin, ...]
    post_renders: bool
    has_command: bool
    gets_values: bool
    faults: tuple[Fault, ...]


def install(program: str | None, directory: str | None) -> Installed:
    """Install the shims for one helm, and ask it whether they work.

    Raises NatsvaluesError where that would break another plugin or Helm.
    """
    helm = helms.chosen(program)
    others = helms.all_helms(helm)
    target = os.path.abspath(directory) if directory else _usual(helm)
    done = (
        _install_for_3(helm, target, others)
        if helm.major == HELM_3
        else _install_for_4(helm, target, others, directory)
    )
    with_setting = helm._replace(plugins=tuple(done.setting.split(os.pathsep)) if done.setting else helm.plugins)
    every = (with_setting, *others[1:])
    faults = list(_standing(with_setting, every).faults)
    faults += [fault for other in others[1:] for fault in _damage(other, shims.plugins_in(other.plugins), every)]
    return done._replace(faults=tuple(dict.fromkeys(faults)))


def _install_for_4(helm: Helm, target: str, others: tuple[Helm, ...], directory: str | None) -> Installed:
    threes = [other for other in others if other.major == HELM_3]
    sharing = [three for three in threes if three.reads(target)]
    if sharing and directory:
        raise NatsvaluesError(
            "NV-G004", f"Helm {sharing[0].version} reads this directory too, and would lose all its plugins",
            where=(Where(target), Where(sharing[0].program)),
            hint="leave --plugins out: the plugins then go into a directory of their own",
        )  # fmt: skip
    if sharing:
        target = shims.own_directory()
    else:
        _refuse_clash(helm, target)
    changed = shims.place(target, helm.major)
    removed: tuple[Plugin, ...] = ()
    if (
        helm.reads(target) or not directory
    ):  # otherwise the directory is for another use, and what this helm reads stays
        removed = tuple(
            plugin
            for plugin in shims.plugins_in(helm.plugins)
            if plugin.ours
            and not _within(plugin, target)
            # A shim for Helm 3 is left from before, unless there is a Helm 3.
            and (plugin.major == helm.major or not any(three.reads(os.path.dirname(plugin.path)) for three in threes))
        )
        shims.remove(removed)
    notes = []
    if sharing and not sharing[0].reads(target):
        notes += ["Helm 3 reads the usual directory too, and would lose all its plugins beside these"]
    notes += [
        f"with that setting Helm 4 does not read {plugin.path}; if it needs it: "
        f"ln -s {shlex.quote(plugin.path)} {shlex.quote(target)}/"
        for plugin in shims.plugins_in([] if helm.reads(target) else helm.plugins)
        if plugin.name not in shims.SHIMS[HELM_4]
    ]
    return Installed(helm, target, changed, removed, _setting(helm, target), tuple(notes))


def _usual(helm: Helm) -> str:
    """Where our shims for this helm are already, else where Helm itself would put a plugin."""
    ours = [plugin for plugin in shims.plugins_in(helm.plugins) if plugin.ours and plugin.major == helm.major]
    return os.path.dirname(ours[0].path) if ours else helm.plugins[0]


def _install_for_3(helm: Helm, target: str, others: tuple[Helm, ...]) -> Installed:
    there = shims.plugins_in((*helm.plugins, target))
    newer = [plugin for plugin in there if plugin.major != helm.major]
    if newer:
        raise NatsvaluesError(
            "NV-G005", "Helm 3 loads no plugin at all beside a Helm 4 plugin",
            where=tuple(plugin.manifest for plugin in newer), hint=_away(newer, others),
        )  # fmt: skip
    ours = tuple(plugin for plugin in there if plugin.ours)
    foreign = [plugin for plugin in there if plugin.name == shims.NAME and not plugin.ours]
    if foreign:
        shims.remove(ours)  # it does the same, and two would break both
        note = f"`helm natsvalues` is installed already, by `helm plugin install`: {foreign[0].path}"
        return Installed(helm, os.path.dirname(foreign[0].path), bool(ours), ours, "", (note,))
    changed = shims.place(target, helm.major)
    removed = tuple(plugin for plugin in ours if not _within(plugin, target))
    shims.remove(removed)
    return Installed(helm, target, changed, removed, _setting(helm, target), ())


def _refuse_clash(helm: Helm, target: str) -> None:
    """Raise NatsvaluesError if a plugin that we did not write has the name of one of ours."""
    there = shims.plugins_in(helm.plugins if helm.reads(target) else [target])
    foreign = [plugin for plugin in there if plugin.name in shims.SHIMS[helm.major] and not plugin.ours]
    if foreign:
        raise NatsvaluesError(
            "NV-G009", f"another plugin has the name `{foreign[0].name}`, and two of one name break both",
            where=tuple(plugin.manifest for plugin in foreign), hint=_instead(helm, foreign, there),
        )  # fmt: skip


def _away(newer: list[Plugin], others: tuple[Helm, ...]) -> str:
    """How to move Helm 4 plugins out of a directory that Helm 3 reads."""
    own = shims.own_directory()
    four = next((other.program for other in others if other.major == HELM_4), None)
    if any(_within(plugin, own) for plugin in newer):
        return f"give HELM_PLUGINS with {own} to Helm 4 alone"
    if not all(plugin.ours for plugin in newer):
        return "move them into a directory of their own, and give it to Helm 4 alone, in HELM_PLUGINS"
    if four is not None:
        return f"natsvalues plugin install --helm {shlex.quote(four)}\n(moves them into a directory of their own)"
    return "natsvalues plugin uninstall"


def _instead(helm: Helm, foreign: list[Plugin], there: tuple[Plugin, ...]) -> str:
    """The commands that replace plugins of ours that `helm plugin install` installed with the shims."""
    program = shlex.quote(helm.program)
    steps = [f"natsvalues plugin uninstall --helm {program}"] if any(plugin.ours for plugin in there) else []
    # `helm plugin uninstall` finds nothing when HELM_PLUGINS is a list (helm issue 32547).
    steps += [
        f"HELM_PLUGINS={shlex.quote(os.path.dirname(plugin.path))} {program} plugin uninstall {plugin.name}"
        for plugin in foreign
    ]
    return "\n".join([*steps, f"natsvalues plugin install --helm {program}"])


def _within(plugin: Plugin, directory: str) -> bool:
    return os.path.realpath(os.path.dirname(plugin.path)) == os.path.realpath(directory)


def _setting(helm: Helm, target: str) -> str:
    """The HELM_PLUGINS with which this helm reads `target` and no name twice; "" if it does so as it is.

    For Helm 4 it is one directory: it finds no getter where HELM_PLUGINS is a list, and in the usual directory Helm 3
    may get a plugin of the same name any time.
    """
    names = {plugin.name for plugin in shims.plugins_in([target])}
    twice = [
        plugin for plugin in shims.plugins_in(helm.plugins) if plugin.name in names and not _within(plugin, target)
    ]
    if helm.reads(target) and not twice:
        return ""
    if helm.major == HELM_4:
        return target
    clashing = {os.path.dirname(plugin.path) for plugin in twice}
    return os.pathsep.join(dict.fromkeys([*(path for path in helm.plugins if path not in clashing), target]))


def uninstall(program: str | None, directory: str | None) -> Uninstalled:
    """Remove what `install` installed for this helm, and for a major version that is no longer on this machine."""
    helm = helms.chosen(program)
    majors = {other.major for other in helms.all_helms(helm)}
    there = shims.plugins_in([os.path.abspath(directory)] if directory else [*helm.plugins, shims.own_directory()])
    removed = tuple(
        plugin for plugin in there if plugin.ours and (plugin.major == helm.major or plugin.major not in majors)
    )
    shims.remove(removed)
    with contextlib.suppress(OSError):
        os.rmdir(shims.own_directory())  # only if it is empty
    left = tuple(plugin for plugin in there if plugin.name in shims.SHIMS[HELM_4] and not plugin.ours)
    return Uninstalled(helm, removed, left)


def status(program: str | None, directories: str | None) -> tuple[Standing, ...]:
    """What works: with the named helm, or with every helm on the machine. `directories` stands for HELM_PLUGINS."""
    try:
        others = helms.all_helms(helms.chosen(program))
    except NatsvaluesError:
        others = helms.on_path()
        if program is not None or not others:
            raise
    plugins = tuple(path for path in (directories or "").split(os.pathsep) if path)
    return tuple(
        _standing(helm._replace(plugins=plugins or helm.plugins), others)
        for helm in (others[:1] if program is not None else others)
    )


def damage() -> tuple[Fault, ...]:
    """What stops the helms of this machine from loading plugins: such as plugins of both majors in one folder.

    Raises NatsvaluesError for a helm that does not answer.
    """
    every = helms.on_path()
    faults = [fault for helm in every for fault in _damage(helm, shims.plugins_in(helm.plugins), every)]
    return tuple(dict.fromkeys(faults))


def _standing(helm: Helm, others: tuple[Helm, ...]) -> Standing:
    """Ask helm itself: it resolves `--post-renderer` before it shows help, and `--version` runs natsvalues.

    The getter is called without a region, and answers with an error.
    """
    there = shims.plugins_in(helm.plugins)
    on_path = shutil.which(shims.NAME) is not None
    render = helms.ask(helm.program, "template", "--post-renderer", shims.NAME, "--help", plugins=helm.plugins)
    verb = helms.ask(helm.program, shims.NAME, "--version", plugins=helm.plugins)
    with chart_of_values() as folder:
        values = helms.ask(helm.program, "template", "none", folder, "-f", "natsvalues://", plugins=helm.plugins)
    post_renders = on_path and render.code == 0
    gets_values = "NV-V010" in values.err
    has_command = verb.code == 0 and verb.out.startswith(f"{shims.NAME} ")
    faults = _damage(helm, there, others)
    if not on_path:
        faults.append(Fault("`natsvalues` is not on PATH", "put the folder of the command on PATH"))
    needed = [post_renders, has_command]
    # `helm plugin install` cannot install a getter, and Helm 4 finds none where HELM_PLUGINS is a list (run).
    if any(plugin.ours for plugin in there) and (helm.major == HELM_3 or len(helm.plugins) == 1):
        needed.append(gets_values)
    if not faults and not all(needed):
        faults.append(_absence(helm, there, render.err + verb.err + values.err))
    return Standing(helm, there, post_renders, has_command, gets_values, tuple(faults))


def as_words(setting: str) -> str:
    """A HELM_PLUGINS as one writes it before a command."""
    return f"HELM_PLUGINS={shlex.quote(setting)}"


def _damage(helm: Helm, there: tuple[Plugin, ...], others: tuple[Helm, ...]) -> list[Fault]:
    """What stops this helm from loading plugins."""
    faults = []
    newer = [plugin for plugin in there if plugin.major != HELM_3]
    if helm.major == HELM_3 and newer:
        paths = ", ".join(plugin.path for plugin in newer)
        faults.append(Fault(f"Helm 3 loads no plugin at all beside a Helm 4 plugin: {paths}", _away(newer, others)))
    first: dict[str, Plugin] = {}
    for plugin in there:
        other = first.setdefault(plugin.name, plugin)
        if other is not plugin:
            foreign = plugin if other.ours else other
            ours = plugin.name in shims.SHIMS[HELM_4]
            faults.append(
                Fault(
                    f"two plugins have the name `{plugin.name}`, which breaks all: {other.path}, {plugin.path}",
                    _instead(helm, [foreign], there) if ours else "remove one of them",
                )
            )
    return faults


def _absence(helm: Helm, there: tuple[Plugin, ...], output: str) -> Fault:
    """The fault where no known problem exists, but natsvalues cannot be called."""
    remedy = f"natsvalues plugin install --helm {shlex.quote(helm.program)}"
    own = shims.own_directory()
    placed = {plugin.name for plugin in shims.plugins_in([own])}
    if helm.major == HELM_4 and not helm.reads(own) and placed >= set(shims.SHIMS[HELM_4]):
        return Fault(
            f"the plugins are in {own}, which this helm does not read", f"run it with {as_words(_setting(helm, own))}"
        )
    foreign = [plugin for plugin in there if plugin.name == shims.NAME and not plugin.ours]
    if foreign and helm.major == HELM_4:
        return Fault(f"{foreign[0].path} has no post-renderer for Helm 4", remedy)
    if any(plugin.ours and plugin.major == helm.major for plugin in there):
        lines = output.strip().splitlines()
        return Fault(f"helm says: {lines[0] if lines else 'nothing'}", "fix what helm reports")
    return Fault("the plugins are not installed", remedy)
