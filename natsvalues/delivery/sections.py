"""The sections of the chart's values that change a part of the rendering, each with `merge` and `patch`.

facts (run with charts 1.2.11, 1.3.16 and 2.14.2): a section's merge comes before its patch, inner sections before
outer ones: a container, then the pod template, then the StatefulSet; a block of the configuration, then all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.delivery.differences import named_path
from natsvalues.delivery.equality import CONFIG_FILE, INCLUDES
from natsvalues.delivery.names import TEMPLATE_KEYS, templated
from natsvalues.delivery.rendering import EXTRA_RESOURCES, STATEFUL_SET
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import Raw, Variable
from natsvalues.text.paths import Op, Path, dotted, pointer
from natsvalues.text.yamledit import same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.delivery.names import Names
    from natsvalues.delivery.rendering import Values
    from natsvalues.overlays.patches import Receipt

Steps = tuple[str | int, ...]

LEVELS = ("block", "whole", "patch", "outer")
"""In the order in which they are tried: from what a person would write to what overrides everything else."""
_CONTAINERS: Steps = ("spec", "template", "spec", "containers")
_SECTIONS = {"nats": "container", "reloader": "reloader", "prom-exporter": "promExporter"}


class Setting(NamedTuple):
    """One change of the values, and why.

    `kind` is `put` for a value, `append` for an item of a list, or `remove`.
    """

    kind: str
    path: Steps
    value: Any
    why: str

    def op(self, values: Values) -> Op:
        """The operation on these values; it creates the mappings of the path that are missing or null."""
        if self.kind == "remove":
            return Op("remove", self.path)
        content = self.value
        path: Steps = self.path
        if self.kind == "append":
            content, path = (content, (*path, "-")) if _get(values, path) else ([content], path)
        at: Any = values
        for depth, key in enumerate(path[:-1], 1):
            at = at[key] if isinstance(key, int) else at.get(key)
            if at is None:
                for later in reversed(path[depth:]):
                    content = {later: content}
                return Op("add", path[:depth], content)
        return Op("add", path, content)


class Target(NamedTuple):
    """The target of receipts: a file inside an object, or none; the object's kind; its name if it is needed."""

    file: str
    kind: str
    name: str | None = None


IN_CONFIGURATION = Target(CONFIG_FILE, "ConfigMap")


def _get(document: Any, path: Steps) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else document[key] if document else None
    return document


class Subject(NamedTuple):
    """The object to change: its section of the values, the object as rendered, the user's values, and names."""

    section: Steps
    have: Values
    values: Values
    names: Names
    receipts: tuple[Receipt, ...]


def in_configuration(op: Op, level: str, config: Values, names: Names, receipts: Iterable[Receipt]) -> Setting | None:
    """The setting for a change of nats.conf on a level; None if it has none. `config` are complete values."""
    path: Steps = op.path  # type: ignore[assignment]  # differences give keys and numbers
    if path[:1] in ((), (INCLUDES,)):
        return None
    why = reason(receipts, IN_CONFIGURATION, path)
    value = templated(_plain(op.value), names)  # routes contain the release's name
    if level == "patch":
        return _patch(("config",), Op(op.op, path, value), why)
    if op.op == "remove" or level == "outer":
        return None
    block, *rest = path
    section = config.get(str(block))
    if level == "block" and rest and isinstance(section, dict) and "merge" in section and section.get("enabled"):
        return Setting("put", ("config", block, "merge", *rest), value, why)
    return Setting("put", ("config", "merge", *path), value, why)


