"""Whether two values mean the same: quantities and durations are compared by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.quantities import duration, quantity
from natsvalues.manifests.settings import STORE_LIMITS, store_size
from natsvalues.text.natsconf import Variable

if TYPE_CHECKING:
    from natsvalues.text.paths import Path

_RESOURCES = frozenset(("requests", "limits", "capacity", "hard", "min", "max", "default", "defaultRequest"))
_SIZES = frozenset(("sizeLimit", "minAvailableCapacity"))
_TIMES = ("interval", "timeout", "duration", "deadline", "delay", "period", "window", "ttl", "age", "grace")
_STORES = frozenset(("max_memory", "max_storage")).union(*STORE_LIMITS.values())


def equal(before: Any, after: Any, path: Path, *, in_conf: bool = False) -> bool:
    """Whether two scalars at a path mean the same. Types count: `"80"` is not 80, and true is not 1."""
    if isinstance(before, Variable) or isinstance(after, Variable):
        return type(before) is type(after) and bool(before == after)
    if isinstance(before, bool) == isinstance(after, bool) and bool(before == after):
        return True
    keys = [part for part in path if isinstance(part, str)]
    last = keys[-1] if keys else ""
    if in_conf:
        return _same_value(store_size, before, after) if last.lower() in _STORES else _is_time(last, before, after)
    if last in _SIZES or (len(keys) > 1 and keys[-2] in _RESOURCES):
        return _same_value(quantity, before, after)
    return _is_time(last, before, after)


def _is_time(last: str, before: Any, after: Any) -> bool:
    return last.lower().endswith(_TIMES) and isinstance(before, str) and _same_value(duration, before, after)


def _same_value(read: Any, before: Any, after: Any) -> bool:
    old, new = read(before), read(after)
    return old is not None and old == new
