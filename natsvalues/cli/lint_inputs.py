"""The files and folders that `lint` and `topology` read: overlays and renderings."""

from __future__ import annotations

import os
import re

from natsvalues.cli.overlays_folder import is_named, overlays_folder
from natsvalues.cli.plain_files import plain_file, stated_version
from natsvalues.cli.streams import read_stream
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.files import STANDARD_INPUT, listed
from natsvalues.lint.plain import plain_subject
from natsvalues.lint.subject import Cluster, Subject, clusters_of, values_of
from natsvalues.manifests.plain import KUBERNETES, SUFFIX, Plain
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import Overlays, load
from natsvalues.overlays.plan import plans
from natsvalues.records import NamedTuple
from natsvalues.text.stream import split

YAML = (".yaml", ".yml")
_OVERLAY = re.compile(r"^kind:[ \t]*[\"']?(?:Supercluster|Region)\b", re.MULTILINE)
_API_VERSION = re.compile(r"^apiVersion:", re.MULTILINE)


class Inputs(NamedTuple):
    """The options: `paths` are files, folders or `-`; `region` is the region of a single rendering.

    `nats_version` is that of the servers of plain nats.conf files.
    """

    paths: tuple[str, ...] = ()
    overlays: str | None = None
    region: str | None = None
    nats_version: str | None = None


class Rendering(NamedTuple):
    """A rendered release: its file, its text, and the name of its region if nothing else names it."""

    file: str
    text: str
    stem: str


def subject(inputs: Inputs, rendered: tuple[Rendering, ...] = (), values: tuple[str, ...] = ()) -> Subject:
    """Everything to lint: the paths, and the renderings of a chart (`rendered`, with their files of `values`).

    Without paths and renderings, the overlays of this directory; of plain nats.conf files, these alone. Raises
    NatsvaluesError for a path that cannot be read, for a folder without YAML and nats.conf files, and for plain files
    together with anything else.
    """
    folders, renderings = _by_kind(inputs.paths)
    of_renderings = tuple(path for path in inputs.paths if os.path.isdir(path) and path not in folders)
    files, renderings = _plain(renderings)
    if files and (folders or renderings or rendered or inputs.overlays):
        raise _mixed(files[0], folders, (*renderings, *rendered), inputs.overlays)
    version = stated_version(inputs.nats_version, "NV-L009")
    if version is not None and not files:
        raise NatsvaluesError(
            "NV-L009", "--nats-version is for plain nats.conf files", hint="a rendering's image states it, or "
            "nats.version in the region's overlay",
        )  # fmt: skip
    if files:
        return plain_subject(files, inputs.region if len(files) == 1 else None, version)
    named_folder = inputs.overlays or os.environ.get("NATSVALUES_OVERLAYS") or None
    if len(folders) > 1 or (folders and inputs.overlays):
        raise NatsvaluesError(
            "NV-L006",
            "overlays of more than one supercluster",
            where=tuple(Where(folder) for folder in [*folders, *([named_folder] if named_folder else [])]),
            hint="lint one supercluster at a time",
        )
    folder = folders[0] if folders else None
    if folder is None and (named_folder or rendered or not renderings):
        folder = located(inputs, required=not rendered)
    overlays = load(folder) if folder is not None else None
    region_plans = plans(overlays) if overlays is not None else {}
    clusters: list[Cluster] = []
    texts = {file: read_stream(file) for file in _files(overlays)}
    everything = [*renderings, *rendered]
    for rendering in everything:
        release = Release(rendering.text, rendering.file)
        region = inputs.region if len(everything) == 1 else None
        clusters += clusters_of(release, rendering.stem, overlays, region_plans, region)
        texts[rendering.file] = rendering.text
    given = {file: read_stream(file) for file in values}
    read = tuple(values_of(file, text) for file, text in given.items())
    return Subject(overlays, region_plans, tuple(clusters), texts | given, read, folders=of_renderings)


def located(inputs: Inputs, *, required: bool) -> str | None:
    """The folder of overlays that a post-render run would use; None if there is none, and none is named or required."""
    try:
        return overlays_folder(inputs.overlays)
    except NatsvaluesError:
        if required or is_named(inputs.overlays):
            raise
        return None


def _plain(files: list[Rendering]) -> tuple[list[Plain], list[Rendering]]:
    """Those of the files that are plain nats.conf files, read, and the others, which are renderings."""
    read = [(item, plain_file(item.text, item.file)) for item in files]
    return [plain for _, plain in read if plain is not None], [item for item, plain in read if plain is None]


def _mixed(
    plain: Plain, folders: list[str], renderings: tuple[Rendering, ...], overlays: str | None
) -> NatsvaluesError:
    beside = [*folders, *(item.file for item in renderings), *([overlays] if overlays else [])]
    return NatsvaluesError(
        "NV-L023",
        "a plain nats.conf together with renderings or overlays, which have nothing to do with it",
        where=(Where(plain.file), Where(beside[0])),
        hint="lint the nats.conf files of all regions together, and renderings without them",
    )


def _by_kind(paths: tuple[str, ...]) -> tuple[list[str], list[Rendering]]:
    """The folders of overlays among the paths, and the renderings."""
    folders: list[str] = []
    renderings: list[Rendering] = []
    for path in paths:
        if path == "-":
            renderings.append(Rendering(STANDARD_INPUT, read_stream(), ""))
            continue
        files = _files_in(path, YAML) if os.path.isdir(path) else [path]
        texts = {file: read_stream(file) for file in files}
        if os.path.isdir(path) and not any(map(_is_ours, texts.values())):
            texts = {file: read_stream(file) for file in _files_in(path, (SUFFIX,))} or texts
        if not texts:
            raise NatsvaluesError(
                "NV-L007",
                "the folder has no YAML file, and no nats.conf file (*.conf)",
                where=(Where(path),),
                hint="use a folder of overlays, of renderings (one REGION.yaml for each region), or of nats.conf files",
            )
        if any(_is_overlay(text) for text in texts.values()):
            folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
            if not any(_is_same(folder, known) for known in folders):
                folders.append(folder)
        else:
            renderings += [Rendering(file, text, _stem(file)) for file, text in texts.items()]
    return folders, renderings


def _is_overlay(text: str) -> bool:
    """Whether a document of the file is an overlay: those have no apiVersion, unlike others of the same kind."""
    return bool(_OVERLAY.search(text)) and any(
        _OVERLAY.search(chunk.text) and not _API_VERSION.search(chunk.text) for chunk in split(text)
    )


def _is_same(folder: str, other: str) -> bool:
    return os.path.realpath(folder) == os.path.realpath(other)


def _is_ours(text: str) -> bool:
    """Whether a YAML file is a rendering or an overlay, and not something else that lies beside nats.conf files."""
    return bool(KUBERNETES.search(text)) or _is_overlay(text)


def _files_in(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    return [os.path.join(folder, name) for name in listed(folder, suffixes)]


def _stem(file: str) -> str:
    return os.path.splitext(os.path.basename(file))[0]


def _files(overlays: Overlays | None) -> list[str]:
    """The files of the overlays, without repetition."""
    if overlays is None:
        return []
    files = [overlays.positions.file, *(file.positions.file for file in overlays.regions.values())]
    return list(dict.fromkeys(files))
