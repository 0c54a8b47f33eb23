"""Find and read a folder of overlays: one Supercluster file and one Region file for each region."""

from __future__ import annotations

import os
from typing import TypeVar

from natsvalues.errors import NatsvaluesError, Where, raise_all
from natsvalues.files import content, listed
from natsvalues.overlays.model import Move, Region, Supercluster
from natsvalues.records import NamedTuple
from natsvalues.text.composer import ScalarNode
from natsvalues.text.reading import Positions, Reading, nearest
from natsvalues.text.stream import split
from natsvalues.text.yamltree import Tree, YamlSyntaxError, at, find, scalar

CONVENTIONAL = os.path.join("charts", "overlays")
OVERLAY_ERROR = "NV-O001"
T = TypeVar("T")
_OTHER = "an overlay is `kind: Supercluster` or `kind: Region`; keep other YAML files elsewhere"
_FEW = 3
"""How many files that are no overlays an error names."""


class RegionFile(NamedTuple):
    """A region as it is rendered now, and the position of each of its fields; `goal` is the region without `move`."""

    region: Region
    positions: Positions
    goal: Region


def moved(goal: Region, move: Move | None) -> Region:
    """The region while a move is made: with the move's stage, number of servers and system account, if it has them."""
    if move is None:
        return goal._replace(move=None)
    return goal._replace(
        stage=move.stage or goal.stage,
        servers=move.servers or goal.servers,
        system_account=move.system_account or goal.system_account,
        move=move,
    )


class Overlays(NamedTuple):
    """All files of one folder; regions by name, in the order of their names, whatever the order of the files."""

    folder: str
    supercluster: Supercluster
    positions: Positions
    regions: dict[str, RegionFile]

    def region(self, name: str) -> RegionFile:
        """One region; raises NatsvaluesError with the nearest name."""
        if name not in self.regions:
            raise NatsvaluesError(
                "NV-O003",
                f"unknown region `{name}`",
                where=(Where(self.folder),),
                hint=nearest(name, self.regions) or "regions here: " + ", ".join(self.regions),
            )
        return self.regions[name]


def locate(requested: str | None, environment: dict[str, str], start: str) -> str:
    """The folder: the requested one, else NATSVALUES_OVERLAYS, else `charts/overlays` in `start` or above it."""
    folder = requested or environment.get("NATSVALUES_OVERLAYS")
    if folder:
        if not os.path.isdir(folder):
            origin = "--overlays" if requested else "NATSVALUES_OVERLAYS"
            raise NatsvaluesError(
                "NV-O002",
                f"the folder in {origin} does not exist",
                where=(Where(folder),),
                hint="set it to the folder that has supercluster.yaml and the region files",
            )
        return folder
    above = os.path.abspath(start)
    while True:
        candidate = os.path.join(above, CONVENTIONAL)
        if os.path.isdir(candidate):
            return os.path.relpath(candidate, start)
        if os.path.dirname(above) == above:
            raise NatsvaluesError(
                "NV-O002",
                f"there is no folder {CONVENTIONAL} in the working directory or above it",
                where=(Where(os.path.abspath(start)),),
                hint="give the folder with --overlays, NATSVALUES_OVERLAYS or, to a KRM function, spec.overlays;\n"
                "`natsvalues init` writes one",
            )
        above = os.path.dirname(above)


class Document(NamedTuple):
    """The text of one overlay, its file, and its first line there."""

    file: str
    text: str
    line: int = 1


def load(folder: str) -> Overlays:
    """Read every YAML file of the folder. Raises with all errors of all files together."""
    files = [os.path.join(folder, name) for name in listed(folder, (".yaml", ".yml"))]
    return read(folder, [document for file in files for document in documents(file, _content(file))])


def read(folder: str, written: list[Document]) -> Overlays:
    """Read overlays from any source; errors name it as `folder`. Raises with all errors together.

    The order of the documents has no meaning: remotes in another order would restart every pod for nothing.
    """
    errors: list[NatsvaluesError] = []
    superclusters: list[tuple[Supercluster, Positions]] = []
    regions: list[RegionFile] = []
    for document in written:
        parsed = _read(document.file, document.text, document.line, errors)
        if isinstance(parsed, RegionFile):
            regions.append(parsed)
        elif parsed is not None:
            superclusters.append(parsed)
    errors = _others_once(errors)
    if not errors:
        errors += _count_errors(folder, superclusters, regions)
    raise_all(errors)
    supercluster, positions = superclusters[0]
    regions.sort(key=lambda file: file.region.name)
    return Overlays(folder, supercluster, positions, {file.region.name: file for file in regions})


