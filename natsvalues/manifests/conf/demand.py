"""A demand: settings that need or exclude each other, besides their keys and forms.

Each has a configuration that is refused and one that is not; tests ask real servers of every pinned version. `STORE` in
them stands for a folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from natsvalues.manifests.conf.usual import Path, Settings
    from natsvalues.manifests.server import Release

    Check = Callable[[Settings], Iterator[tuple[Path, str]]]


class Demand(NamedTuple):
    """One demand, as a sentence. What refuses it is as in `Fault`.

    `check` gives the path and the details of each place where it is not met.
    """

    name: str
    by: Literal["parser", "start", "test"]
    sentence: str
    remedy: str
    fails: str
    passes: str
    check: Check
    since: Release | None = None

    def holds_for(self, release: Release) -> bool:
        """Whether servers of this release demand it."""
        return self.since is None or release >= self.since


def demand(  # noqa: PLR0913   # a demand's documentation, mostly by keyword
    name: str,
    by: Literal["parser", "start", "test"],
    remedy: str,
    *,
    fails: str,
    passes: str,
    since: Release | None = None,
) -> Callable[[Check], Demand]:
    """Make a demand of the check below; its docstring is the sentence."""

    def decorate(check: Check) -> Demand:
        return Demand(name, by, check.__doc__ or "", remedy, fails, passes, check, since)

    return decorate
