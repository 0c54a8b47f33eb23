"""The configuration of a KRM function: the region, and the overlays as a folder or inline.

A function in a container has no access to files, so its configuration can contain the overlays:

    apiVersion: natsvalues.io/v1
    kind: NatsValues
    metadata: {name: us-east}
    spec:
      region: us-east
      overlays:            # or a folder, from the working directory of the function
      - {kind: Supercluster, name: acme, …}
      - {kind: Region, name: us-east, …}

kpt's users configure a function with a ConfigMap: there `data.region`, and `data.overlays` as a folder or as a text
of YAML documents, mean the same. So does `results`: summary, or all.
"""

from typing import Annotated, Any, Literal

from natsvalues.delivery.resource_list import Part
from natsvalues.errors import NatsvaluesError, Where, raise_all
from natsvalues.overlays.folder import Document, Overlays, documents, read
from natsvalues.records import NamedTuple
from natsvalues.text.composer import MappingNode, Node, ScalarNode, SequenceNode
from natsvalues.text.reading import Doc, Reading, nearest
from natsvalues.text.yamltree import Tree, find, scalar

CODE = "NV-F002"
KIND = "NatsValues"
API_VERSION = "natsvalues.io/v1"
NAME = "functionConfig"
Listed = Literal["summary", "all"]


class FunctionSpec(NamedTuple):
    """What the function does."""

    region: Annotated[str | None, Doc("The region; the default is the only one that fits.")] = None
    overlays: Annotated[
        Any, Doc("Folder of the overlays, or the Supercluster and Region documents; the default is the usual folder.")
    ] = None
    results: Annotated[
        Listed, Doc("`summary`: one result for all changes and notes; `all`: one for each, with its object and field.")
    ] = "summary"


class FunctionConfig(NamedTuple):
    """The configuration of a function, of kind NatsValues."""

    api_version: Annotated[str, Doc(f"`{API_VERSION}`.")]
    kind: Annotated[str, Doc(f"`{KIND}`, or a ConfigMap.")]
    metadata: Annotated[Any, Doc("Its name, and annotations for the orchestrator.")] = None
    spec: Annotated[FunctionSpec, Doc("What the function does.")] = FunctionSpec()
    data: Annotated[FunctionSpec, Doc("The same, in a ConfigMap.")] = FunctionSpec()


class Config(NamedTuple):
    """The region and its overlays. At most one of `folder` and `overlays` is set."""

    region: str | None = None
    folder: str | None = None
    overlays: Overlays | None = None
    results: Listed = "summary"


def read_config(config: Part | None) -> Config:
    """Read a functionConfig. Raises NatsvaluesError (NV-F002, NV-O0..) with the field for everything wrong in it."""
    if config is None:
        return Config()
    tree = Tree(config.text)
    reading = Reading(tree, NAME, CODE)
    filled = reading.read(FunctionConfig)
    raise_all(reading.errors)
    if filled is None:  # never without an error
        return Config()
    section = {KIND: "spec", "ConfigMap": "data"}.get(filled.kind)
    given = [name for name in ("spec", "data") if find(tree.root, name) is not None]
    if section is None or (section == "spec") != (filled.api_version == API_VERSION):
        raise NatsvaluesError(
            CODE,
            f"a functionConfig of kind {filled.kind}, apiVersion {filled.api_version}",
            where=(reading.positions.where("kind"),),
            hint=("" if section else nearest(filled.kind, (KIND, "ConfigMap")))
            or f"it is kind: {KIND} of apiVersion: {API_VERSION}, or a ConfigMap of v1",
        )
    for name in given:
        if name != section:
            hint = f"in kind: {filled.kind} write it under {section}"
            raise NatsvaluesError(CODE, f"unknown field `{name}`", where=(reading.positions.where(name),), hint=hint)
    spec: FunctionSpec = getattr(filled, section)
    node = find(tree.root, section, "overlays")
    if node is None or spec.overlays is None:
        return Config(spec.region, results=spec.results)
    overlays = _overlays(tree, node, section)
    if isinstance(overlays, str):
        return Config(spec.region, overlays, results=spec.results)
    return Config(spec.region, None, overlays, spec.results)


def _overlays(tree: Tree, node: Node, section: str) -> Overlays | str:
    """The inline overlays, or the name of their folder."""
    name = f"{NAME}.{section}.overlays"
    text = scalar(node) if isinstance(node, ScalarNode) else None
    if isinstance(text, str) and text and "\n" not in text:
        return text
    if isinstance(text, str) and text:
        return read(name, documents(name, text))
    if section == "spec" and isinstance(node, SequenceNode) and node.value:
        return read(name, [_document(tree, item, f"{name}[{number}]") for number, item in enumerate(node.value)])
    what = "a text with the documents" if section == "data" else "a list of the documents"
    raise NatsvaluesError(
        CODE,
        "neither a folder nor overlays",
        where=(Where(NAME, tree.line(node), field=f"{section}.overlays"),),
        hint=f"set it to the folder of the overlays, or to {what} (kind: Supercluster, kind: Region)",
    )


def _document(tree: Tree, node: Node, name: str) -> Document:
    if isinstance(node, MappingNode):
        return Document(name, Part(tree, node).text)
    raise NatsvaluesError(
        CODE,
        "not an overlay",
        where=(Where(name, tree.line(node)),),
        hint="an overlay is a mapping with kind: Supercluster or kind: Region",
    )