def _content(path: str) -> str:
    try:
        return content(path).decode()
    except UnicodeDecodeError:
        raise NatsvaluesError(
            OVERLAY_ERROR, "not a UTF-8 text file", where=(Where(path),), hint="save it as UTF-8"
        ) from None


def documents(file: str, text: str) -> list[Document]:
    """The documents of a stream that have content; if none has, the stream as one."""
    text = text.replace("\r\n", "\n")
    chunks = [chunk for chunk in split(text) if _has_content(chunk.text)]
    return [Document(file, chunk.text, chunk.line) for chunk in chunks] or [Document(file, text)]


def _has_content(text: str) -> bool:
    """Whether there is anything but markers and comments."""
    lines = (line.lstrip("\ufeff \t") for line in text.split("\n"))
    return any(line and not line.startswith("#") and line.rstrip() != "---" for line in lines)


def _read(
    path: str, text: str, line: int, errors: list[NatsvaluesError]
) -> RegionFile | tuple[Supercluster, Positions] | None:
    try:
        tree = Tree(text)
    except YamlSyntaxError as error:
        errors.append(at(path, line, error))
        return None
    kind_node = find(tree.root, "kind")
    kind = scalar(kind_node) if isinstance(kind_node, ScalarNode) else None
    reading = Reading(tree, path, OVERLAY_ERROR, line)
    if kind == "Region":
        region = reading.read(Region)
        errors += reading.errors
        if region is None:
            return None
        goal = region._replace(move=None)
        return RegionFile(moved(goal, region.move), reading.positions, goal)
    if kind == "Supercluster":
        supercluster = reading.read(Supercluster)
        errors += reading.errors
        return (supercluster, reading.positions) if supercluster is not None else None
    where = Where(path, line + (tree.line(kind_node) - 1 if kind_node is not None else 0), field="kind")
    hint = nearest(str(kind), ("Region", "Supercluster")) if kind else ""
    errors.append(
        NatsvaluesError(
            OVERLAY_ERROR,
            f"unknown kind `{kind}`" if kind else "`kind` is missing",
            where=(where,),
            hint=hint or _OTHER,
        )
    )
    return None


def _others_once(errors: list[NatsvaluesError]) -> list[NatsvaluesError]:
    """The errors, with one for all files that are something else: a folder of other YAML is one mistake."""
    others = [error for error in errors if error.hint == _OTHER]
    if len(others) <= 1:
        return errors
    places = tuple(error.where[0] for error in others)
    rest = f"; these and {len(places) - _FEW} more" if len(places) > _FEW else ""
    message = f"{len(places)} documents here are no overlays{rest}"
    one = NatsvaluesError(OVERLAY_ERROR, message, where=places[:_FEW], hint=_OTHER)
    return [error for error in errors if error.hint != _OTHER] + [one]


def _count_errors(
    folder: str, superclusters: list[tuple[Supercluster, Positions]], regions: list[RegionFile]
) -> list[NatsvaluesError]:
    errors = []
    if len(superclusters) != 1:
        places = tuple(positions.where("name") for _, positions in superclusters) or (Where(folder),)
        errors.append(
            NatsvaluesError(
                OVERLAY_ERROR,
                f"{len(superclusters)} files of `kind: Supercluster` where one is expected",
                where=places,
                hint="natsvalues init writes a commented pair to start from" if not superclusters else "keep one",
            )
        )
    if not regions:
        errors.append(
            NatsvaluesError(
                OVERLAY_ERROR,
                "no file of `kind: Region`",
                where=(Where(folder),),
                hint="each region has a file of its own; natsvalues init writes one to start from",
            )
        )
    seen: dict[str, RegionFile] = {}
    for file in regions:
        first = seen.setdefault(file.region.name, file)
        if first is not file:
            errors.append(
                NatsvaluesError(
                    "NV-O004",
                    f"two regions have the name `{file.region.name}`",
                    where=(first.positions.where("name"), file.positions.where("name")),
                    hint="a region's name is its cluster and gateway name; each needs its own",
                )
            )
    return errors
