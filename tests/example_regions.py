"""Make what the example of a lint rule or of an impact describes, of any rendering of the chart.

The parts of an example are described in natsvalues/lint/rule.py, those of a pair of releases in
natsvalues/diff/impact/declaration.py.
"""

from __future__ import annotations

import json
import os
import random
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from natsvalues.errors import NatsvaluesError
from natsvalues.lint.rehearsed import Rehearsed, rehearsals
from natsvalues.lint.subject import Cluster, Subject, clusters_of, values_of
from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.conf.answer import Answer, Read, refusals
from natsvalues.manifests.objects import entries
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import Overlays, load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plans
from natsvalues.text.natsconf import ConfOp, Variable, edit, read, symbolic
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Manifest

REGIONS = ("us-east", "eu-west")
SUPERCLUSTER = {"kind": "Supercluster", "name": "acme", "jetstream": {"scope": "supercluster"}}
OVERLAYS = {
    "us-east": {
        "kind": "Region",
        "name": "us-east",
        "servers": 3,
        "joins": "seed",
        "stage": "join",
        "serverNames": {"prefix": ""},
        "gateway": {"host": "nats-gw-us-east.example.com"},
        "loadBalancer": {"provider": "aws-lbc-ip", "scheme": "internal"},
    },
    "eu-west": {
        "kind": "Region",
        "name": "eu-west",
        "servers": 3,
        "joins": "empty",
        "stage": "join",
        "serverNames": {"prefix": "eu-west-"},
        "gateway": {"host": "nats-gw-eu-west.example.com"},
        "loadBalancer": {"provider": "aws-lbc-ip", "scheme": "internal"},
    },
}


_RENDERED: dict[tuple[str, str, str], str] = {}


class Renderings(NamedTuple):
    """Two renderings of one chart: with JetStream and a cluster, and with the chart's gateway on as well."""

    plain: str
    gateway: str


def merged(value: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386); lists of environment variables merge by name."""
    if isinstance(value, list) and isinstance(patch, list) and patch and all("value" in item for item in patch):
        names = [item["name"] for item in patch]
        return [item for item in value if item["name"] not in names] + patch
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), item)
    return result


def subject(example: str, renderings: Renderings, folder: str) -> Subject:
    """The supercluster that an example describes; `folder` takes its overlays."""
    parts = yaml.safe_load(example)
    mine = {name: {**parts, **parts.get(name, {})} for name in REGIONS}
    overlays = write_overlays(parts, folder)
    wanted = [name for name in REGIONS if parts.get("only", name) == name]
    releases = {name: changed(rendered(name, mine[name], renderings, overlays), mine[name]) for name in wanted}
    known = None if parts.get("untouched") else overlays
    planned = plans(known) if known is not None else {}
    clusters = [
        cluster
        for name, release in releases.items()
        for cluster in clusters_of(release, name, known, planned, name if known is not None else None)
    ]
    texts = {f"{name}.yaml": item.text() for name, item in releases.items()}
    values = (values_of("values.yaml", yaml.safe_dump(parts["values"])),) if "values" in parts else ()
    made = Subject(known, planned, tuple(clusters), texts, values, _rehearsed(parts, clusters))
    folders = (parts["folder"],) if "folder" in parts else ()
    return made._replace(answers=_answers(parts, clusters), folders=folders)


def _rehearsed(parts: dict[str, Any], clusters: list[Cluster]) -> tuple[Rehearsed, ...]:
    """The evidence of an example: a rehearsal of these renderings that went well, but for what it says."""
    if "rehearsed" not in parts:
        return ()
    well = {"scenario": "cold-restart", "verdict": "converged", "lossy": False, "seconds": 5.7, "remedy": ""}
    ran = parts["rehearsed"].get("renderings", [cluster.release.digest() for cluster in clusters])
    scenario = {**well, **parts["rehearsed"], "renderings": dict(enumerate(ran))}
    return rehearsals(json.dumps({"format": 1, "scenarios": [scenario]}), "rehearsal.json")


def _answers(parts: dict[str, Any], clusters: list[Cluster]) -> tuple[Answer, ...]:
    """What the servers of an example said to their configurations."""
    if "asked" not in parts:
        return ()
    output = parts["asked"].replace("FILE", "/pod/nats.conf")
    return tuple(
        Answer(
            cluster.release.file,
            cluster.region,
            str(cluster.version),
            str(cluster.version),
            refusals=refusals(output, Read("/pod", "/pod/nats.conf", {"nats.conf": cluster.nats.conf})),
        )
        for cluster in clusters
    )


def write_overlays(parts: dict[str, Any], folder: str) -> Overlays:
    """Write the overlays as the example has them, and read them."""
    os.makedirs(folder, exist_ok=True)
    files = {"supercluster": merged(SUPERCLUSTER, parts.get("supercluster", {}))}
    for name, base in OVERLAYS.items():
        files[name] = merged(base, parts.get(name, {}).get("overlay", parts.get("overlay", {})))
    for name, content in files.items():
        with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(content, file, sort_keys=False)
    return load(folder)


def rendered(name: str, parts: dict[str, Any], renderings: Renderings, overlays: Overlays) -> Release:
    """The region's release, through natsvalues if it was; as it is where its overlay is one that a render refuses."""
    if parts.get("untouched"):
        return Release(renderings.gateway, f"{name}.yaml")
    planned = plans(overlays)[name]  # also of a region that would be refused because it joins too early
    key = (renderings.plain, name, planned.digest)
    if key not in _RENDERED:  # most examples leave the overlays as they are
        try:
            _RENDERED[key] = render(Release(renderings.plain), planned).release.text()
        except NatsvaluesError:
            _RENDERED[key] = renderings.plain
    return Release(_RENDERED[key], f"{name}.yaml")


