"""The keys of nats.conf: in which block each stands, what it may be, and which servers know it, as data.

One line for each key, or for several of one form: its spellings (`host=net`), the usual one first; what it may be;
`since` the first release that knows it, if that is later than 2.10.0; of two, the first is a later patch of an older
minor version; `strict` the first that refuses other values, if earlier ones took any. What a key may be is one form, or
several with `|`:

    text        text, or a word without quotes          integer     a number; 10MB is one, "10MB" is text
    word        text that is not empty                  0..100      a number in these bounds
    false       false, off, no                          nkey        a key or seed of 56 or 58 characters
    url         text that Go reads as a URL             address     a port, or "host:port"
    percent     a number from 0 to 100, or text such as "25%"
    version     text such as "2.8.0"                    seconds     a number of seconds, or text such as "10s"
    duration    text such as "10s"; a number counts as seconds, with a warning, for which `nats-server -t` refuses it
    interval    text such as "10s", never a number
    size        a number of bytes, or text such as "10G" in steps of 1024
    resolver    text: MEM, or URL(…)
    sample      as percent, from 1                      cipher      a name such as TLS_AES_128_GCM_SHA256
    digest      64 hexadecimal digits                   curve       a name such as X25519
    any         whatever it is
    ignored     whatever it is: the server says that it does not look at it
    never       the server knows the key, and refuses it in this block
    (a b c)     one of these words, in any case; <a b c> in this case; [form] a list of that form; {block} a block
    *(form)     a block with keys of any name, each of that form
    form!       a block without this key is refused

facts: asked of the configuration parsers of 50 releases from 2.10.0 to 2.15.3, key by key in every block, until the
first of each was known (2.10.13 and 2.12.13 could not be had); tests ask nats-server 2.10.26, 2.11.4, 2.11.10, 2.12.8,
2.14.2, 2.14.6 and 2.15.1 about every line.
The post-render path reads this file: a block is taken apart when a configuration has it.
"""

from __future__ import annotations

