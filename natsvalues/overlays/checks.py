"""Contradictions inside and between overlays, all reported together, before any release is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, raise_all
from natsvalues.text.hosts import POD, is_address, is_block, is_valid, same

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.overlays.folder import Overlays, RegionFile
    from natsvalues.overlays.model import Region, Supercluster
    from natsvalues.text.reading import Positions


def per_pod(shared: Supercluster, region: Region) -> bool:
    """Whether the region has a load balancer for each pod."""
    own = region.load_balancer.per_pod
    return bool(shared.load_balancer.per_pod if own is None else own)


def check(overlays: Overlays) -> None:
    """Raise with every contradiction inside and between the files."""
    errors: list[NatsvaluesError] = []
    shared = overlays.supercluster
    errors += _range_errors(shared.load_balancer.source_ranges, overlays.positions)
    for file in overlays.regions.values():
        errors += _host_errors(shared, file)
        errors += _range_errors(file.region.load_balancer.source_ranges, file.positions)
        errors += _scope_errors(shared, file)
    errors += _shared_errors(overlays)
    raise_all(errors)


def _host_errors(shared: Supercluster, file: RegionFile) -> list[NatsvaluesError]:
    host = file.region.gateway.host
    where = (file.positions.where("gateway", "host"),)
    for_each_pod = per_pod(shared, file.region)
    plain = host.replace(POD, "pod") if for_each_pod else host
    if "://" in host or "/" in host:
        return [
            NatsvaluesError(
                "NV-O010",
                f"`{host}` is a url where a host is expected",
                where=where,
                hint="give the DNS name or address alone; natsvalues adds the scheme",
            )
        ]
    if re.search(r"\A[^:]+:\d+\Z", host) or re.search(r"\]:\d+\Z", host):
        return [
            NatsvaluesError(
                "NV-O011",
                f"`{host}` has a port in it",
                where=where,
                hint="give the host alone, and the port as gateway.port",
            )
        ]
    if not is_valid(plain):
        hint = "set loadBalancer.perPod: true to use {pod}" if POD in host else "write a name such as gw.example.com"
        hint = "write the address without brackets" if host.startswith("[") else hint
        return [NatsvaluesError("NV-O012", f"`{host}` is neither a DNS name nor an address", where=where, hint=hint)]
    errors = []
    if is_address(host) and shared.gateway.tls is not None:
        errors.append(
            NatsvaluesError(
                "NV-O013",
                f"`{host}` is an address where a DNS name is needed",
                where=where,
                hint="gateways use TLS, and a server checks the certificate against the name it dialled",
            )
        )
    if for_each_pod and (POD not in host or not file.region.nats.name or not file.region.servers):
        errors.append(
            NatsvaluesError(
                "NV-O014",
                "a load balancer for each pod needs a host with `{pod}`, `nats.name` and `servers`",
                where=(file.positions.where("gateway", "host"), file.positions.where("loadBalancer", "perPod")),
                hint="for example gateway.host: {pod}.gw.example.com, nats: {name: nats}, servers: 3;\n"
                "the other regions list one url for each pod",
            )
        )
    return errors


def _range_errors(ranges: tuple[str, ...], positions: Positions) -> list[NatsvaluesError]:
    """The API server accepts only CIDR blocks: a single address needs its /32."""
    return [
        NatsvaluesError(
            "NV-O018",
            f"`{text}` is not a valid CIDR block",
            where=(positions.where("loadBalancer", "sourceRanges", index),),
            hint="write an address and a prefix length: 203.0.113.0/24, or 203.0.113.7/32 for one address",
        )
        for index, text in enumerate(ranges)
        if not is_block(text)
    ]


def _scope_errors(shared: Supercluster, file: RegionFile) -> list[NatsvaluesError]:
    errors = []
    if shared.jetstream.scope == "supercluster":
        if file.region.domain is not None:
            errors.append(
                NatsvaluesError(
                    "NV-O015",
                    "a region sets its own JetStream domain in scope `supercluster`",
                    where=(file.positions.where("domain"),),
                    hint="JetStream domains do not separate regions over gateways: they stay one meta group, and\n"
                    "streams can be placed in only one of them. For independent regions set jetstream.scope:\n"
                    "region and a systemAccount for each; for one domain everywhere set jetstream.domain in the\n"
                    "supercluster",
                )
            )
        if file.region.system_account is not None:
            errors.append(
                NatsvaluesError(
                    "NV-O016",
                    "a region sets its own system account in scope `supercluster`",
                    where=(file.positions.where("systemAccount"),),
                    hint="regions that share JetStream share the system account: remove the field, or set\n"
                    "jetstream.scope: region for independent regions",
                )
            )
    return errors


def _shared_errors(overlays: Overlays) -> list[NatsvaluesError]:
    shared = overlays.supercluster
    files = list(overlays.regions.values())
    errors = _twice(
        files,
        "NV-O005",
        ("gateway", "host"),
        lambda region: f"{same(region.gateway.host)}:{region.gateway.port or shared.gateway.port}",
        "the same gateway host",
        "each region needs its own load balancer with its own name",
    )
    errors += _twice(
        files,
        "NV-O006",
        ("serverNames", "prefix"),
        _names_of,
        "the same server-name prefix",
        "with equal server names gateways reject each other (`Duplicate Server Name`). The region that already\n"
        "has streams keeps its names; give every other region its own prefix before its first stream",
    )
    if shared.jetstream.scope == "region":
        errors += _twice(
            files,
            "NV-O007",
            ("systemAccount",),
            _account_of,
            "the same system account",
            "regions with one system account form one meta group over gateways, whatever their domains are. The\n"
            "region that has streams keeps its account; every other one gets its own before its first stream",
        )
        if shared.jetstream.domain is not None:
            errors.append(
                NatsvaluesError(
                    "NV-O015",
                    "a shared JetStream domain for independent regions",
                    where=(overlays.positions.where("jetstream", "domain"),),
                    hint="in scope `region` each region has its own domain: set it in the region, or leave it out",
                )
            )
    seeds = [file for file in files if file.region.joins == "seed"]
    if shared.jetstream.scope == "supercluster" and len(seeds) > 1:
        errors.append(
            NatsvaluesError(
                "NV-O008",
                "more than one region is `joins: seed`",
                where=tuple(file.positions.where("joins") for file in seeds),
                hint="when clusters that both ran JetStream join, one of them loses its streams. Only one region may\n"
                "have streams; if several have, they can join in scope `region`, each with its own system account",
            )
        )
    return errors


def _account_of(region: Region) -> str | None:
    """The region's system account; None for one that it has for the time of a move only, while it is not connected."""
    is_held = region.move is not None and region.move.system_account is not None and region.stage == "local"
    return None if is_held else region.system_account


def _names_of(region: Region) -> str | None:
    """The parts of the region's server names that the overlay decides."""
    if region.server_names is None:
        return None
    return f"{region.server_names.prefix}|{region.nats.name or ''}"


def _twice(
    files: list[RegionFile],
    code: str,
    path: tuple[str, ...],
    key: Callable[[Region], str | None],
    *words: str,
) -> list[NatsvaluesError]:
    """Errors for regions with the same `key`; `words` are the end of the message, and the hint."""
    message, hint = words
    seen: dict[str, RegionFile] = {}
    errors = []
    for file in files:
        text = key(file.region)
        first = seen.setdefault(text, file) if text is not None else file
        if first is not file:
            names = f"`{first.region.name}` and `{file.region.name}`"
            where = (first.positions.where(*path), file.positions.where(*path))
            errors.append(NatsvaluesError(code, f"{names} have {message}", where=where, hint=hint))
    return errors
