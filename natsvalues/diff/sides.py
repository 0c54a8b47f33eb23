"""One side of a comparison: a release's documents, and what else is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple
from natsvalues.supercluster.kept import NOTHING_KEPT

if TYPE_CHECKING:
    from natsvalues.diff.changes import About
    from natsvalues.manifests.release import Release
    from natsvalues.supercluster.kept import Kept


class Side(NamedTuple):
    """A release as it was, or as it would be.

    `hooks_known` is false where the stream came from something that leaves hooks out, as `helm get manifest` does.
    `values` are the user's own, None where they are not known. `kept` are the other revisions that Helm keeps.
    """

    about: About
    release: Release
    hooks_known: bool = True
    values: dict[str, Any] | None = None
    kept: Kept = NOTHING_KEPT
