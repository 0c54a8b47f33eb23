"""Bundles: what was seen of live regions, without its secrets, as a file that is judged anywhere and later."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from natsvalues.doctor.live import KINDS, stream_of
from natsvalues.doctor.seen import Page, content_of, seen_in
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.report.diff_redacted import keyed, redacted_object
from natsvalues.report.redaction import redacted
from natsvalues.text.secret_variables import secret_variables
from natsvalues.text.secrets import Hiding, without_formats

if TYPE_CHECKING:
    from natsvalues.doctor.seen import RegionSeen, Seen

_KINDS = {plural: kind for plural, (_, kind) in KINDS.items()} | {"pods": "Pod", "endpointslices": "EndpointSlice"}


def without_its_secrets(seen: Seen) -> Seen:
    """The record with every secret replaced by a digest with a key of this run: equal ones stay equal."""
    variables = secret_variables(stream_of(region) for region in seen.regions)
    how = Hiding(keyed(secrets.token_bytes(16)), variables)
    regions = tuple(_region(region, how) for region in seen.regions)
    return seen._replace(regions=regions, here=_texts(seen.here, how))


def _region(region: RegionSeen, how: Hiding) -> RegionSeen:
    return region._replace(
        objects={
            plural: [_object(item, _KINDS.get(plural, ""), how) for item in items]
            for plural, items in region.objects.items()
        },
        pages={
            pod: {path: Page(page.status, _body(page.body, how)) for path, page in pages.items()}
            for pod, pages in region.pages.items()
        },
        troubles={pod: _texts(items, how) for pod, items in region.troubles.items()},
        balancers=_texts(region.balancers, how),
        about=_texts(region.about, how),
        unseen=_texts(region.unseen, how),
    )


def _object(item: dict[str, Any], kind: str, how: Hiding) -> dict[str, Any]:
    if not kind:
        plain: dict[str, Any] = _texts(item, how)
        return plain
    value = redacted_object({"kind": kind, **item}, how)
    return {key: value[key] for key in value if key != "kind" or "kind" in item}


def _body(body: str, how: Hiding) -> str:
    try:
        content = json.loads(body)
    except ValueError:
        return without_formats(body, how)
    if not isinstance(content, dict):
        return without_formats(body, how)
    return json.dumps(redacted(content, how=how), separators=(",", ":"))  # as servers write it


def _texts(value: Any, how: Hiding) -> Any:
    """A value whose texts are messages: what has the format of a secret is replaced."""
    if isinstance(value, dict):
        return {key: _texts(item, how) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item, how) for item in value]
    return without_formats(value, how) if isinstance(value, str) else value


def bundle_text(seen: Seen) -> str:
    """The record as a file."""
    return json.dumps(content_of(seen), indent=1, sort_keys=True) + "\n"


def read_bundle(text: str, file: str) -> Seen:
    """The record in a file. Raises NatsvaluesError (NV-B001) for anything else."""
    try:
        return seen_in(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NatsvaluesError(
            "NV-B001", "not a bundle of this version", where=(Where(file),),
            hint="give what `natsvalues doctor collect FILE` wrote",
        ) from None  # fmt: skip
