"""A release that Helm has stored: the revision to compare with, what else Helm keeps, and where all that was read.

Measured (Helm 3.19 and 4.3, a release of ten revisions on loopback): one `helm get all` takes 0.1 s, one
`kubectl get secret` of all ten 0.13 s. Nearly always one revision is enough, and helm knows every place where releases
are stored; so others are read one by one, when they are wanted.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.helm_words import HelmWords, sort
from natsvalues.manifests.release import Release
from natsvalues.manifests.stored import deployed
from natsvalues.outside.helm import HelmRelease, history, release_of
from natsvalues.outside.kubeconfig import context_of
from natsvalues.records import NamedTuple
from natsvalues.supercluster.kept import DEPLOYED, Kept, Revision, Revisions

if TYPE_CHECKING:
    from collections.abc import Iterator


class Current(NamedTuple):
    """The revision to compare with, the newest one, and the others."""

    release: HelmRelease
    newest: HelmRelease
    context: str
    kept: Kept

    @property
    def label(self) -> str:
        """Which release was read, and where, for people."""
        return label_of(self.release, self.context)


class Place(NamedTuple):
    """Where helm looks for releases: the namespace, empty for the context's own, and the kube context if known."""

    namespace: str
    context: str

    def __str__(self) -> str:
        where = f"namespace `{self.namespace}`" if self.namespace else "the default namespace"
        return where + (f" of context `{self.context}`" if self.context else "")


def place_of(options: list[str]) -> Place:
    """The namespace and the kube context that these words of helm select, or what calls us does."""
    words = sort(options)
    stated = words.value("namespace") if isinstance(words, HelmWords) else None
    return Place(stated or os.environ.get("HELM_NAMESPACE") or "", context_of(options))


def label_of(release: HelmRelease, context: str) -> str:
    """A revision for people: release, revision, and the kube context where one is known."""
    name = f"{release.namespace}/{release.name}" if release.namespace else release.name
    return f"release {name}, revision {release.revision}" + (f", context {context}" if context else "")


def current(name: str, options: list[str]) -> Current | None:
    """The deployed revision, or the one that `--revision` in the options says; None if there is none.

    Raises NatsvaluesError if helm cannot read it.
    """
    newest = release_of(name, options)
    if newest is None:
        return None
    context = context_of(options)
    if "--revision" in options:
        at = options.index("--revision")
        place = [*options[:at], *options[at + 2 :]]
        return Current(newest, newest, context, Kept(Revisions(), _others(newest, place, context, later=False)))
    chosen = newest
    if newest.status != DEPLOYED:
        number = deployed(history(name, options))
        if number != newest.revision:
            chosen = release_of(name, [*options, "--revision", str(number)]) or newest
    earlier = _others(chosen, options, context, later=False)
    if chosen is newest:
        return Current(chosen, newest, context, Kept(Revisions(), earlier))
    return Current(chosen, newest, context, Kept(_others(chosen, options, context, later=True), earlier))


def _others(release: HelmRelease, options: list[str], context: str, *, later: bool) -> Revisions:
    """The kept revisions after or before one, from the newest to the oldest."""

    def read() -> Iterator[Revision]:
        if not later and release.revision == 1:
            return
        for number, _ in reversed(history(release.name, options)):
            if number == release.revision or (number > release.revision) != later:
                continue
            other = release_of(release.name, [*options, "--revision", str(number)])
            if other is not None:  # else Helm has pruned it meanwhile
                yield Revision(number, other.status, Release(other.manifest, label_of(other, context)))

    return Revisions(read)
