"""The Helm plugins that call `natsvalues` (shims): their files, how to find them, and atomic installation.

A shim is a directory with a plugin.yaml and, where Helm should complete commands, an executable. Nothing of
natsvalues itself is in it: the command is looked up on PATH, so an upgrade of natsvalues needs no new shim.

Helm 3 knows one format (strictly: it loads no plugin at all beside one of Helm 4), and runs `--post-renderer
natsvalues` from PATH. Helm 4 needs a plugin of the type postrenderer/v1 for that; it takes the name of a
command from `usage`, not from `name`, and two plugins of one name break both. Hence its pair.
"""

from __future__ import annotations

import glob
import os
import tempfile
from typing import TYPE_CHECKING

from natsvalues import __version__
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.outside.helms import HELM_3, HELM_4
from natsvalues.records import NamedTuple
from natsvalues.text.yamltree import YamlSyntaxError, compose, value

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "natsvalues"
LEGACY = "legacy"
POST_RENDERER = "postrenderer/v1"
MARKER = "# Written by `natsvalues plugin install`; `natsvalues plugin uninstall` removes it."
SUMMARY = "Join NATS Helm releases of several regions into a supercluster"
MANIFEST = "plugin.yaml"
COMPLETE = "plugin.complete"
GETTER = "getter"
GETTING_PLUGIN = f"{NAME}-getter"
EXECUTABLE = (COMPLETE, GETTER)

COMPLETION = """\
#!/bin/sh
# Helm runs this to complete `helm natsvalues ...`, with the arguments so far; the last one may be empty.
exec natsvalues completion helm -- "$@"
"""

GETTING = """\
#!/bin/sh
# Helm runs this for `-f natsvalues://REGION`: the command of a getter must be in the plugin's own folder.
exec natsvalues getter "$@"
"""

HELM3 = f"""\
{MARKER}
name: {NAME}
version: {__version__}
usage: natsvalues COMMAND
description: {SUMMARY}
platformCommand:
  - command: natsvalues
downloaders:
  - command: {GETTER}
    protocols: [natsvalues]
"""

HELM4_POST_RENDERER = f"""\
{MARKER}
apiVersion: v1
type: {POST_RENDERER}
name: {NAME}
version: {__version__}
runtime: subprocess
runtimeConfig:
  platformCommand:
    - command: natsvalues
      args: [post-render]
"""

HELM4_COMMAND = f"""\
{MARKER}
apiVersion: v1
type: cli/v1
name: {NAME}-cli
version: {__version__}
runtime: subprocess
config:
  usage: natsvalues COMMAND
  shortHelp: {SUMMARY}
runtimeConfig:
  platformCommand:
    - command: natsvalues
"""

HELM4_GETTER = f"""\
{MARKER}
apiVersion: v1
type: getter/v1
name: {GETTING_PLUGIN}
version: {__version__}
runtime: subprocess
config:
  protocols: [natsvalues]
runtimeConfig:
  protocolCommands:
    - protocols: [natsvalues]
      platformCommand:
        - command: {GETTER}
"""

SHIMS = {
    HELM_3: {NAME: {MANIFEST: HELM3, COMPLETE: COMPLETION, GETTER: GETTING}},
    HELM_4: {
        NAME: {MANIFEST: HELM4_POST_RENDERER},
        f"{NAME}-cli": {MANIFEST: HELM4_COMMAND, COMPLETE: COMPLETION},
        GETTING_PLUGIN: {MANIFEST: HELM4_GETTER, GETTER: GETTING},
    },
}
"""By Helm's major version: directory, file, text."""


class Plugin(NamedTuple):
    """A plugin in a plugins directory. `kind` is its v1 type or "legacy"; `ours` if we wrote it."""

    path: str
    name: str
    kind: str
    ours: bool

    @property
    def major(self) -> int:
        """The Helm it is written for."""
        return HELM_3 if self.kind == LEGACY else HELM_4

    @property
    def manifest(self) -> Where:
        """Its plugin.yaml."""
        return Where(os.path.join(self.path, MANIFEST))


