"""A Helm release as an ordered stream of documents, of which only those that matter are ever parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.files import STANDARD_INPUT
from natsvalues.manifests.shapes import misshapen
from natsvalues.records import NamedTuple
from natsvalues.text.digests import digest
from natsvalues.text.paths import dotted
from natsvalues.text.spans import line_column
from natsvalues.text.stream import NO_MARKER, Chunk, split
from natsvalues.text.yamledit import edit
from natsvalues.text.yamltree import Tree, Value, YamlSyntaxError, at, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from natsvalues.manifests.chart import Nats
    from natsvalues.text.paths import Op

FILENAME_ANNOTATION = "postrenderer.helm.sh/postrender-filename"
"""Helm 4 gives every document this annotation, and makes the `# Source:` line of the stored manifest from it."""

ODD_MARKER = "a line that begins with --- and has more than a comment behind it"
_SOURCE = re.compile(r"^# Source: (.+?)[ \t]*\r?$", re.MULTILINE)


class ResourceKey(NamedTuple):
    """What makes two documents the same object: the API group without its version, kind, namespace, name."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" if not self.namespace else f"{self.kind}/{self.namespace}/{self.name}"


def key_of(value: dict[str, Any]) -> ResourceKey:
    """The identity of an object."""
    given = value.get("metadata")
    metadata = given if isinstance(given, dict) else {}
    group, _, version = str(value.get("apiVersion", "")).rpartition("/")
    return ResourceKey(
        group if version else "",
        str(value.get("kind", "")),
        str(metadata.get("namespace") or ""),
        str(metadata.get("name") or ""),
    )


class Manifest(NamedTuple):
    """One parsed document of a release: its position, its text, its nodes and its value."""

    number: int
    line: int
    tree: Tree
    crlf: bool

    @property
    def value(self) -> Value:
        """The object's value; it is shared, so it must not be changed."""
        return self.tree.value

    @property
    def metadata(self) -> dict[str, Any]:
        """The object's metadata; empty where it has none."""
        metadata = self.value.get("metadata")
        return metadata if isinstance(metadata, dict) else {}

    @property
    def annotations(self) -> dict[str, Any]:
        """The object's annotations; empty where it has none."""
        annotations = self.metadata.get("annotations")
        return annotations if isinstance(annotations, dict) else {}

    @property
    def key(self) -> ResourceKey:
        """The object's identity."""
        return key_of(self.value)

    @property
    def text(self) -> str:
        """The document as it stands in the stream, marker and comments included."""
        return self.tree.text.replace("\n", "\r\n") if self.crlf else self.tree.text

    @property
    def source(self) -> str:
        """The template it came from: Helm 3's `# Source:` comment or Helm 4's annotation; may be empty."""
        if FILENAME_ANNOTATION in self.annotations:
            return str(self.annotations[FILENAME_ANNOTATION])
        match = _SOURCE.search(self.tree.text)
        return match.group(1) if match else ""

    def line_of(self, *keys: str | int) -> int:
        """The line, in the stream, of the deepest of `keys` that exists."""
        while keys:
            node = find(self.tree.root, *keys)
            if node is not None:
                return self.line + self.tree.line(node) - 1
            keys = keys[:-1]
        return self.line

    def edited(self, ops: tuple[Op, ...]) -> Manifest:
        """The same document with the operations applied; the same object if they change nothing."""
        tree = edit(self.tree, ops)
        return self if tree is self.tree else self._replace(tree=tree)


class Added(NamedTuple):
    """A document that was not in the input, and the number of the one it follows."""

    after: int
    manifest: Manifest


