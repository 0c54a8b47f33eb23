"""Values with which the chart alone renders what post-rendering would make of it.

The edits are decided where they always are: the pipeline post-renders what the chart makes of the user's values
(`chart_objects`), and what then differs is said in the chart's own words. First through the settings it has for it,
then through `merge`, then through `patch`; after each step the chart's rendering is made again, and what still
differs is left to the next. So what comes out is right, or an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.delivery.chart_objects import (
    CONFIG_FILE,
    CONFIG_MAP,
    INSTANCE,
    STATEFUL_SET,
    Role,
    fullname,
    objects,
    stream,
)
from natsvalues.delivery.chart_values import Chart, Places, Values, common_labels, completed, ignored
from natsvalues.delivery.differences import differences
from natsvalues.delivery.knobs import knobs
from natsvalues.delivery.sections import LEVELS, Setting, Subject, in_configuration, in_object, injected
from natsvalues.delivery.templates import FULLNAME
from natsvalues.errors import ManyErrors, NatsvaluesError, Where
from natsvalues.manifests.release import Release
from natsvalues.manifests.stamps import CHART_CHECKSUM, RESTART_DIGEST
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.pipeline import render
from natsvalues.text.natsconf import read, symbolic
from natsvalues.text.paths import Op, dotted
from natsvalues.text.yamledit import changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from natsvalues.overlays.patches import Receipt
    from natsvalues.overlays.pipeline import Result
    from natsvalues.overlays.plan import Plan

_BY_NAME = {"NV-T052", "NV-E001"}
"""Patches of the user's own that name an object, or look for its name."""
RENDERING = "what the chart renders"


class Made(NamedTuple):
    """The operations that turn the user's values into the region's, in order, and what a person should know.

    `settings` say the same in the order of the operations, with reasons.
    """

    ops: tuple[Op, ...]
    values: Values
    settings: tuple[Setting, ...]
    notices: tuple[Notice, ...]
    chart: Chart


def values_for(plan: Plan, given: Values, asked: Chart, places: Places, release: str | None = None) -> Made:
    """The region's values: the user's, and what the region needs. Raises NatsvaluesError, as post-rendering would.

    `release` is Helm's name for it, which only patches of the user's own need that name an object.
    """
    warnings = [*ignored(given, asked, places), *_releases(given, places)]
    name = fullname(release, given) if release else plan.region.nats.name or FULLNAME
    rendered = objects(completed(given, asked, places), places, name)
    try:
        result = render(Release(stream(rendered), RENDERING), plan)
    except NatsvaluesError as error:
        if name == FULLNAME and error.code in _BY_NAME:
            error.hint += "\nwith --release NAME it is known what the objects are called"
        raise _relocated(error, places) from None
    wanted = _wanted(result, list(rendered))
    work = _Work(given, _About(asked, places, name, result.receipts, wanted))
    work.take(knobs(work.completed(), wanted, result.receipts))
    work.take(injected(item.manifest.value, work.common, result.receipts) for item in result.release.added.values())
    for level in LEVELS:
        work.settle(level)
    left = sorted({_told(role, op) for role, op, _ in work.missing()})
    if left:
        raise NatsvaluesError(
            "NV-V004",
            f"the chart's values cannot say what the region needs: {', '.join(left)}",
            where=(places.where(()),),
            hint="something in these values comes after all that natsvalues can set: take it out, or post-render",
        )
    notices = tuple(notice._replace(where=_places_of(notice.where, places)) for notice in result.notices)
    return Made(tuple(work.ops), work.values, tuple(work.settings), (*warnings, *notices), asked)


def _releases(given: Values, places: Places) -> Iterator[Notice]:
    """A note for each Service of the user's that names a release, which nothing else in the values does."""
    for number, item in enumerate(given.get("extraResources") or []):
        spec = item.get("spec") if isinstance(item, dict) else None
        selector = spec.get("selector") if isinstance(spec, dict) else None
        release = selector.get(INSTANCE) if isinstance(selector, dict) else None
        if isinstance(release, str):
            where = (places.where(("extraResources", number, "spec", "selector", INSTANCE)),)
            yield Notice("note", f"taken to be values for a release called `{release}`, which this selects", where)


