"""Values with which the chart alone renders what post-rendering gives.

The pipeline decides the edits: it post-renders helm's rendering of the user's chart and values. What then differs is
expressed in the chart's values: first with the chart's own settings, then in `merge`, then in `patch`. After each level
helm renders the chart again, and the next level takes what still differs. So the result is right, or an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.delivery.equality import unequal
from natsvalues.delivery.knobs import knobs
from natsvalues.delivery.names import ANY_RELEASE
from natsvalues.delivery.rendering import CONFIG_MAP, EXTRA_RESOURCES, RENDERING, rendered
from natsvalues.delivery.sections import LEVELS, Setting, Subject, added, in_configuration, in_object
from natsvalues.errors import ManyErrors, NatsvaluesError, Where
from natsvalues.manifests.chart import INSTANCE_LABEL
from natsvalues.manifests.chart_values import keys_of_setting
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.pipeline import render as post_render
from natsvalues.records import NamedTuple
from natsvalues.text.yamledit import changed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.delivery.equality import Difference
    from natsvalues.delivery.rendering import Render, Rendering, Values
    from natsvalues.delivery.values_file import Places
    from natsvalues.manifests.server import ServerVersion
    from natsvalues.overlays.pipeline import Result
    from natsvalues.overlays.plan import Plan
    from natsvalues.text.paths import Op

_BY_NAME = {"NV-T052", "NV-E001"}
"""Errors of patches in the overlay that name an object."""
_HELM_FAILED = "NV-H003"


class RegionValues(NamedTuple):
    """The region's values: the user's, changed by `ops` in this order.

    `settings` are the same changes with reasons. The versions are those of the chart, and of the server it runs.
    """

    values: Values
    ops: tuple[Op, ...]
    settings: tuple[Setting, ...]
    notices: tuple[Notice, ...]
    chart_version: str
    server_version: ServerVersion


def region_values(
    plan: Plan, given: Values, render: Render, places: Places, release: str | None = None
) -> RegionValues:
    """The region's values: the user's, and what the region needs.

    `release` is the release's name. Without one the values are valid for a release of any name, unless the overlay
    or the user's values name one.
    Raises NatsvaluesError, as post-rendering does; for values that helm does not render; and if the chart's values
    cannot express what the region needs.
    """
    selected, notices = _selected_release(given, places)
    name = release or selected or plan.region.nats.name or ANY_RELEASE
    try:
        before = rendered(given, render, name)
    except NatsvaluesError as error:
        raise _placed(error, places, "NV-V002", "helm does not render the chart with these values") from None
    try:
        result = post_render(before.release, plan)
    except NatsvaluesError as error:
        if name == ANY_RELEASE and error.code in _BY_NAME:
            error.hint += "\nset the release's name: --release NAME"
        raise _relocated(error, places) from None
    search = _Search(before, given, render, name, result)
    try:
        left = search.run()
    except NatsvaluesError as error:
        raise _placed(error, places, "NV-V004", "helm does not render the chart with what the region needs") from None
    if left:
        raise NatsvaluesError(
            "NV-V004",
            f"the chart's values cannot express what the region needs: {', '.join(sorted(set(map(str, left))))}",
            where=(places.where(()),),
            hint="these values override what natsvalues sets: remove that part, or use the post-renderer",
        )
    for notice in result.notices:
        keys = keys_of_setting(given, notice.setting)
        where = (places.where(keys),) if keys else _places_of(notice.where, places)
        notices.append(notice._replace(where=where))
    versions = (before.chart_version, result.nats.version)
    return RegionValues(search.values, tuple(search.ops), tuple(search.settings), tuple(notices), *versions)


def _selected_release(given: Values, places: Places) -> tuple[str | None, list[Notice]]:
    """The release whose pods a Service in the user's values selects by name, with a note about it."""
    extra = given.get(EXTRA_RESOURCES)
    for number, item in enumerate(extra if isinstance(extra, list) else []):
        spec = item.get("spec") if isinstance(item, dict) else None
        selector = spec.get("selector") if isinstance(spec, dict) else None
        release = selector.get(INSTANCE_LABEL) if isinstance(selector, dict) else None
        if isinstance(release, str):
            where = (places.where((EXTRA_RESOURCES, number, "spec", "selector", INSTANCE_LABEL)),)
            message = f"these values are for a release named `{release}`: a Service selects it"
            return release, [Notice("note", message, where)]
    return None, []