def _plain(value: Any) -> Any:
    """A setting as the chart's values have it: text that must not be quoted is in `<< >>`."""
    if isinstance(value, (Variable, Raw)):
        return f"<< {value if isinstance(value, Variable) else value.text} >>"
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def in_object(op: Op, level: str, subject: Subject) -> Setting | None:
    """The setting for a change of one of the chart's objects on a level; None if the level has none."""
    have = subject.have
    path: Steps = op.path  # type: ignore[assignment]  # differences give keys and numbers
    target = Target("", str(have["kind"]), str(have["metadata"]["name"]))
    why = reason(subject.receipts, target, named_path(path, have), op.value)
    value = templated(op.value, subject.names)
    if subject.section[0] == EXTRA_RESOURCES:
        return _in_extra(op, subject, why) if level == "block" else None
    section, rest = _section(subject.section, path, have)
    if level == "outer":
        return _patch(subject.section, Op(op.op, path, value), why) if subject.section != section else None
    if level == "patch":
        return _patch(section, Op(op.op, rest, value), why)
    if level != "block" or op.op == "remove":
        return None
    if section == ("container",) and rest == ("env", "-") and _is_plain_variable(op.value):
        rest_of = {key: item for key, item in value.items() if key != "name"}
        return Setting("put", ("container", "env", op.value["name"]), rest_of.get("value", rest_of), why)
    if all(isinstance(key, str) and key != "-" for key in rest):
        return Setting("put", (*section, "merge", *rest), value, why)
    return None


def _is_plain_variable(entry: Values) -> bool:
    return set(entry) in ({"name", "value"}, {"name", "valueFrom"})


def _section(whole: Steps, path: Steps, have: Values) -> tuple[Steps, Steps]:
    """The section of the values that renders this part of an object, and the path inside what it renders."""
    if whole != STATEFUL_SET or path[:2] != _CONTAINERS[:2]:
        return whole, path
    if path[:4] == _CONTAINERS and len(path) > len(_CONTAINERS) + 1 and isinstance(path[4], int):
        name = have["spec"]["template"]["spec"]["containers"][path[4]].get("name")
        if name in _SECTIONS:
            return (_SECTIONS[name],), path[5:]
    return ("podTemplate",), path[2:]


def _in_extra(op: Op, subject: Subject, why: str) -> Setting:
    """A change of an object in the user's own values; a template in its path is replaced by its rendering."""
    path: Steps = (*subject.section, *op.path)  # type: ignore[arg-type]  # differences give keys and numbers
    at: Any = subject.values
    for depth, key in enumerate(path[:-1], 1):
        at = at[key] if isinstance(key, int) or key in at else None
        if at is None:
            break
        if isinstance(at, dict) and not TEMPLATE_KEYS.isdisjoint(_keys_of(at)):
            inner = path[2:depth]
            whole = _get(subject.have, inner)
            changed = {**whole, path[depth]: op.value} if isinstance(whole, dict) else whole
            return Setting("put", path[:depth], templated(changed, subject.names), why)
    kind = "remove" if op.op == "remove" else "append" if path[-1] == "-" else "put"
    return Setting(kind, path[:-1] if kind == "append" else path, templated(op.value, subject.names), why)


def _keys_of(mapping: Values) -> set[str]:
    inside = (item for item in mapping.values() if isinstance(item, dict) and len(item) == 1)
    return {*mapping, *(key for item in inside for key in item)}


def added(value: Values, names: Names, receipts: Iterable[Receipt]) -> Setting:
    """The setting that adds an object to the release."""
    why = reason(receipts, Target("", str(value["kind"]), str(value["metadata"]["name"])), ())
    return Setting("append", (EXTRA_RESOURCES,), templated(value, names), why)


def _patch(section: Steps, op: Op, why: str) -> Setting:
    entry = {"op": op.op, "path": pointer(op.path)}  # type: ignore[arg-type]  # keys and numbers
    return Setting("append", (*section, "patch"), entry if op.op == "remove" else {**entry, "value": op.value}, why)


def reason(receipts: Iterable[Receipt], target: Target, path: Path, value: Any = None) -> str:
    """Why the pipeline changed this, or the nearest path; a mapping is recognised by its value."""
    at = dotted(path)
    best, length = "", -1
    for receipt in receipts:
        if (receipt.file, receipt.target.kind) != target[:2] or target.name not in (None, receipt.target.name):
            continue
        if isinstance(value, dict) and same(receipt.after, value):
            return receipt.why
        common = _shared(receipt.path, at)
        if common > length:
            best, length = receipt.why, common
    return best


def _shared(left: str, right: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
