"""What natsvalues says of one step, before it is taken: `post-render` with the prior release, and `diff`."""

from __future__ import annotations

from typing import NamedTuple

from natsvalues.cli.diff.comparison import Sides, compare
from natsvalues.cli.diff.decision import decision_of
from natsvalues.cli.phases import Phases
from natsvalues.cli.prior import refuse_losses
from natsvalues.cli.prior_release import Prior
from natsvalues.cli.region_release import region_release
from natsvalues.cli.state import Run
from natsvalues.diff.changes import About
from natsvalues.diff.sides import Side
from natsvalues.errors import ManyErrors, NatsvaluesError
from natsvalues.manifests.release import Release
from natsvalues.supercluster.kept import NOTHING_KEPT, Revision, Revisions

LOSSES = "NV-P001"
ANNOUNCING = ("identity", "data-loss")
"""The levels of `diff` after which a loss is no surprise."""
_HARMLESS = ("DI003", "DI004")
"""Names of clusters and gateways: identity to other regions; docs/impacts.md says that streams stay."""
_STOPPING = ("outage", "deadlock", *ANNOUNCING)
_OF_JETSTREAM = ("DI0", "DI1", "DI312", "DI427", "DI428", "DI514", "DI521", "DI601")
"""The impacts that speak of the servers and their groups, not of a client's port."""


class Said(NamedTuple):
    """What natsvalues says: codes of errors, impacts (id and level), warnings; and the release, if it made one."""

    release: str
    errors: tuple[str, ...] = ()
    impacts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether `post-render` refuses the step."""
        return bool(self.errors)

    @property
    def may_be_forced(self) -> bool:
        """Whether `--allow` would let it through, or the API server would accept it from another command."""
        return bool(self.release) and set(self.errors) <= {LOSSES} and "refused" not in self._levels()

    @property
    def announces_loss(self) -> bool:
        """Whether a loss would be no surprise."""
        levels = {impact.split()[1] for impact in self.impacts if not impact.startswith(_HARMLESS)}
        return LOSSES in self.errors or bool(levels & set(ANNOUNCING))

    @property
    def announces_stop(self) -> bool:
        """Whether it would be no surprise that JetStream stops."""
        return self.announces_loss or any(
            impact.startswith(_OF_JETSTREAM) and impact.split()[1] in _STOPPING for impact in self.impacts
        )

    def _levels(self) -> set[str]:
        return {impact.split()[1] for impact in self.impacts}


class Rendered(NamedTuple):
    """A release as helm renders it, for one region, and the folder of overlays."""

    text: str
    region: str
    overlays: str


def ask_post_render(rendered: Rendered, revisions: list[str]) -> Said:
    """What `post-render --prior` says of a rendering, and `diff` of its result; `revisions` are those before it."""
    try:
        result = region_release(rendered.text, "rendering.yaml", rendered.region, rendered.overlays, Run())
    except NatsvaluesError as error:
        return Said("", _codes(error), messages=_messages(error))
    text = result.release.text()
    warnings = tuple(notice.message for notice in result.notices if notice.level == "warning")
    said = Said(text, warnings=warnings)
    if revisions:
        try:
            refuse_losses(_prior(revisions), (), result)
        except NatsvaluesError as error:
            said = said._replace(errors=_codes(error), messages=_messages(error))
        said = said._replace(impacts=ask_diff(revisions[-1], text, rendered.region, rendered.overlays))
    return said


def _prior(revisions: list[str]) -> Prior:
    """The last revision, with those before it as Helm keeps them."""
    numbered = list(enumerate(revisions[:-1], 1))[::-1]
    earlier = Revisions(lambda: (Revision(number, "superseded", Release(text)) for number, text in numbered))
    return Prior(Release(revisions[-1], "prior.yaml"), NOTHING_KEPT._replace(earlier=earlier), {})


def ask_diff(old: str, new: str, region: str, overlays: str) -> tuple[str, ...]:
    """The impacts that `diff OLD NEW` reports, each with its level; an error's code with the level `refused`."""
    sides = [Side(About(label), Release(text, label)) for label, text in (("old.yaml", old), ("new.yaml", new))]
    try:
        found = compare(Sides(sides[0], sides[1], decision_of(region, overlays)), [], Phases())
    except NatsvaluesError as error:
        return tuple(f"{code} refused" for code in _codes(error))
    impacts = [f"{impact.id} {impact.level}" for _, _, impact in found.impacts()]
    impacts += [f"{note.id or 'note'} {note.level}" for note in found.notes if note.level != "none"]
    return tuple(dict.fromkeys(impacts))


def _codes(error: NatsvaluesError) -> tuple[str, ...]:
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    return tuple(dict.fromkeys(item.code for item in errors))


def _messages(error: NatsvaluesError) -> tuple[str, ...]:
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    return tuple(item.message for item in errors)
