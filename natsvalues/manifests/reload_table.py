"""What a reload (SIGHUP) does with a change of each setting, as data.

Every row that does not say otherwise was run on real servers 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1 (of them
those that it holds for): the change was written, the server reloaded, its log and its behaviour were compared with
the row. The first versions between those were read in the sources of the releases. The row of the longest path that
fits decides; of several for one path the first that fits. The post-render path reads it: keep it light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.manifests.server import Release

Outcome = Literal["reload", "refused", "ignored", "crash"]
"""Applied; the whole reload refused; taken without effect until a restart; the server panics."""

FIRST: Release = (2, 10, 0)
RUN_ON: tuple[Release, ...] = ((2, 10, 26), (2, 11, 10), (2, 12, 8), (2, 14, 6), (2, 15, 1))
ACCEPTED = "the reload was run, its effect read in server/reload.go"
READ = "read in server/reload.go"


class Row(NamedTuple):
    """One rule; `since` is the first release that it holds for, `before` the first that it does not."""

    path: str
    """Keys with dots between them; `*` stands for any name and for any item of a list."""
    outcome: Outcome
    when: str = ""
    """Kinds of change, separated by spaces: added, removed, changed, grown, shrunk; came or went: added or removed with
    the block around it; inside: below the path. Empty for all of them."""
    since: Release = FIRST
    before: Release | None = None
    note: str = ""
    source: str = ""
    """Empty where it was run."""


def _all(outcome: Outcome, paths: str, block: str = "", *, note: str = "") -> tuple[Row, ...]:
    prefix = f"{block}." if block else ""
    return tuple(Row(prefix + path, outcome, note=note) for path in paths.split())


_BLOCK = "added removed"
_TLS_REFUSED = "the certificates reload, this does not"
_LISTENER = "the listener is opened once, at the start"

ROWS: tuple[Row, ...] = (
    # --- the server itself
    *_all("refused", "server_name listen host port http_port https_port http_base_path prof_port proxy_protocol"),
    *_all("refused", "disable_sublist_cache no_header_support feature_flags default_js_domain allow_non_tls"),
    *_all("refused", "lame_duck_duration lame_duck_grace_period max_closed_clients write_timeout"),
    *_all("refused", "max_pending max_subscriptions max_sub_tokens logfile_size_limit logfile_max_num"),
    *_all("reload", "debug trace trace_verbose logtime logtime_utc log_file remote_syslog max_traced_msg_len"),
    Row("trace_headers", "refused", before=(2, 11, 2), source=READ),
    Row("trace_headers", "reload", since=(2, 11, 2)),
    Row("syslog", "reload", source=READ),
    *_all("reload", "max_payload max_connections max_control_line ping_interval ping_max write_deadline"),
    *_all("reload", "connect_error_reports reconnect_error_reports no_fast_producer_stall prof_block_rate"),
    *_all("reload", "pid_file ports_file_dir client_advertise mappings ocsp ocsp_cache"),
    Row("server_tags", "reload", note="before 2.12 /varz continues to show the old ones"),
    Row("server_metadata", "reload", since=(2, 12, 0)),
    Row("proxies", "crash", _BLOCK, since=(2, 12, 0), note="nil pointer dereference, because one side has no list"),
    Row("proxies", "reload", since=(2, 12, 0)),
    # --- who may connect
    *_all("reload", "tls authorization accounts"),
    *_all("refused", "tls.verify_and_map tls.connection_rate_limit", note=_TLS_REFUSED),
    *_all("refused", "authorization.auth_callout authorization.proxy_required"),
    Row("no_auth_user", "refused", note="only together with the removal of that user does its removal reload"),
    *_all("refused", "system_account no_system_account trusted_keys"),
    Row("operator", "refused", source=READ),
    Row("default_sentinel", "refused", before=(2, 11, 2), source=READ),
    Row("default_sentinel", "reload", since=(2, 11, 2), source=READ),
    Row("resolver", "refused", _BLOCK, source=READ, note="a resolver cannot be added or removed by a reload"),
    Row("resolver", "reload", source=READ),
    *(Row(path, "reload", source=READ) for path in ("resolver_preload", "resolver_pinned_accounts", "resolver_tls")),
    # --- routes
    Row("cluster", "refused", note="a cluster is joined or left by a restart only"),
    *_all("refused", "host port listen", "cluster", note=_LISTENER),
    Row("cluster.name", "reload", "changed", note="without a gateway; with one, both names change, which is refused"),
    *_all("reload", "routes no_advertise advertise compression pool_size tls ping_interval", "cluster"),
    *_all("reload", "ping_max connect_retries permissions accounts authorization", "cluster"),
    *(Row(f"cluster.{key}", "reload", since=(2, 12, 0)) for key in ("connect_backoff", "write_deadline")),
    Row("cluster.write_timeout", "reload", since=(2, 12, 0)),
    # --- gateways
    Row("gateway", "refused", note="in a gateway only the content of its certificates reloads"),
    *_all("reload", "cert_file ca_file min_version cipher_suites", "gateway.tls"),
    *(
        Row(f"gateway.tls.{key}", "reload", source=ACCEPTED)
        for key in ("key_file", "verify", "curve_preferences", "insecure")
    ),
    Row("gateway.tls.pinned_certs", "refused", before=(2, 12, 8), note=_TLS_REFUSED),
    Row("gateway.tls.pinned_certs", "reload", since=(2, 12, 8)),
    Row("gateway.gateways.*.tls", "reload", source=ACCEPTED),
    Row("gateway.gateways.*.tls.timeout", "refused", note=_TLS_REFUSED),
    # --- leaf nodes
    Row("leafnodes", "refused", note="only the settings listed here reload"),
    Row("leafnodes.compression", "reload"),
    Row("leafnodes.tls", "refused", "added removed", note=_TLS_REFUSED),
    *_all("refused", "timeout verify_and_map pinned_certs", "leafnodes.tls", note=_TLS_REFUSED),
    Row("leafnodes.tls", "reload", "inside"),
    Row("leafnodes.remotes.*", "reload", "added removed", since=(2, 14, 0)),
    Row(
        "leafnodes.remotes.*",
        "crash",
        "removed went",
        since=(2, 12, 0),
        before=(2, 14, 0),
        note="an index out of range",
    ),
    *(Row(f"leafnodes.remotes.*.{key}", "reload", since=(2, 14, 0)) for key in ("urls", "account")),
    *(Row(f"leafnodes.remotes.*.{key}", "reload", since=(2, 14, 0), source=READ) for key in ("credentials", "nkey")),
    Row("leafnodes.remotes.*.tls", "refused", "added removed", note=_TLS_REFUSED),
    Row("leafnodes.remotes.*.tls.timeout", "refused", note=_TLS_REFUSED),
    Row("leafnodes.remotes.*.tls", "reload", "inside", source=ACCEPTED),
    Row("leafnodes.remotes.*.compression", "reload"),
    Row("leafnodes.remotes.*.disabled", "reload", since=(2, 12, 0)),
    *(
        Row(f"leafnodes.remotes.*.{key}", "ignored", before=(2, 14, 0), note="the connection keeps its old setting")
        for key in ("deny_imports", "deny_exports")
    ),
    # --- JetStream
    Row("jetstream", "reload", "added removed changed", note="it starts or stops with it"),
    Row("jetstream.enabled", "reload"),
    *_all(
        "refused",
        "sync_interval domain unique_tag extension_hint strict cipher key prev_encryption_key tpm",
        "jetstream",
    ),
    *_all("refused", "max_outstanding_catchup request_queue_limit info_queue_limit", "jetstream"),
    *_all("refused", "max_buffered_size max_buffered_msgs", "jetstream"),
    Row("jetstream.max_concurrent_io", "refused", "added removed changed", since=(2, 14, 0)),
    Row(
        "jetstream.store_dir", "refused", "added removed changed", note="reloads only together with JetStream on or off"
    ),
    *(
        row
        for key in ("max_memory_store", "max_file_store")
        for row in (
            Row(f"jetstream.{key}", "reload", "grown", since=(2, 12, 7)),
            Row(f"jetstream.{key}", "refused", "added removed changed", note="it may only grow, from 2.12.7 on"),
        )
    ),
    Row("jetstream.limits", "refused", before=(2, 15, 0)),
    Row(
        "jetstream.limits",
        "reload",
        since=(2, 15, 0),
        note="existing streams and consumers keep their old setting",
    ),
    *(
        Row(f"jetstream.{key}", "reload", since=(2, 12, 2), source=ACCEPTED)
        for key in ("meta_compact", "meta_compact_size", "meta_compact_sync")
    ),
    # --- other client protocols
    Row("websocket", "refused", note="only the certificates reload"),
    *_all("refused", "verify_and_map pinned_certs", "websocket.tls", note=_TLS_REFUSED),
    Row("websocket.tls", "ignored", "added removed", note=_LISTENER),
    Row("websocket.tls", "reload", "inside"),
    Row("mqtt", "refused", note="only the settings listed here reload"),
    *_all("reload", "ack_wait max_ack_pending stream_replicas", "mqtt"),
    *_all("reload", "consumer_memory_storage consumer_inactive_threshold", "mqtt"),
    Row("mqtt.consumer_replicas", "reload", source=READ, note="servers accept this setting and ignore it"),
    *_all("refused", "timeout verify_and_map pinned_certs", "mqtt.tls", note=_TLS_REFUSED),
    Row("mqtt.tls", "reload"),
)

MOVED = {
    ("store_dir",): ("jetstream", "store_dir"),
    ("leafnodes", "remotes", "*", "url"): ("leafnodes", "remotes", "*", "urls"),
}
"""Settings that the table has under another path; other spellings of keys are in `conf/keys.py`."""