class Pair(NamedTuple):
    """The old and the new release of one region, what its overlays decide, and the change that is meant.

    `live` are the objects of the cluster where the example has some; `server_side`: Helm applies on the server's side.
    """

    old: Release
    new: Release
    scope: str
    joins: str
    at: str
    live: tuple[dict[str, Any], ...] | None = None
    server_side: bool = False
    unlisted: tuple[str, ...] = ()


def pair(example: str, renderings: Renderings, folder: str) -> Pair:
    """The two releases that the example of an impact describes; `folder` takes their overlays."""
    parts = yaml.safe_load(example)
    name = parts.get("region", "us-east")
    releases = {}
    for side in ("old", "new"):
        own = parts.get(side, {})
        overlays = write_overlays({**parts, **own}, os.path.join(folder, side))
        both = rendered(name, {**parts, **own}, renderings, overlays)
        releases[side] = changed(changed(both, parts), own) if not own.get("empty") else Release("", "empty.yaml")
    known = not parts.get("untouched")
    return Pair(
        **releases,
        scope=overlays.supercluster.jetstream.scope if known else "",
        joins=(overlays.region(name).region.joins or "") if known else "",
        at=parts.get("at", ""),
        live=tuple(_live(releases["old"], parts["live"])) if "live" in parts else None,
        server_side=parts.get("serverSide", False),
        unlisted=tuple(parts.get("unlisted", ())),
    )


