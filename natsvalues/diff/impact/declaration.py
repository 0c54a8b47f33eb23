"""What an impact is: its manual, and the function that sees it.

An impact is one kind of consequence, declared as a lint rule is: a function with its manual on top. Its docstring
says what causes it, and it returns the message for one case, or None. The examples are pairs of releases of one
region of the example supercluster of `natsvalues/lint/rule.py`: `old` and `new` hold JSON merge patches of either
side, in the parts that lint's examples have, and parts beside them count for both sides. `region` is the region
(`us-east`), `roll: true` changes the pod template, so that the pods restart, and null for `service` or `statefulSet`
removes that object; `empty: true` makes a side empty, as before a first installation. `live` changes the old release
in the cluster, with `kubectl edit`, and `gone` in it names an object that is deleted there; `serverSide: true`: Helm
applies on the server's side. `unlisted` are regions whose new releases do not list this one. `at` is the change that
has the impact, spelled as for `--ignore`: `KIND/NAME:PATH`, or `KIND/NAME` for an object that is added, removed or
renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.diff.changes import Impact
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.diff.changes import Level

Target = Literal["change", "object", "release", "live"]


class Consequence(NamedTuple):
    """What a change does in one case. `remedy` and `source` only where the declared ones are too general.

    An empty remedy says that nothing is left to do; None stands for the declared one.
    """

    message: str
    remedy: str | None = None
    source: str = ""


class Declared(NamedTuple):
    """One impact with its documentation.

    `check` gets, by `applies_to`: `change` the context, the object and one of its changes; `object` the context
    and an object that is added, removed or renamed; `release` the context alone; `live` a `Drift`.
    """

    id: str
    name: str
    level: Level
    applies_to: Target
    what: str
    why: str
    source: str
    remedy: str
    fails: str
    passes: str
    check: Callable[..., Consequence | str | None]

    def impact(self, consequence: Consequence | str) -> Impact:
        """The impact of one case, with the declared remedy and source where the case has none of its own."""
        if isinstance(consequence, str):
            consequence = Consequence(consequence)
        message, remedy, source = consequence
        return Impact(self.level, message, source or self.source, self.remedy if remedy is None else remedy, self.id)


def impact(  # noqa: PLR0913   # a manual, by keyword
    code: str,
    name: str,
    level: Level,
    applies_to: Target = "change",
    *,
    why: str,
    source: str,
    fails: str,
    passes: str,
    remedy: str = "",
) -> Callable[[Callable[..., Consequence | str | None]], Declared]:
    """Declare an impact of the function below. Ids are never used again for something else."""

    def declared(check: Callable[..., Consequence | str | None]) -> Declared:
        what = " ".join((check.__doc__ or "").split())
        return Declared(code, name, level, applies_to, what, why, source, remedy, fails, passes, check)

    return declared