class _Search:
    """The values, extended level by level until helm renders with them what post-rendering gives."""

    def __init__(self, before: Rendering, given: Values, render: Render, name: str, result: Result) -> None:
        self.rendering: Rendering | None = before
        self.values = given
        self.render = render
        self.name = name
        self.result = result
        self.ops: list[Op] = []
        self.settings: list[Setting] = []

    def run(self) -> list[Difference]:
        """Set what the region needs; returns what still differs at the end."""
        before, receipts, nats = self._rendered(), self.result.receipts, self.result.nats
        self._take(knobs(before.values, nats.config_map.value, nats.statefulset.value, receipts))
        objects = (item.manifest.value for item in self.result.release.added.values())
        self._take(added(value, before.names, receipts) for value in objects)
        for level in LEVELS:
            self._settle(level)
        return self._left()

    def _rendered(self) -> Rendering:
        """What helm renders with the values as they are; rendered once for each state of the values."""
        if self.rendering is None:
            self.rendering = rendered(self.values, self.render, self.name)
        return self.rendering

    def _left(self) -> list[Difference]:
        return list(unequal(self._rendered().release, self.result.release))

    def _settle(self, level: str) -> None:
        """Set what differs on one level, and keep what has the effect it should have."""
        left = self._left()
        before = (self.rendering, self.values, list(self.ops), list(self.settings))
        tried = self._try(left, level)
        failed = {_identity(difference) for difference in self._left()}
        if tried & failed:
            self.rendering, self.values, self.ops, self.settings = before
            self._try([difference for difference in left if _identity(difference) not in failed], level)

    def _try(self, left: list[Difference], level: str) -> set[object]:
        """Set everything that a level has settings for; returns the identities of these differences."""
        rendering = self._rendered()
        tried: set[object] = set()
        for difference in left:
            setting = self._setting(difference, level, rendering)
            if setting is not None:
                self._take([setting])
                tried.add(_identity(difference))
        return tried

    def _setting(self, difference: Difference, level: str, rendering: Rendering) -> Setting | None:
        section = rendering.sections.get(difference.key)
        if difference.op is None or section is None:
            return None
        receipts = self.result.receipts
        if difference.setting is not None and section == CONFIG_MAP:
            return in_configuration(difference.setting, level, rendering.values["config"], rendering.names, receipts)
        manifest = rendering.manifest(section)
        if manifest is None:
            return None
        return in_object(difference.op, level, Subject(section, manifest.value, self.values, rendering.names, receipts))

    def _take(self, settings: Iterable[Setting]) -> None:
        """Make settings part of the values."""
        for setting in settings:
            op = setting.op(self.values)
            self.values = changed(self.values, op.op, op.path, op.value)  # type: ignore[arg-type]  # keys and numbers
            self.ops.append(op)
            self.settings.append(setting)
            self.rendering = None


def _identity(difference: Difference) -> object:
    """The identity of a difference in any rendering."""
    return difference.key, difference.op and (difference.op.op, difference.op.path)


def _placed(error: NatsvaluesError, places: Places, code: str, message: str) -> NatsvaluesError:
    """An error of helm's rendering as one of the user's values; any other error as it is."""
    if error.code != _HELM_FAILED:
        error.where = error.where or (places.where(()),)
        return error
    hint = (
        "`helm template` fails with these values as well: correct them"
        if code == "NV-V002"
        else "use the post-renderer"
    )
    return NatsvaluesError(code, f"{message}: {error.message}", where=(places.where(()),), hint=hint)


def _relocated(error: NatsvaluesError, places: Places) -> NatsvaluesError:
    """The error with the user's values as its place, if its place is in a rendering that is not a file."""
    for item in error.errors if isinstance(error, ManyErrors) else (error,):
        item.where = _places_of(item.where, places)
    return error


def _places_of(where: tuple[Where, ...], places: Places) -> tuple[Where, ...]:
    file = places.files[-1][0] if places.files else "the chart's values"
    return tuple(Where(file, field=place.field) if place.file == RENDERING else place for place in where)
