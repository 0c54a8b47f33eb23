"""The keys of nats.conf for accounts, users and permissions, in the form that `keys` explains."""

from __future__ import annotations

BLOCKS = {
    "leaf_authorization": """
        user=username: text
        password=pass: text
        nkey: nkey since 2.10.8
        account: text
        timeout: seconds strict 2.11.0
        proxy_required: flag since 2.12.0
        users: [{leaf_user}]
    """,
    "leaf_user": """
        user=username: text
        password=pass: text
        account: text
        proxy_required: flag since 2.12.0
    """,
    "authorization": """
        user=username: text
        password=pass: text
        token: text
        timeout: seconds strict 2.11.0
        proxy_required: flag since 2.12.0
        users: [{user}]
        default_permissions=default_permission=permissions: {permissions}
        auth_callout=auth_hook: {auth_callout}
    """,
    "peer_authorization": """
        user=username: text
        password=pass: text
        token: empty
        timeout: seconds strict 2.11.0
        proxy_required: flag since 2.12.0
        users auth_callout=auth_hook: never
        default_permissions=default_permission=permissions: {permissions}
    """,
    "client_authorization": """
        user=username: text
        password=pass: text
        token: text
        timeout: any
    """,
    "user": """
        user=username: word
        password=pass: text
        nkey: nkey
        permissions=permission=authorization: {permissions}
        allowed_connection_types=connection_types=clients: text|[text]
        proxy_required: flag since 2.12.0
    """,
    "auth_callout": """
        issuer: nkey!
        account=acc: text
        auth_users=users: [text]!
        xkey=key: nkey
        allowed_accounts: [text] since 2.11.0
    """,
    "permissions": """
        publish=pub=import: {subjects}|word|[word]
        subscribe=sub=export: {subjects}|word|[word]
        allow_responses=publish_allow_responses: flag|{responses}
    """,
    "route_permissions": """
        import=pub=publish: {subjects}|word|[word]
        export=sub=subscribe: {subjects}|word|[word]
        allow_responses=publish_allow_responses: false
    """,
    "subjects": """
        allow deny: word|[word]
    """,
    "responses": """
        max=max_msgs=max_messages=max_responses: integer
        expires=expiration=ttl: interval
    """,
    "account": """
        nkey: nkey
        users: [{user}]
        exports: [{export}]
        imports: [{import}]
        default_permissions: {permissions}
        limits: {account_limits}
        mappings=maps: *(text|{destination}|[{destination}])
        msg_trace=trace_dest: word|{msg_trace} since 2.11.0
        jetstream: flag|(enabled enable disabled disable)|{account_jetstream}
    """,
    "account_jetstream": """
        max_memory=max_mem=mem=memory: integer
        max_store=max_file=max_disk=store=disk: integer
        max_streams=streams: integer
        max_consumers=consumers: integer
        max_bytes_required=max_stream_bytes=max_bytes: flag
        mem_max_stream_bytes=memory_max_stream_bytes: integer
        disk_max_stream_bytes=store_max_stream_bytes: integer
        max_ack_pending: integer
        cluster_traffic: empty|<system owner> since 2.11.0
    """,
    "account_limits": """
        max_connections=max_conn: integer
        max_subscriptions=max_subs: integer
        max_payload=max_pay: integer
        max_leafnodes=max_leafs: integer
    """,
    "msg_trace": """
        dest: word since 2.11.0
        sampling: sample since 2.11.0
    """,
    "export": """
        stream service: text
        accounts: [text]
        response_type=response: (single singleton stream chunk chunked)
        response_threshold=threshold=response_max_time=response_time: interval
        latency: text|{latency}
        account_token_position: integer
        allow_trace: flag since 2.11.0
    """,
    "latency": """
        subject: word!
        sampling: sample|(headers)
    """,
    "import": """
        stream service: {source}
        to prefix: text
        share: flag
        allow_trace: flag since 2.11.0
    """,
    "source": """
        account: word!
        subject: word!
    """,
    "destination": """
        destination=dest: text
        weight: percent!
        cluster: text
    """,
    "resolver": """
        type dir: text
        allow_delete hard_delete: flag
        limit: integer
        ttl interval timeout: interval
    """,
    "proxies": """
        trusted: [{trusted_proxy}] since 2.12.0
    """,
    "trusted_proxy": """
        key=public_key: nkey since 2.12.0
    """,
}
"""Blocks by name."""