def plugins_in(directories: Iterable[str]) -> tuple[Plugin, ...]:
    """The plugins that Helm loads from these directories: every `*/plugin.yaml`, hidden ones included."""
    plugins = []
    for directory in {os.path.realpath(directory): directory for directory in directories}.values():
        for path in sorted(glob.glob(os.path.join(glob.escape(directory), "*", MANIFEST), include_hidden=True)):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    text = file.read()
                manifest = value(compose(text))
            except (OSError, YamlSyntaxError):
                continue  # Helm reports what is wrong with it
            if isinstance(manifest, dict):
                kind = str(manifest.get("type")) if "apiVersion" in manifest else LEGACY
                ours = text.startswith(MARKER)
                plugins.append(Plugin(os.path.dirname(path), str(manifest.get("name")), kind, ours))
    return tuple(plugins)


def place(directory: str, major: int) -> bool:
    """Install the shims for a major version, each atomically; False if they are installed already.

    Raises NatsvaluesError if the directory cannot be written, or has something else of that name.
    """
    shims = {os.path.join(directory, name): files for name, files in SHIMS[major].items()}
    for path in shims:
        if os.path.lexists(path) and not any(plugin.ours and plugin.path == path for plugin in plugins_in([directory])):
            raise NatsvaluesError(
                "NV-G006",
                "the plugin's directory exists, and is not a plugin that natsvalues wrote",
                where=(Where(path),),
                hint="move it away",
            )
    missing = {path: files for path, files in shims.items() if _texts(path) != files}
    if not missing:
        return False
    try:
        os.makedirs(directory, exist_ok=True)
        # Helm reads `*/plugin.yaml`: one level deeper it does not see what is not finished yet.
        with tempfile.TemporaryDirectory(dir=directory, prefix=".natsvalues-") as temporary:
            for number, (path, files) in enumerate(missing.items()):
                new = os.path.join(temporary, f"new{number}")
                _write(new, files)
                if os.path.lexists(path):
                    os.rename(path, os.path.join(temporary, f"old{number}"))
                os.rename(new, path)
    except OSError as error:
        raise _unwritable(directory, error) from None
    return True


def remove(plugins: tuple[Plugin, ...]) -> None:
    """Remove our own shims. Raises NatsvaluesError if there are files in one that we did not write."""
    for plugin in plugins:
        strange = sorted(set(os.listdir(plugin.path)) - {MANIFEST, *EXECUTABLE})
        if strange:
            raise NatsvaluesError(
                "NV-G007", "the plugin has files that natsvalues did not write",
                where=tuple(Where(os.path.join(plugin.path, name)) for name in strange), hint="move them away",
            )  # fmt: skip
    for plugin in plugins:
        directory = os.path.dirname(plugin.path)
        try:
            with tempfile.TemporaryDirectory(dir=directory, prefix=".natsvalues-") as temporary:
                os.rename(plugin.path, os.path.join(temporary, "old"))
        except OSError as error:
            raise _unwritable(directory, error) from None


def own_directory() -> str:
    """The directory for the Helm 4 plugins when Helm 3 reads the usual plugins directory."""
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    base = base or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, NAME, "helm4-plugins")


def _texts(path: str) -> dict[str, str]:
    texts = {}
    for name in (MANIFEST, *EXECUTABLE):
        try:
            with open(os.path.join(path, name), encoding="utf-8") as file:
                texts[name] = file.read()
        except (OSError, UnicodeDecodeError):
            continue
    return texts


def _write(path: str, files: dict[str, str]) -> None:
    os.mkdir(path)
    for name, text in files.items():
        with open(os.path.join(path, name), "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        if name in EXECUTABLE:
            os.chmod(os.path.join(path, name), 0o755)  # noqa: S103  # any user of this Helm may run it


def _unwritable(directory: str, error: OSError) -> NatsvaluesError:
    return NatsvaluesError(
        "NV-G008", f"cannot write to the plugins directory: {error.strerror}", where=(Where(directory),),
        hint="name another one with --plugins, and give it to Helm in HELM_PLUGINS",
    )  # fmt: skip