def _told(role: Role, op: Op) -> str:
    return f"{'.'.join(map(str, role))}: {op.op} {dotted(op.path)}"


def _wanted(result: Result, roles: list[Role]) -> dict[Role, Any]:
    """What post-rendering made of each object of the chart, without what restarts pods (here the checksum does)."""
    wanted: dict[Role, Any] = {}
    for number, role in enumerate(roles, result.nats.config_map.number):
        manifest = result.release.manifest(number)
        wanted[role] = manifest.value if manifest is not None else None
    path = ("spec", "template", "metadata", "annotations")
    for name in (RESTART_DIGEST, CHART_CHECKSUM):
        wanted[STATEFUL_SET] = _without(wanted[STATEFUL_SET], (*path, name))
    return wanted


def _without(document: Any, path: tuple[str, ...]) -> Any:
    at = document
    for key in path:
        at = at.get(key) if isinstance(at, dict) else None
    return document if at is None else changed(document, "remove", path, None)


class _About(NamedTuple):
    """What stays the same while values are worked out; `name` is what the chart calls its objects."""

    asked: Chart
    places: Places
    name: str
    receipts: tuple[Receipt, ...]
    wanted: dict[Role, Any]


class _Work:
    """The values as they grow."""

    def __init__(self, given: Values, about: _About) -> None:
        self.values = given
        self.about = about
        self.common = common_labels(given)
        self.ops: list[Op] = []
        self.settings: list[Setting] = []

    def completed(self) -> Values:
        """The values as the chart sees them."""
        return completed(self.values, self.about.asked, self.about.places)

    def missing(self) -> Iterable[tuple[Role, Op, bool]]:
        """What still differs: whose, the operation that mends it, and whether it is inside nats.conf."""
        rendered = objects(self.completed(), self.about.places, self.about.name)
        for role, wanted in self.about.wanted.items():
            have, want = rendered[role], wanted
            if role == CONFIG_MAP:
                old, new = have["data"][CONFIG_FILE], want["data"][CONFIG_FILE]
                for op in differences(symbolic(read(old)), symbolic(read(new))):
                    yield role, op, True
                have = _without(have, ("data", CONFIG_FILE))
                want = _without(want, ("data", CONFIG_FILE))
            for op in differences(have, want):
                yield role, op, False

    def settle(self, level: str) -> None:
        """Say what differs on one level, and keep of it what helps there."""
        before = (self.values, list(self.ops), list(self.settings))
        said = self._say(level, lambda _: True)
        failed = {_told(role, op) for role, op, _ in self.missing()}
        if said & failed:
            self.values, self.ops, self.settings = before
            self._say(level, lambda told: told not in failed)

    def _say(self, level: str, helps: Callable[[str], bool]) -> set[str]:
        said: set[str] = set()
        complete = self.completed()
        rendered = objects(complete, self.about.places, self.about.name)
        for role, op, inside in list(self.missing()):
            told = _told(role, op)
            if not helps(told):
                continue
            if inside:
                setting = in_configuration(op, level, complete["config"], self.about.receipts)
            else:
                subject = Subject(role, rendered[role], self.values, self.common, self.about.receipts)
                setting = in_object(op, level, subject)
            if setting is not None:
                self.take([setting])
                said.add(told)
        return said

    def take(self, settings: Iterable[Setting]) -> None:
        """Make settings part of the values."""
        for setting in settings:
            op = setting.op(self.values)
            self.values = changed(self.values, op.op, op.path, op.value)  # type: ignore[arg-type]  # keys and numbers
            self.ops.append(op)
            self.settings.append(setting)


def _relocated(error: NatsvaluesError, places: Places) -> NatsvaluesError:
    """The error with the user's values as its place, where it speaks of a rendering that nobody has."""
    for one in error.errors if isinstance(error, ManyErrors) else (error,):
        one.where = _places_of(one.where, places)
    return error


def _places_of(where: tuple[Where, ...], places: Places) -> tuple[Where, ...]:
    file = places.files[-1][0] if places.files else "the chart's values"
    return tuple(Where(file, field=place.field) if place.file == RENDERING else place for place in where)
