"""The releases of a comparison: files, standard input, exported releases, and releases in the cluster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from natsvalues.cli.plain_files import plain_file
from natsvalues.cli.streams import read_stream
from natsvalues.diff.changes import About, Note
from natsvalues.diff.sides import Side
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.files import STANDARD_INPUT
from natsvalues.manifests.objects import HOOK, entries
from natsvalues.manifests.plain import plain_release
from natsvalues.manifests.release import Release
from natsvalues.manifests.stored import TYPE, Hook, Stored, revisions
from natsvalues.supercluster.kept import DEPLOYED, Kept, Revision, Revisions

if TYPE_CHECKING:
    from natsvalues.outside.helm import HelmRelease

RELEASE = "release:"
EMPTY = "nothing"
PLAIN = "nats.conf"
"""What a plain file is called on both sides, wherever it lies: a server has one."""


def side_of(word: str, cluster: list[str], version: str | None = None) -> tuple[Side, list[Note]]:
    """The release that a word of the command line names: `release:[NAMESPACE/]NAME[@REVISION]`, a file, or `-`.

    `cluster` are the options of helm that select a cluster, `version` is that of the server of a plain nats.conf.
    Raises NatsvaluesError.
    """
    if word.startswith(RELEASE):
        from natsvalues.outside.helm import reference

        name, options = reference(word.removeprefix(RELEASE))
        stored = stored_release(name, [*cluster, *options])
        if stored is None:
            raise no_such_release(name, options, word)
        return stored
    return from_file(word, version), []


def no_such_release(name: str, options: list[str], label: str = "") -> NatsvaluesError:
    """The error for a release, or the revision of it in the options, that does not exist."""
    from natsvalues.cli.stored import place_of

    at = options.index("--revision") if "--revision" in options else len(options)
    revision = f" with revision {options[at + 1]}" if at < len(options) else ""
    return NatsvaluesError(
        "NV-D002",
        f"there is no release `{name}`{revision} in {place_of(options[:at] + options[at + 2 :])}",
        where=(Where(label or f"release:{name}"),),
        hint=f"helm history {name} lists its revisions, helm list --all-namespaces the releases"
        if revision
        else "helm list --all-namespaces lists the releases; -n and --kube-context select where to look;\n"
        "--allow-unreleased compares with nothing",
    )


def stored_release(name: str, options: list[str]) -> tuple[Side, list[Note]] | None:
    """A release in the cluster, with its hooks and values; None if it does not exist."""
    from natsvalues.cli.stored import current
    from natsvalues.outside.helm import values_of

    stored = current(name, options)
    if stored is None:
        return None
    release = stored.release
    notes = [_not_deployed(stored.newest, release.revision)] if release.revision != stored.newest.revision else []
    # The values of the same revision, even if the release is upgraded meanwhile.
    values = values_of(name, _at_revision(options, release.revision))
    side, more = side_of_stored(_stored(release, values), stored.label)
    return side._replace(about=side.about._replace(context=stored.context), kept=stored.kept), [*notes, *more]


def _not_deployed(release: HelmRelease, revision: int) -> Note:
    return Note(
        "none",
        f"the last revision of `{release.name}`, {release.revision}, is {release.status}: this diff compares with "
        f"{revision}, the last deployed one",
        f"helm history {release.name}; --live shows the state of the cluster, --revision N compares with another one",
    )


def _at_revision(options: list[str], revision: int) -> list[str]:
    return [*options, "--revision", str(revision)] if "--revision" not in options else options


def _stored(release: HelmRelease, values: dict[str, Any]) -> Stored:
    hooks = tuple(Hook(path, text) for path, text in release.hooks)
    return Stored(release.name, release.namespace, release.revision, release.status, release.chart,
                  release.app_version, release.manifest, hooks, values)  # fmt: skip


def side_of_stored(stored: Stored, label: str) -> tuple[Side, list[Note]]:
    """A stored revision, and a note if it may not be what runs."""
    about = About(label, stored.name, stored.namespace, stored.revision, stored.chart, stored.app_version)
    notes = []
    if stored.status not in ("", DEPLOYED, "superseded"):
        notes.append(
            Note(
                "none",
                f"revision {stored.revision} of `{stored.name}` is {stored.status}: an earlier one may be running",
                f"helm history {stored.name}; --revision N compares with another one",
            )
        )
    return Side(about, Release(stored.stream, label), values=stored.values), notes


def from_file(path: str, version: str | None = None) -> Side:
    """A manifest file, standard input (`-`), an exported release, or a plain nats.conf, whose server has this version.

    `FILE@REVISION` selects one of several revisions of an exported release. Raises NatsvaluesError (NV-D004) for an
    empty file, and for a revision that it does not have.
    """
    revision = ""
    if path != "-" and not os.path.exists(path) and "@" in path:
        path, _, revision = path.rpartition("@")
    file = STANDARD_INPUT if path == "-" else path
    text = read_stream(None if path == "-" else path)
    release = Release(text, file)
    if release.is_empty:
        raise NatsvaluesError(
            "NV-D004", "the file is empty: there is nothing to compare", where=(Where(file),),
            hint="use the output of helm template or helm get manifest",
        )  # fmt: skip
    plain = plain_file(text, file)
    if plain is not None:
        return Side(About(file), plain_release(plain, PLAIN, version=version))
    exported = _exported(release, file)
    if exported:
        return _at(exported, revision, file)
    if revision:
        raise NatsvaluesError(
            "NV-D004", "a revision of a file that is not an exported release", where=(Where(file),),
            hint="remove @REVISION",
        )  # fmt: skip
    # Helm's stored manifests leave hooks out; a stream with one hook has all of them.
    return Side(About(file), release, hooks_known=bool(release.mentioning(HOOK)))


def _exported(release: Release, file: str) -> list[Stored]:
    numbers = {number for word in (TYPE, "owner") for number in release.mentioning(word, "release", "sh.helm")}
    return revisions(entries(release, sorted(numbers)), Where(file))


def _at(exported: list[Stored], revision: str, file: str) -> Side:
    """One revision of an exported release: the given one, else the last."""
    number = int(revision) if revision.isdigit() else max(item.revision for item in exported)
    matching = [item for item in exported if item.revision == number]
    several = len({(item.namespace, item.name) for item in exported}) > 1
    if not matching or several or (revision and not revision.isdigit()):
        available = ", ".join(f"{item.name} revision {item.revision}" for item in exported)
        raise NatsvaluesError("NV-D004", "the file has several releases, or not this revision", where=(Where(file),),
                              hint=f"it has: {available}; FILE@REVISION selects one")  # fmt: skip
    side, _ = side_of_stored(matching[0], file)
    earlier = sorted((item for item in exported if item.revision < number), key=lambda item: -item.revision)
    kept = (Revision(item.revision, item.status, Release(item.manifest, file)) for item in earlier)
    return side._replace(kept=Kept(Revisions(), Revisions(lambda: kept)))


def nothing(region: str = "") -> Side:
    """A side without anything, such as the old one of a first installation."""
    return Side(About(EMPTY, region=region), Release("", EMPTY), values=None)


def nothing_released(name: str, options: list[str]) -> tuple[Side, list[Note]]:
    """The old side of a release that does not exist, and a note that says where it was looked for."""
    from natsvalues.cli.stored import place_of

    place = place_of(options)
    note = Note(
        "none",
        f"there is no release `{name}` in {place}, so this compares with nothing",
        "If there should be one: helm list --all-namespaces lists the releases; -n and --kube-context select where to "
        "look.",
    )
    about = About(EMPTY, name, place.namespace, context=place.context)
    return nothing()._replace(about=about), [note]


def rendered_side(text: str, label: str, about: About, *, hooks: bool, values: dict[str, Any] | None) -> Side:
    """What helm rendered, as the new side. Raises NatsvaluesError (NV-D004) if that is empty."""
    if Release(text, label).is_empty:
        raise NatsvaluesError(
            "NV-D004", "helm rendered nothing", where=(Where(label),), hint="see what helm template prints"
        )
    return Side(about, Release(text, label), hooks_known=hooks, values=values)
