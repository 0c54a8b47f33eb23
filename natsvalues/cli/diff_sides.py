"""Where the two sides of a diff come from: files, standard input, stored releases, the cluster, the chart."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from natsvalues.cli.streams import STANDARD_INPUT, read_stream
from natsvalues.diff.changes import About, Note
from natsvalues.diff.sides import Side
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.objects import HOOK, entries
from natsvalues.manifests.release import Release
from natsvalues.manifests.stored import TYPE, Hook, Stored, revisions

if TYPE_CHECKING:
    from natsvalues.outside.helm import HelmRelease

RELEASE = "release:"
EMPTY = "nothing"
DEPLOYED = "deployed"


def named(text: str, cluster: list[str]) -> tuple[Side, list[Note]]:
    """The side that a word names: `release:[NAMESPACE/]NAME[@REVISION]`, a file, or `-`.

    `cluster` are helm's options that say which.
    """
    if text.startswith(RELEASE):
        from natsvalues.outside.helm import reference

        name, options = reference(text.removeprefix(RELEASE))
        found = stored(name, [*cluster, *options])
        if found is None:
            raise no_such_release(name, options, text)
        return found
    return from_file(text), []


def no_such_release(name: str, options: list[str], label: str = "") -> NatsvaluesError:
    """The error for a release, or the revision of it that the options name, that is not there."""
    revision = f" with revision {options[options.index('--revision') + 1]}" if "--revision" in options else ""
    return NatsvaluesError(
        "NV-D002",
        f"there is no release `{name}`{revision}",
        where=(Where(label or f"release:{name}"),),
        hint=f"helm history {name} lists its revisions, helm list --all-namespaces the releases"
        if revision
        else "helm list --all-namespaces lists them; --allow-unreleased compares with nothing",
    )


def stored(name: str, options: list[str]) -> tuple[Side, list[Note]] | None:
    """A release in the cluster, with its hooks and values; None if there is none of that name."""
    from natsvalues.outside.helm import deployed, release_of, values_of

    found = release_of(name, options)
    if found is None:
        return None
    notes = []
    if found.status != DEPLOYED and "--revision" not in options:
        revision = deployed(name, options)  # from which Helm itself works out what to change
        if revision != str(found.revision):
            notes.append(_passed_over(found, revision))
            found = release_of(name, [*options, "--revision", revision]) or found
    # Of the same revision, whatever is upgraded meanwhile.
    values = values_of(name, _at_revision(options, found.revision))
    side, more = of_stored(_stored(found, values), f"release {found.name}, revision {found.revision}")
    return side, [*notes, *more]


def _passed_over(found: HelmRelease, revision: str) -> Note:
    return Note(
        "none",
        f"the last revision of `{found.name}`, {found.revision}, is {found.status}: compared with {revision}, which is "
        "the last one deployed",
        f"helm history {found.name}; --live shows what the cluster has, --revision N compares with another one",
    )


def _at_revision(options: list[str], revision: int) -> list[str]:
    return [*options, "--revision", str(revision)] if "--revision" not in options else options


def _stored(found: HelmRelease, values: dict[str, Any]) -> Stored:
    hooks = tuple(Hook(path, text) for path, text in found.hooks)
    return Stored(found.name, found.namespace, found.revision, found.status, found.chart, found.app_version,
                  found.manifest, hooks, values)  # fmt: skip


def of_stored(found: Stored, label: str) -> tuple[Side, list[Note]]:
    """A stored revision as a side, and what is to be said of it."""
    about = About(label, found.name, found.namespace, found.revision, found.chart, found.app_version)
    notes = []
    if found.status not in ("", DEPLOYED, "superseded"):
        notes.append(
            Note(
                "none",
                f"revision {found.revision} of `{found.name}` is {found.status}: what runs may be of an earlier one",
                f"helm history {found.name}; --revision N compares with another one",
            )
        )
    return Side(about, Release(found.stream, label), values=found.values), notes


def from_file(path: str) -> Side:
    """A manifest file, standard input (`-`), or an exported release; `FILE@REVISION` of a file with several."""
    wanted = ""
    if path != "-" and not os.path.exists(path) and "@" in path:
        path, _, wanted = path.rpartition("@")
    file = STANDARD_INPUT if path == "-" else path
    release = Release(read_stream(None if path == "-" else path), file)
    if release.is_empty:
        raise NatsvaluesError(
            "NV-D004", "the file is empty: there is nothing to compare", where=(Where(file),),
            hint="give what helm template or helm get manifest prints",
        )  # fmt: skip
    found = _exported(release, file)
    if found:
        return _chosen(found, wanted, file)
    if wanted:
        raise NatsvaluesError(
            "NV-D004", "a revision of a file that holds no stored release", where=(Where(file),),
            hint="leave @REVISION out",
        )  # fmt: skip
    # Helm's stored manifests leave hooks out; a stream that has one has them all.
    return Side(About(file), release, hooks_known=bool(release.mentioning(HOOK)))


def _exported(release: Release, file: str) -> list[Stored]:
    numbers = {number for word in (TYPE, "owner") for number in release.mentioning(word, "release", "sh.helm")}
    return revisions(entries(release, sorted(numbers)), Where(file))


def _chosen(found: list[Stored], wanted: str, file: str) -> Side:
    revision = int(wanted) if wanted.isdigit() else max(item.revision for item in found)
    chosen = [item for item in found if item.revision == revision]
    if not chosen or len({(item.namespace, item.name) for item in found}) > 1 or (wanted and not wanted.isdigit()):
        there = ", ".join(f"{item.name} revision {item.revision}" for item in found)
        raise NatsvaluesError("NV-D004", "no such revision in the file, or several releases", where=(Where(file),),
                              hint=f"there is: {there}; FILE@REVISION chooses one")  # fmt: skip
    side, _ = of_stored(chosen[0], file)
    return side


def nothing() -> Side:
    """The side before a first installation."""
    return Side(About(EMPTY), Release("", EMPTY), values=None)


def rendered_stream(text: str, label: str, about: About, *, hooks: bool, values: dict[str, Any] | None) -> Side:
    """What helm rendered, as the new side."""
    if Release(text, label).is_empty:
        raise NatsvaluesError(
            "NV-D004", "helm rendered nothing", where=(Where(label),), hint="look at it: helm template …"
        )
    return Side(about, Release(text, label), hooks_known=hooks, values=values)


def told(text: str) -> None:
    """A remark on standard error, which is never part of a report."""
    sys.stderr.write(text + "\n")