class Release:
    """The stream of documents by number; changing it gives a new one, and shares what was parsed.

    Documents of the input are numbered from 0 in their order; added ones have negative numbers.
    """

    def __init__(self, stream: str, file: str = STANDARD_INPUT) -> None:
        self.file = file
        self.chunks: list[Chunk] = split(stream)
        self.changed: dict[int, Manifest] = {}
        self.added: dict[int, Added] = {}
        self._parsed: dict[int, Manifest | None] = {}
        self._mentions: dict[str, list[int]] = {}
        self.plain: tuple[Nats, ...] = ()
        """The server of a plain nats.conf, which no object describes: `manifests/plain.py`."""

    @classmethod
    def of(cls, chunks: list[Chunk], file: str) -> Release:
        """A release of documents that are not consecutive in a stream; each has its own first line."""
        release = cls("", file)
        release.chunks = chunks
        return release

    def _copy(self) -> Release:
        copy = Release("", self.file)
        copy._mentions = self._mentions
        copy.chunks, copy._parsed = self.chunks, self._parsed
        copy.changed, copy.added = dict(self.changed), dict(self.added)
        return copy

    def with_changed(self, manifest: Manifest) -> Release:
        """A release in which this document replaces the one with its number."""
        copy = self._copy()
        if manifest.number < 0:
            copy.added[manifest.number] = copy.added[manifest.number]._replace(manifest=manifest)
        else:
            copy.changed[manifest.number] = manifest
        return copy

    def with_added(self, after: int, text: str) -> tuple[Release, Manifest]:
        """A release with one more document behind the one numbered `after`, and that document."""
        copy = self._copy()
        number = -1 - len(self.added)
        crlf = "\r\n" in self.chunks[after].text
        tree = Tree(text)
        manifest = Manifest(number, self.chunks[after].line, tree, crlf)
        copy.added[number] = Added(after, manifest)
        return copy, manifest

    def text(self) -> str:
        """The whole stream; unchanged documents have their original text."""
        return "".join(self.pieces())

    def digest(self) -> str:
        """The beginning of the SHA-256 of the text, which identifies a rendering, such as a rehearsed one."""
        return digest(self.text(), 16)

    def pieces(self) -> Iterator[str]:
        """The whole stream, a document at a time."""
        behind: dict[int, list[Manifest]] = {}
        for added in self.added.values():
            behind.setdefault(added.after, []).append(added.manifest)
        for number in range(len(self.chunks)):
            text = self.document(number)
            if number in behind and not text.endswith("\n"):
                text += "\r\n" if "\r\n" in text else "\n"
            yield text
            for manifest in behind.get(number, ()):
                yield manifest.text

    def document(self, number: int) -> str:
        """The current text of one document."""
        if number < 0:
            return self.added[number].manifest.text
        return self.changed[number].text if number in self.changed else self.chunks[number].text

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but markers and white space."""
        return not any(chunk.text.strip("\ufeff- \t\r\n") for chunk in self.chunks)

    def numbers(self) -> list[int]:
        """The numbers of all documents."""
        return [*range(len(self.chunks)), *self.added]

    def manifest(self, number: int) -> Manifest | None:
        """The current value of one document; None if it has no content or is not an object with a kind.

        Raises YamlSyntaxError with the place in the stream.
        """
        if number < 0:
            return self.added[number].manifest
        if number in self.changed:
            return self.changed[number]
        if number not in self._parsed:
            self._parsed[number] = self._parse(number)
        return self._parsed[number]

    def rendered(self, number: int) -> Manifest | None:
        """One document as it came in; None for an added one."""
        return self._parsed.get(number)

    def _parse(self, number: int) -> Manifest | None:
        chunk = self.chunks[number]
        marker = NO_MARKER.search(chunk.text)
        if marker is not None:
            line, _ = line_column(chunk.text, marker.start())
            raise at(self.file, chunk.line, YamlSyntaxError(f"{ODD_MARKER}, which Kubernetes refuses", line, 1))
        crlf = "\r\n" in chunk.text and chunk.text.count("\r\n") == chunk.text.count("\n")
        try:
            tree = Tree(chunk.text.replace("\r\n", "\n") if crlf else chunk.text)
            meant = tree.value
        except YamlSyntaxError as error:
            from natsvalues.manifests.plain import no_rendering  # in an error only

            raise no_rendering(self.text(), self.file) or at(self.file, chunk.line, error) from None
        if not isinstance(meant, dict) or not isinstance(meant.get("kind"), str):
            return None
        manifest = Manifest(number, chunk.line, tree, crlf)
        self._require_shape(manifest)
        return manifest

    def _require_shape(self, manifest: Manifest) -> None:
        """Raise NatsvaluesError (NV-I011) for a field of another type than Kubernetes requires."""
        items = manifest.value.get("items") if manifest.value["kind"] == "List" else None
        inner = list(enumerate(items)) if isinstance(items, list) else []
        for within, value in [((), manifest.value), *((("items", index), item) for index, item in inner)]:
            wrong = misshapen(value) if isinstance(value, dict) and isinstance(value.get("kind"), str) else None
            if wrong is not None:
                path, message = (*within, *wrong[0]), wrong[1]
                raise NatsvaluesError(
                    "NV-I011",
                    f"{key_of(value)}: {message}",
                    where=(self.where(manifest.line_of(*path), dotted(path)),),
                    hint="the API server refuses it: correct the template or the values that it is rendered from",
                )

    def mentioning(self, *words: str) -> list[int]:
        """Numbers of the documents whose text contains all `words`: a cheap test before parsing."""
        first, *others = words
        if first not in self._mentions:  # documents of the input do not change, and few words are used
            self._mentions[first] = [number for number, chunk in enumerate(self.chunks) if first in chunk.text]
        numbers = self._mentions[first]
        for word in others:
            numbers = [number for number in numbers if word in self.chunks[number].text]
        return [*numbers, *self.added]

    def manifests(self, numbers: Iterable[int], wanted: Callable[[Manifest], bool]) -> list[Manifest]:
        """The parsed documents among `numbers` that are wanted, in that order."""
        parsed = (self.manifest(number) for number in numbers)
        return [manifest for manifest in parsed if manifest is not None and wanted(manifest)]

    def where(self, line: int, field: str | None = None) -> Where:
        """A place in the stream."""
        return Where(self.file, line, field=field)

    def require_readable(self, numbers: Iterable[int]) -> None:
        """Parse documents only to find out whether they are YAML; raises YamlSyntaxError."""
        for number in numbers:
            self.manifest(number)


def empty_input(file: str) -> NatsvaluesError:
    """The error for a stream in which there is no document at all."""
    return NatsvaluesError(
        "NV-I001",
        "the input is empty: there is no rendered release to work on",
        where=(Where(file),),
        hint="natsvalues reads the rendered chart on standard input: helm template … | natsvalues post-render,\n"
        "or helm upgrade … --post-renderer natsvalues",
    )