def _live(release: Release, parts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The release's objects in the cluster, where kubectl-edit made the changes."""
    stated = {entry.key: entry.value for entry in entries(release, release.numbers())}
    live = changed(release, parts)
    for entry in entries(live, live.numbers()):
        if entry.key.name == parts.get("gone"):
            continue
        owned = _owned(stated.get(entry.key, entry.value), entry.value)
        manager = {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": owned}
        texts = {key: b64encode(text.encode()).decode() for key, text in entry.value.get("stringData", {}).items()}
        stored = {"stringData": None, "data": texts} if texts else {}  # as the API server keeps a Secret
        yield merged(entry.value, {**stored, "metadata": {"managedFields": [manager] if owned else []}})


def _owned(stated: Any, live: Any) -> dict[str, Any]:
    """The fields of managedFields that differ; lists as a whole."""
    if not isinstance(stated, dict) or not isinstance(live, dict):
        return {}
    return {f"f:{key}": _owned(stated.get(key), item) for key, item in live.items() if stated.get(key) != item}


def changed(release: Release, parts: dict[str, Any]) -> Release:
    """The release with the example's parts merged in."""
    nats = find_nats(release)
    names = {"service": f"{nats.name}-gateway", "headless": nats.statefulset.value["spec"]["serviceName"]}
    names["clients"] = nats.name
    for part, name in names.items():
        if part in parts:
            release = _object(release, "Service", name, parts[part])
    release = _configured(release, parts)
    nats = find_nats(release)
    if "container" in parts:
        containers = [
            merged(item, parts["container"]) if item["name"] == nats.container else item
            for item in nats.statefulset.value["spec"]["template"]["spec"]["containers"]
        ]
        pod = {"spec": {"template": {"spec": {"containers": containers}}}}
        release = release.with_changed(_edited(nats.statefulset, _replaced(nats.statefulset.value, pod)))
    if parts.get("roll"):
        rolled = {"spec": {"template": {"metadata": {"annotations": {"rolled": "yes"}}}}}
        release = _object(release, "StatefulSet", nats.name, rolled)
    if "statefulSet" in parts:
        release = _object(release, "StatefulSet", nats.name, parts["statefulSet"])
    stream = release.text()
    if "add" in parts:
        stream += "---\n" + parts["add"] + "\n"
    if "fill" in parts:
        noise = random.Random(7).choices("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV", k=parts["fill"])  # noqa: S311   # only noise
        stream += f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: fill}}\ndata: {{fill: {''.join(noise)}}}\n"
    return Release(stream, release.file)


def _configured(release: Release, parts: dict[str, Any]) -> Release:
    """The release with nats.conf changed."""
    nats = find_nats(release)
    text = nats.conf
    if "conf" in parts:
        text = edit(text, list(_operations(symbolic(read(text)), parts["conf"], ())))
    if "text" in parts:
        assert parts["text"]["old"] in text
        text = text.replace(parts["text"]["old"], parts["text"]["new"])
    return release.with_changed(nats.config_map.edited((Op("replace", ("data", nats.config_key), text),)))


def _object(release: Release, kind: str, name: str, patch: Any) -> Release:
    """The release with one object changed, or removed where the patch is null."""
    found = release.manifests(
        release.mentioning(kind, name), lambda item: item.key.kind == kind and item.key.name == name
    )
    if patch is None:
        kept = [chunk.text for number, chunk in enumerate(release.chunks) if number != found[0].number]
        return Release("".join(kept), release.file)
    return release.with_changed(_edited(found[0], merged(found[0].value, patch)))


def _replaced(value: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A value with parts of it replaced, lists as a whole."""
    return {
        **value,
        **{
            key: _replaced(value[key], item) if isinstance(item, dict) and isinstance(value.get(key), dict) else item
            for key, item in patch.items()
        },
    }


def _edited(manifest: Manifest, wanted: dict[str, Any]) -> Manifest:
    ops = [Op("add", (key,), item) for key, item in wanted.items()]
    return manifest.edited((*ops, *(Op("remove", (key,)) for key in manifest.value if key not in wanted)))


def _operations(conf: Any, patch: dict[str, Any], path: tuple[str, ...]):
    for key, item in patch.items():
        present = conf.get(key) if isinstance(conf, dict) else None
        if item is None:
            if present is not None:
                yield ConfOp("remove", (*path, key))
        elif isinstance(item, dict) and isinstance(present, dict):
            yield from _operations(present, item, (*path, key))
        else:
            yield ConfOp("add", (*path, key), _spelled(item))


def _spelled(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _spelled(inner) for key, inner in item.items() if inner is not None}
    if isinstance(item, list):
        return [_spelled(inner) for inner in item]
    return Variable(item[1:]) if isinstance(item, str) and item.startswith("$") and item != "$SYS" else item
