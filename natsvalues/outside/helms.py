"""Find the helms of this machine: their major version, and the directories each reads its plugins from.

Both come from helm itself (`helm version`, `helm env`, as run with 3.19.0 and 4.3.1), never from a guess: they
include the effects of HELM_PLUGINS, HELM_DATA_HOME and a distribution's build.
"""

from __future__ import annotations

import os
import re
import shutil

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.outside.commands import Done, patience, run
from natsvalues.records import NamedTuple

SECONDS = 30
HELM_3, HELM_4 = 3, 4
_NAME = re.compile(r"helm(?:-?v?\d+(?:\.\d+)*)?(?:\.exe)?")
_VERSION = re.compile(r"\bv(\d+)\.(\d+)\.(\d+)")


class Helm(NamedTuple):
    """One helm: `program` is its path, `plugins` are the directories it reads, in its order."""

    program: str
    version: str
    plugins: tuple[str, ...]

    @property
    def major(self) -> int:
        """3 or 4."""
        return int(self.version.partition(".")[0])

    def reads(self, directory: str) -> bool:
        """Whether plugins in this directory are its plugins."""
        return os.path.realpath(directory) in map(os.path.realpath, self.plugins)


def ask(program: str, *arguments: str, plugins: tuple[str, ...] = ()) -> Done:
    """Run a helm, with HELM_PLUGINS as given or as it is. Raises NatsvaluesError if it cannot be run."""
    there = {"HELM_PLUGINS": os.pathsep.join(plugins)} if plugins else {}
    seconds = min(SECONDS, patience())
    try:
        return run([program, *arguments], seconds=seconds, env=os.environ | there)
    except TimeoutError:
        raise NatsvaluesError(
            "NV-G001", f"`helm {arguments[0]}` did not answer within {seconds:g} s", where=(Where(program),),
            hint="name another helm with --helm",
        ) from None  # fmt: skip
    except FileNotFoundError:
        raise NatsvaluesError(
            "NV-G001", "helm does not exist any more", where=(Where(program),), hint="name another helm with --helm"
        ) from None


def chosen(requested: str | None) -> Helm:
    """The requested helm, else HELM_BIN (set for helm's plugins), else `helm` on PATH."""
    name = requested or os.environ.get("HELM_BIN") or "helm"
    program = shutil.which(name)
    if program is None:
        there = ", ".join(helm.program for helm in on_path())
        raise NatsvaluesError(
            "NV-G002", f"there is no `{name}`" + (" on PATH" if os.path.basename(name) == name else ""),
            hint=f"name one with --helm: {there}" if there else "install helm, or name it with --helm",
        )  # fmt: skip
    return look_at(program)


def look_at(program: str) -> Helm:
    """The version and plugins directories of a helm. Raises NatsvaluesError for a program that is no Helm 3 or 4."""
    version = ask(program, "version", "--short")
    version_match = _VERSION.search(version.out)
    if version.code or version_match is None or int(version_match[1]) not in (HELM_3, HELM_4):
        output = [*(version.out or version.err).strip().splitlines(), "nothing"]
        raise NatsvaluesError(
            "NV-G003", f"not Helm 3 or 4: `version` prints {output[0]!r}", where=(Where(program),),
            hint="name another helm with --helm",
        )  # fmt: skip
    directories = ask(program, "env", "HELM_PLUGINS").out.strip()
    plugins = tuple(path for path in directories.split(os.pathsep) if path)
    if not plugins:
        raise NatsvaluesError(
            "NV-G003", "`helm env HELM_PLUGINS` names no directory", where=(Where(program),),
            hint="set HELM_PLUGINS, or name a directory with --plugins",
        )  # fmt: skip
    return Helm(program, version_match[0].lstrip("v"), plugins)


def on_path() -> tuple[Helm, ...]:
    """Every helm on PATH, also under names such as helm3 and helm-v4.3.1; each once, what fails is left out."""
    helms: dict[str, Helm] = {}
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        for name in filter(_NAME.fullmatch, names):
            program = os.path.join(folder, name)
            if os.path.realpath(program) in helms or not (os.path.isfile(program) and os.access(program, os.X_OK)):
                continue
            try:
                helms[os.path.realpath(program)] = look_at(program)
            except NatsvaluesError:
                continue  # another program of that name
    return tuple(helms.values())


def all_helms(first: Helm) -> tuple[Helm, ...]:
    """The chosen helm, and every other one on PATH."""
    same = os.path.realpath(first.program)
    return (first, *(helm for helm in on_path() if os.path.realpath(helm.program) != same))
