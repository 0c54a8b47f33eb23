"""Rules by which a user leaves changes out, so that they count neither in the report nor for the exit code."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.records import NamedTuple
from natsvalues.text.paths import dotted

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change
    from natsvalues.manifests.release import ResourceKey

DERIVED = "derived"


class Rule(NamedTuple):
    """`KIND/NAME:PATH` with shell wildcards; `derived` alone means every change that only follows from others."""

    kind: str
    name: str
    path: str

    def covers(self, key: ResourceKey, change: Change) -> bool:
        """Whether the change is at the path, or below it."""
        if self.kind == DERIVED:
            return bool(change.derived)
        if not self.path:
            return self.covers_whole(key)
        place = f"{change.file}:{dotted(change.path)}" if change.file else dotted(change.path)
        return self._means(key) and any(fnmatch.fnmatchcase(place, pattern) for pattern in _patterns(self.path))

    def covers_whole(self, key: ResourceKey) -> bool:
        """Whether the object itself is meant, whatever differs in it, comes or goes."""
        return self.kind != DERIVED and not self.path and self._means(key)

    def _means(self, key: ResourceKey) -> bool:
        return fnmatch.fnmatchcase(key.kind, self.kind) and fnmatch.fnmatchcase(key.name, self.name)


def _patterns(path: str) -> tuple[str, ...]:
    """The path itself and everything inside it; brackets are part of a path, not a wildcard."""
    plain = path.replace("[", "[[]")
    return plain, f"{plain}.*", f"{plain}[[]*"


def rule(text: str) -> Rule:
    """Read a rule. Raises NatsvaluesError where it is none."""
    if text == DERIVED:
        return Rule(DERIVED, "", "")
    match = re.fullmatch(r"([^/:\s]+)/([^:\s]+)(?::(\S.*))?", text)
    if match is None:
        raise NatsvaluesError(
            "NV-D010",
            f"`{text}` is no rule of what to ignore",
            hint="write KIND/NAME:PATH with wildcards, such as 'Deployment/*:spec.replicas' or\n"
            "'ConfigMap/nats-config:nats.conf:max_payload'; KIND/NAME alone means the whole object;\n"
            "`derived` means labels, checksums and stamps that only follow from other changes",
        )
    return Rule(match[1], match[2], match[3] or "")