BLOCKS = {
    "server": """
        listen: address
        host=net: text
        port: integer
        client_advertise: text
        server_name: text
        server_tags: text|[text]
        server_metadata: *(text) since 2.12.0
        debug trace trace_verbose logtime logtime_utc syslog: flag
        trace_headers: flag since 2.11.2
        log_file=logfile: text
        logfile_size_limit=log_size_limit: integer
        logfile_max_num=log_max_num: integer
        remote_syslog: text
        max_traced_msg_len: integer
        http: address
        https: address
        http_port=monitor_port: integer
        https_port: integer
        http_base_path: text
        prof_port: integer
        prof_block_rate: integer since 2.10.2
        pid_file=pidfile: text
        ports_file_dir: text
        max_control_line max_payload max_pending: integer
        max_connections=max_conn: integer
        max_subscriptions=max_subs: integer
        max_sub_tokens=max_subscription_tokens: 1..255
        max_closed_clients: integer since 2.10.26
        connect_error_reports reconnect_error_reports ping_max: integer
        ping_interval write_deadline: duration
        write_timeout: <default close retry> since 2.11.11 2.12.2
        lame_duck_duration: interval
        lame_duck_grace_period: interval
        allow_non_tls no_header_support: flag
        no_fast_producer_stall: flag since 2.10.26
        proxy_protocol: flag since 2.12.2
        disable_sublist_cache=no_sublist_cache: flag
        mappings=maps: *(text|{destination}|[{destination}])
        tls: {tls}
        ocsp: flag|{ocsp}
        ocsp_cache: flag|{ocsp_cache}
        authorization: {authorization}
        accounts: [text]|*({account})|any
        no_auth_user: text
        default_sentinel: text since 2.11.2
        system_account=system: text
        no_system_account=no_system=no_sys_acc: flag
        trusted_keys=trusted: nkey|[nkey]
        operator=operators=roots=root=root_operators=root_operator: text|[text]
        resolver=account_resolver=accounts_resolver: resolver|{resolver}
        resolver_tls: {tls}
        resolver_preload: *(text)
        resolver_pinned_accounts: text|[text]
        proxies: {proxies} since 2.12.0
        cluster: {cluster}
        gateway: {gateway}
        leafnodes=leaf: {leafnodes}
        jetstream: flag|(enabled enable disabled disable)|{jetstream}
        store_dir=storedir: text
        default_js_domain: *(text)
        websocket=ws: {websocket}
        mqtt: {mqtt}
        feature_flags: *(flag) since 2.14.0
    """,
    "cluster": """
        name: text
        listen: address
        host=net: text
        port: integer
        advertise=cluster_advertise: text
        no_advertise: flag
        connect_backoff: flag since 2.12.0
        connect_retries pool_size: integer
        ping_max: integer since 2.10.10
        routes: [url]
        accounts: text|[text]
        authorization: {peer_authorization}
        permissions: {route_permissions}
        tls: {tls}
        compression: flag|text|{compression}
        ping_interval: duration since 2.10.10
        write_deadline: duration since 2.11.11 2.12.1
        write_timeout: <default close retry> since 2.11.11 2.12.2
    """,
    "gateway": """
        name: text
        listen: address
        host=net: text
        port: integer
        advertise: text
        connect_retries: integer
        connect_backoff: flag since 2.12.0
        gateways: [{remote_gateway}]
        reject_unknown_cluster=reject_unknown: flag
        authorization: {peer_authorization}
        tls: {tls}
        write_deadline: duration since 2.11.11 2.12.1
        write_timeout: <default close retry> since 2.11.11 2.12.2
    """,
    "remote_gateway": """
        name: text
        url: url
        urls: [url]
        tls: {tls}
    """,
    "leafnodes": """
        listen: address
        host=net: text
        port: integer
        advertise=leafnode_advertise: text
        no_advertise: flag
        isolate_leafnode_interest=isolate: flag since 2.12.0
        min_version=minimum_version: version
        reconnect=reconnect_delay=reconnect_interval: duration
        dial_timeout: duration since 2.14.5
        write_deadline: duration since 2.11.11 2.12.1
        write_timeout: <default close retry> since 2.11.11 2.12.2
        compression: flag|text|{compression}
        authorization: {leaf_authorization}
        remotes: [{remote_leaf}]
        tls: {tls}
    """,
    "remote_leaf": """
        url: url|[url]
        urls: url|[url]
        account=local: text
        credentials=creds: text
        nkey=seed: nkey since 2.10.8
        hub: flag
        disabled request_isolation: flag since 2.12.0
        ignore_discovered_servers: flag since 2.14.0
        isolate_leafnode_interest=isolate: flag since 2.12.0
        no_randomize=dont_randomize: flag
        deny_imports=deny_import: word|[word]
        deny_exports=deny_export: word|[word]
        ws_compression=ws_compress=websocket_compress=websocket_compression: flag
        ws_no_masking=websocket_no_masking: flag
        jetstream_cluster_migrate=js_cluster_migrate: flag|{migration} strict 2.11.0
        compression: flag|text|{compression}
        dial_timeout: duration since 2.14.5
        first_info_timeout: duration since 2.10.26
        proxy: {proxy} since 2.12.1
        tls: {tls}
    """,
    "migration": """
        leader_migrate_delay: duration since 2.11.0
    """,
    "proxy": """
        url: url since 2.12.1
        username password: text since 2.12.1
        timeout: duration since 2.12.1
        tls: {tls} since 2.14.8 2.15.1
    """,
    "compression": """
        mode: text
        rtt_thresholds=thresholds=rtts=rtt: [interval]
    """,
    "tls": """
        cert_file key_file ca_file: text
        certs=certificates: [{certificate}] since 2.10.8
        verify verify_and_map verify_cert_and_check_known_urls insecure: flag
        allow_insecure_cipher_suites: flag since 2.12.0
        timeout: seconds
        connection_rate_limit: integer
        min_version: <1.2 1.3> since 2.10.21
        cipher_suites: [cipher]
        curve_preferences: [curve]
        pinned_certs: [digest]
        handshake_first=first=immediate: flag|(true false on off auto auto_fallback)|interval
        ocsp_peer: flag|{ocsp_peer}
        cert_store cert_match_by: never
        cert_match: word
        cert_match_skip_invalid: flag since 2.10.23
        ca_certs_match: [text]|any since 2.10.23
    """,
    "certificate": """
        cert_file key_file: word! since 2.10.8
    """,
    "ocsp_peer": """
        verify warn_only unknown_is_good allow_when_ca_unreachable: flag
        allowed_clockskew ca_timeout cache_ttl_when_next_update_unset: seconds
    """,
    "ocsp": """
        mode: (always must never auto)
        url: text
        urls: never
    """,
    "ocsp_cache": """
        type: (none local)
        local_store: text
        preserve_revoked: flag
        save_interval: seconds
    """,
    "jetstream": """
        enabled=enable: flag
        store_dir=store=storedir: text
        max_memory_store=max_mem_store=max_mem: size
        max_file_store=max_file: size
        domain: text
        unique_tag extension_hint: text
        strict: flag since 2.11.0
        sync_interval=sync: (always)|duration
        key=ek=encryption_key: text
        prev_encryption_key=prev_ek=prev_key: text
        cipher: (chacha chachapoly aes)
        tpm: {tpm} since 2.11.0
        limits: {jetstream_limits}
        max_outstanding_catchup: size
        max_buffered_size: size since 2.11.0
        max_buffered_msgs: integer since 2.11.0
        request_queue_limit: integer since 2.10.21
        info_queue_limit: integer since 2.14.0
        max_concurrent_io: 4..8192 since 2.12.14 2.14.4
        meta_compact: 0.. since 2.11.11 2.12.2
        meta_compact_size: 0..|size since 2.11.11 2.12.2
        meta_compact_sync: flag since 2.12.5
    """,
    "jetstream_limits": """
        max_ack_pending max_ha_assets max_request_batch: integer
        default_max_consumers: integer since 2.15.0
        duplicate_window: interval
        batch: {batch} since 2.12.0
    """,
    "batch": """
        max_inflight_per_stream max_inflight_total max_msgs: integer since 2.12.0
        timeout: interval since 2.12.0
    """,
    "tpm": """
        keys_file encryption_password srk_password: text since 2.11.0
        pcr: integer since 2.11.0
        cipher: (chacha chachapoly aes) since 2.11.0
    """,
    "websocket": """
        listen: address
        host=net: text
        port: integer
        advertise: text
        tls: {tls}
        no_tls same_origin: flag
        allowed_origins=allowed_origin=allow_origins=allow_origin=origins=origin: text|[text]
        compression=compress: flag
        handshake_timeout: integer|interval
        ping_interval: duration since 2.11.12 2.12.3
        headers: *(text) since 2.11.0
        no_auth_user jwt_cookie: text
        user_cookie pass_cookie token_cookie: text since 2.11.0
        authorization=authentication: {client_authorization}
    """,
    "mqtt": """
        listen: address
        host=net: text
        port: integer
        tls: {tls}
        authorization=authentication: {client_authorization}
        no_auth_user js_domain: text
        ack_wait=ackwait: duration
        js_api_timeout=api_timeout: duration since 2.11.3
        max_ack_pending=max_pending=max_inflight: 0..65535
        stream_replicas: integer
        consumer_replicas: ignored
        consumer_memory_storage: flag
        reject_qos2_publish downgrade_qos2_subscribe: flag since 2.10.4
        consumer_inactive_threshold=consumer_auto_cleanup: duration
    """,
}
"""Blocks by name: the server (a whole configuration), its links to other servers, TLS, JetStream, other protocols."""
