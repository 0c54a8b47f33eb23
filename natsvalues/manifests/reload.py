"""Which settings nats-server takes over on a reload; everything else needs a restart.

facts: run with SIGHUP on 2.12.8 and 2.14.6 and read in `server/reload.go`, where whatever is not listed is
refused, and one refused setting refuses the whole file. Settings that only some versions reload, or only in
one direction (`server_metadata`, growing `max_file_store`), count as not reloadable here: a pod too many rolls.
Adding gateway TLS, or changing its timeout, is refused; its certificates and `verify` reload (2.14.2).
"""

from __future__ import annotations

from typing import Any

RELOADABLE: frozenset[tuple[str, ...]] = frozenset(
    tuple(path.split("."))
    for path in [
        "accounts",
        "authorization",
        "users",
        "max_payload",
        "max_payload_size",
        "max_connections",
        "max_conn",
        "max_control_line",
        "ping_interval",
        "ping_max",
        "write_deadline",
        "connect_error_reports",
        "reconnect_error_reports",
        "no_fast_producer_stall",
        "server_tags",
        "debug",
        "trace",
        "trace_verbose",
        "logtime",
        "logtime_utc",
        "log_file",
        "logfile",
        "logfile_size_limit",
        "log_size_limit",
        "syslog",
        "remote_syslog",
        "pid_file",
        "pidfile",
        "ports_file_dir",
        "tls",
        "cluster.routes",
        "cluster.no_advertise",
        "cluster.cluster_advertise",
        "cluster.advertise",
        "cluster.compression",
        "cluster.pool_size",
        "cluster.tls",
        "cluster.ping_interval",
        "gateway.tls.ca_file",
        "gateway.tls.cert_file",
        "gateway.tls.key_file",
        "gateway.tls.verify",
        "leafnodes.compression",
    ]
)
"""Paths that reload; a path covers everything under it."""


def restart_part(conf: dict[str, Any], at: tuple[str, ...] = ()) -> dict[str, Any]:
    """The part of a configuration that only a restart brings into force."""
    kept: dict[str, Any] = {}
    for key, item in conf.items():
        path = (*at, str(key).lower())
        if path in RELOADABLE:
            continue
        kept[key] = restart_part(item, path) if isinstance(item, dict) else item
    return kept
