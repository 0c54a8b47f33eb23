"""What helm renders for values: the release, and the names, version and values that the chart itself prints.

An additional resource is added to the user's `extraResources`; its templates print what only the chart knows. So
nothing that the chart computes is computed here again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from natsvalues.delivery.names import EVALUATE, Names
from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.release import Release, ResourceKey
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.manifests.release import Manifest

Values = dict[str, Any]
Steps = tuple[str | int, ...]
Render = Callable[[Values, str], str]
"""Let helm render the chart with values, as a release of a name; gives the stream of documents."""

RENDERING = "what the chart renders"
CONFIG_MAP: Steps = ("configMap",)
STATEFUL_SET: Steps = ("statefulSet",)
EXTRA_RESOURCES = "extraResources"
_FACTS = "natsvalues-facts"
_TEMPLATES = "/templates/"
_PRINTED = (
    '{{ dict "fullname" (include "nats.fullname" $) "labels" (include "nats.labels" $ | fromYaml) '
    '"selector" (include "nats.selectorLabels" $ | fromYaml) "version" $.Chart.Version "values" $.Values '
    "| toJson | toJson }}"
)
"""Twice as JSON: the second time as a YAML string."""
_FACTS_OBJECT = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": _FACTS},
    "data": {"facts": {EVALUATE: _PRINTED}},
}


class Rendering(NamedTuple):
    """One rendering of the chart.

    `values` are the chart's with the user's merged in, as templates see them. `sections` say where the values change an
    object: `("configMap",)`, or `("extraResources", 0)`; objects without such a section are left out.
    """

    release: Release
    values: Values
    names: Names
    chart_version: str
    sections: dict[ResourceKey, Steps]

    def manifest(self, section: Steps) -> Manifest | None:
        """The object of a section."""
        key = next((key for key, steps in self.sections.items() if steps == section), None)
        matches = self.release.manifests(self.release.numbers(), lambda manifest: manifest.key == key)
        return matches[0] if matches else None


def rendered(values: Values, render: Render, release: str) -> Rendering:
    """Render the chart with the user's values.

    Raises NatsvaluesError for a chart that is not the NATS chart since 1.0, and what `render` raises.
    """
    extra = values.get(EXTRA_RESOURCES) or []
    if not isinstance(extra, list):
        raise NatsvaluesError("NV-V002", "extraResources is not a list", hint="the chart expects a list of objects")
    stream = Release(render({**values, EXTRA_RESOURCES: [*extra, _FACTS_OBJECT]}, release), RENDERING)
    manifests = stream.manifests(stream.numbers(), lambda _: True)
    facts = next((item for item in manifests if item.key.kind == "ConfigMap" and item.key.name == _FACTS), None)
    text = facts.value["data"]["facts"] if facts is not None else None
    if facts is None or not isinstance(text, str):
        raise NatsvaluesError(
            "NV-V001",
            "the chart is not the NATS chart since 1.0: it does not render `extraResources`",
            hint="use the NATS chart itself, not one with NATS as a subchart; the post-renderer works with any chart",
        )
    printed = json.loads(text)
    rest = [chunk for number, chunk in enumerate(stream.chunks) if number != facts.number]
    others = [manifest for manifest in manifests if manifest is not facts]
    return Rendering(
        Release.of(rest, RENDERING),
        printed["values"],
        Names(printed["fullname"], printed["labels"], printed["selector"]),
        str(printed["version"]),
        {**_own_sections(others, printed["values"]), **_extra_sections(others, extra)},
    )


def _own_sections(manifests: Iterable[Manifest], values: Values) -> dict[ResourceKey, Steps]:
    """The sections of the chart's own objects: `nats-box/deployment.yaml` renders what `natsBox.deployment` changes."""
    sections: dict[ResourceKey, Steps] = {}
    for manifest in manifests:
        file = manifest.source.partition(_TEMPLATES)[2].removesuffix(".yaml")
        path = tuple(map(_key, file.split("/")))
        section: Any = values
        for key in path:
            section = section.get(key) if isinstance(section, dict) else None
        if isinstance(section, dict) and "merge" in section:
            sections[manifest.key] = path
    return sections


def _key(file: str) -> str:
    """The key of the values that belongs to a template file: `stateful-set` is `statefulSet`."""
    first, *words = file.split("-")
    return first + "".join(word.title() for word in words)


def _extra_sections(manifests: Iterable[Manifest], extra: list[Any]) -> dict[ResourceKey, Steps]:
    """The sections of the user's extra resources: by kind and name, or by order if a template gives the name.

    facts: helm sorts documents by kind, and keeps the order of a template's documents of one kind (run with 3.19.0
    and 4.3.1).
    """
    left = [item for item in manifests if item.source.endswith(f"{_TEMPLATES}extra-resources.yaml")]
    sections: dict[ResourceKey, Steps] = {}
    for number, name in sorted(_extra_names(extra), key=lambda pair: pair[1] is None):
        kind = extra[number].get("kind")
        match = next((item for item in left if item.key.kind == kind and name in (None, item.key.name)), None)
        if match is not None:
            left.remove(match)
            sections[match.key] = (EXTRA_RESOURCES, number)
    return sections


def _extra_names(extra: list[Any]) -> Iterator[tuple[int, str | None]]:
    """The index of each extra resource, and its name; None if a template gives the name."""
    for number, item in enumerate(extra):
        if isinstance(item, dict):
            metadata = item.get("metadata")
            name = metadata.get("name") if isinstance(metadata, dict) else None
            yield number, name if isinstance(name, str) else None
