"""A plain nats.conf: one server's configuration file with the files that it includes, and no Kubernetes objects.

It is read as a `Nats` whose StatefulSet and container say nothing, so that whatever asks only what the configuration
means works on it. What needs objects must ask `nats.plain` first, or not run (`needs` of a lint rule).

facts, run on nats-server 2.10.26 and 2.15.1 with `-t`: the path of an include is joined to the folder of the file in
which it stands, also one that begins with `/`; a file that does not exist, and a folder, are refused.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.chart import Nats, joined
from natsvalues.manifests.conf.language import keys_of
from natsvalues.manifests.release import Release
from natsvalues.records import NamedTuple
from natsvalues.text.digests import digest
from natsvalues.text.natsconf import Conf, ConfArray, ConfMap, ConfSyntaxError, Entry, Include, read
from natsvalues.text.paths import dotted
from natsvalues.text.spans import line_column

if TYPE_CHECKING:
    from collections.abc import Iterator

KUBERNETES = re.compile(r"""(?:^|[{,])[ \t]*["']?apiVersion["']?[ \t]*:""", re.MULTILINE)
"""What every document of a rendering has, in YAML and in JSON, and no nats.conf."""
SUFFIX = ".conf"
KIND = "File"
"""The kind of the object by which reports of a comparison name a plain nats.conf."""
_OF_THIS_RUN = os.urandom(16).hex()


class Text(NamedTuple):
    """One file: its path for people, and its text."""

    file: str
    text: str


class Plain(NamedTuple):
    """One server's nats.conf. `included` are the files that it includes, by their paths from its folder."""

    file: str
    text: str
    included: dict[str, Text]

    @property
    def texts(self) -> tuple[Text, ...]:
        """The file itself, and those that it includes."""
        return (Text(self.file, self.text), *self.included.values())

    def where(self, *path: str | int) -> Where:
        """The place of a setting, in whichever of the files; if it is not set, of the block around it."""
        node: Any = read(self.text).root
        deepest = _Found(node, 0, Text(self.file, self.text), "")
        for part in path:
            inner = _step(self, deepest, part)
            if inner is None:
                break
            deepest = inner
        line, column = line_column(deepest.of.text, deepest.offset)
        return Where(deepest.of.file, line, column, dotted(path) or None)


class _Found(NamedTuple):
    """A node, where it stands in which file, and the path of that file from the folder of nats.conf."""

    node: Any
    offset: int
    of: Text
    path: str


def _step(plain: Plain, at: _Found, part: str | int) -> _Found | None:
    """What a key or an index leads to; of one key the last in the order of the text, included files among it."""
    if isinstance(at.node, ConfArray) and isinstance(part, int) and part < len(at.node.items):
        item = at.node.items[part]
        return at._replace(node=item, offset=item.span.start)
    for entry in reversed(at.node.entries) if isinstance(at.node, ConfMap) else ():
        if isinstance(entry, Include):
            path = joined(at.path, entry.path)
            text = plain.included[path]
            inside = _step(plain, _Found(read(text.text).root, 0, text, path), part)
            if inside is not None:
                return inside
        elif entry.key == part:
            return at._replace(node=entry.value, offset=entry.span.start)
    return None


def confs(plain: Plain) -> Iterator[tuple[Text, Conf]]:
    """Each of its files as it was read."""
    for text in plain.texts:
        yield text, read(text.text)


def is_plain(text: str, file: str) -> bool:
    """Whether a text is a nats.conf: by its file's name, else if most of its keys are a server's settings.

    The others may be variables. YAML of Kubernetes is never one, whatever its file is called.
    """
    if KUBERNETES.search(text):
        return False
    if file.endswith(SUFFIX):
        return True
    try:
        entries = read(text).root.entries
    except ConfSyntaxError:
        return False
    keys = [entry.key for entry in entries if isinstance(entry, Entry)]
    known = keys_of("server")
    return 2 * sum(key.lower() in known for key in keys) > len(keys)


def no_rendering(text: str, file: str) -> NatsvaluesError | None:
    """The error for a plain nats.conf where Kubernetes objects are needed; None for any other text."""
    if not is_plain(text, file):
        return None
    return NatsvaluesError(
        "NV-L025",
        "a plain nats.conf, and not a rendered release: it has no Kubernetes objects",
        where=(Where(file),),
        hint="natsvalues lint, topology and diff read such files; what edits or runs a release needs its rendering,\n"
        "such as the output of helm template",
    )


def counted(conf: dict[str, Any], files: int) -> int | None:
    """How many servers a region has; None if one of them has routes to more than there are files."""
    block = conf.get("cluster")
    routes = block.get("routes") if isinstance(block, dict) else None
    if not isinstance(block, dict) or not isinstance(routes, list):
        return files
    own = str(block.get("listen") or f"{block.get('host')}:{block.get('port')}")
    others = {str(route).rpartition("://")[2].rpartition("@")[2].rstrip("/") for route in routes} - {own}
    return files if len(others) < files else None


def plain_release(plain: Plain, name: str, servers: int = 1, version: str | None = None) -> Release:
    """A release that has this server and nothing else.

    `name` is the file's in reports, `servers` how many files its region has, `version` the server's if anybody says so.
    """
    container: dict[str, Any] = {"name": "nats"}
    if version is not None:
        container["image"] = f"nats:{version}"
    spec = {"replicas": servers, "template": {"spec": {"containers": [container]}}}
    # Objects are compared by their text, and reports may show them: this shows no secret, not even to those who guess.
    content = digest("\0".join((_OF_THIS_RUN, *(text.text for text in plain.texts))), 16)
    stream = "---\n".join(
        json.dumps({"kind": kind, "metadata": {"name": name}, **fields}) + "\n"
        for kind, fields in ((KIND, {"data": {name: content}}), ("StatefulSet", {"spec": spec}))
    )
    release = Release(stream, plain.file)
    file, statefulset = release.manifests(release.numbers(), lambda _: True)
    release.plain = (Nats(statefulset, "nats", file, name, plain),)
    return release
