"""What people write themselves over the chart: merges, patches, accounts, arguments, includes, and pod templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starts.operator_mode import operator
from starts.setup import Knob, one_of, some_of

if TYPE_CHECKING:
    from random import Random

    from starts.setup import Option, Setup

NAMES_IN_ARGS = ("NV-T003", "NV-T004", "NV-T065")
APP = {"users": [{"user": "app", "password": "secret"}]}
SYS = {"users": [{"user": "sys", "password": "secret"}]}
FROM_SECRET = {"valueFrom": {"secretKeyRef": {"name": "auth", "key": "token"}}}


def _merged(**settings: object) -> Option:
    return {"config.merge": settings}


def _patched(op: str, path: str, value: object = None) -> Option:
    return {"config.patch+": [{"op": op, "path": path, **({} if op == "remove" else {"value": value})}]}


def _accounts(setup: Setup, rng: Random) -> None:
    """Accounts with users; often a system account, and sometimes a user for those who log in without one."""
    accounts = {"APP": {**APP, **({"jetstream": "enabled"} if setup.jetstream else {})}}
    if rng.random() < 0.6:
        accounts["SYS"] = SYS
    setup.write(_merged(accounts=accounts))
    if "SYS" in accounts and rng.random() < 0.8:
        setup.write(_merged(system_account="SYS"))
    if rng.random() < 0.3:
        setup.write(_merged(no_auth_user="app"))


def _included(place: str, text: str) -> Option:
    return {f"{place}.zz$include": "./extra.conf", "configMap.merge.data": {"extra.conf": f"{text}\n"}}


def _arguments(*words: str) -> Option:
    return {"container.patch+": [{"op": "add", "path": "/args/-", "value": word} for word in words]}


def _pod(**spec: object) -> Option:
    return {"podTemplate.merge.spec": spec}


OWN = (
    some_of(
        "limits", 0.2, _merged(max_payload="<< 8MB >>"), _merged(max_connections=1000), _merged(write_deadline="10s"),
        _merged(ping_interval="20s"), _merged(debug=True), _merged(max_pending="<< 64MB >>"), _merged(logtime=False),
        _merged(max_control_line=4096), _merged(lame_duck_duration="60s"), _merged(max_subscriptions=0),
        _merged(server_tags=["az:1", "disk:ssd"]), _merged(no_header_support=False), _merged(max_traced_msg_len=64),
    ),
    one_of(
        "quoted", 0.04, _merged(max_payload="4MB"), _merged(max_payload="8388608"), _merged(max_connections="100"),
        _merged(port="4222"), _merged(max_pending="64MB"), _merged(debug="true"),
    ),
    one_of("unknown", 0.02, _merged(max_payloads=1), _merged(jetStreams={}), _merged(cluster_name="x"),
    _merged(extra={"a": 1})),
    one_of("no-system-account", 0.02, _merged(no_sys_acc=True), _merged(no_system_account=True)),
    one_of(
        "patch", 0.08, _patched("add", "/max_payload", 2097152), _patched("add", "/server_tags", ["az:1"]),
        _patched("remove", "/lame_duck_duration"), _patched("add", "/default_js_domain", {"A": "hub"}),
        _patched("remove", "/server_name"), _patched("add", "/system_account", "$SYS"), _patched("remove",
        "/http_port"),
        codes=("NV-T043",),
    ),
    one_of(
        "server-name", 0.04, _merged(server_name="n1"), _merged(server_name="<< $POD_NAME >>"),
        _merged(server_name="<< $HOST_NAME >>"),
        {**_merged(server_name="<< $MY_NAME >>"), "container.env.MY_NAME": "one"},
        {**_merged(server_name="<< $MY_NAME >>"), "container.env.MY_NAME": "my-$(POD_NAME)"},
        codes=("NV-T002", "NV-T003"),
    ),
    Knob("accounts", 0.14, _accounts),
    one_of(
        "system-users", 0.05, _merged(accounts={"$SYS": SYS}), _merged(accounts={"$SYS": SYS}, system_account="$SYS"),
        codes=("NV-T065", "NV-T066", "NV-T067"),
    ),
    one_of(
        "login", 0.06, _merged(authorization={"user": "u", "password": "p"}), _merged(authorization={"token": "t0ken"}),
        _merged(authorization={"users": [{"user": "a", "password": "b"}], "timeout": 2}),
        {**_merged(authorization={"token": "<< $TOKEN >>"}), "container.env.TOKEN": FROM_SECRET},
    ),
    one_of(
        "imports", 0.03,
        _merged(accounts={
            "A": {"users": [{"user": "a", "password": "a"}], "exports": [{"stream": "orders.>"}]},
            "B": {"users": [{"user": "b", "password": "b"}], "mappings": {"x.*": "y.{{wildcard(1)}}"},
                  "imports": [{"stream": {"account": "A", "subject": "orders.>"}}]},
        }),
    ),
    Knob("operator", 0.05, operator),
    one_of(
        "included", 0.04, _included("config.merge", "accounts { APP { users: [{user: app, password: secret}] } }"),
        _included("config.merge", "max_payload: 2MB\nmax_connections: 500"), _included("config.merge",
        "leafnodes { port: 7422 }"),
        _included("config.cluster.merge", "connect_retries: 10"),
    ),
    one_of(
        "included-decisive", 0.04, _included("config.merge", "cluster { name: other }"), _included("config.merge",
        "server_name: x"),
        _included("config.merge", "system_account: SYS\naccounts { SYS { users: [{user: s, password: s}] } }"),
        _included("config.cluster.merge", "name: other"), _included("config.jetstream.merge", "domain: other"),
        _included("config.merge", "jetstream { max_mem: 64MB, store_dir: /data }"),
        _included("config.merge", "gateway { name: other, port: 7222 }"),
        codes=("NV-T061", "NV-T021"),
    ),
    one_of(
        "included-secret", 0.03,
        {
            "config.merge.zz$include": "../nats-secret/auth.conf",
            "podTemplate.patch+": [{"op": "add", "path": "/spec/volumes/-", "value": {"name": "auth",
            "secret": {"secretName": "auth"}}}],
            "container.patch+": [{"op": "add", "path": "/volumeMounts/-", "value": {"name": "auth",
            "mountPath": "/etc/nats-secret"}}],
        },
    ),
    one_of(
        "name-argument", 0.04, _arguments("--name", "$(POD_NAME)"), _arguments("--name=$(SERVER_NAME)"),
        _arguments("-n", "srv-$(POD_NAME)"), _arguments("--server_name", "fixed"),
        codes=NAMES_IN_ARGS,
    ),
    one_of("jetstream-argument", 0.02, _arguments("-js"), _arguments("--jetstream"), codes=("NV-T066",)),
    one_of(
        "arguments", 0.06, _arguments("-D"), _arguments("-m", "8222"), _arguments("--no_advertise"),
        _arguments("--trace"),
        _arguments("--connect_retries", "5"), _arguments("-p", "4222"), _arguments("--user", "u", "--pass", "p"),
        _arguments("--auth", "tok"), _arguments("-c", "/etc/nats-config/nats.conf"), _arguments("--profile", "65431"),
    ),
    one_of("cluster-argument", 0.02, _arguments("--cluster_name", "other")),
    one_of("advertise-argument", 0.02, _arguments("--cluster_advertise", "example.com:6222")),
    one_of(
        "command", 0.04,
        *({"container.merge": {"command": ["nats-server"], "args": words}} for words in (
            ["-c", "/etc/nats-config/nats.conf"], ["--config=/etc/nats-config/nats.conf"],
            ["-c=/etc/nats-config/nats.conf", "-DV"],
        )),
    ),
    one_of("environment", 0.08, {"container.env": {"GOMEMLIMIT": "300MiB"}}, {"container.env": {"TZ": "UTC",
    "GOMAXPROCS": "2"}}),
    one_of("name-variable", 0.02, {"container.env": {"SERVER_NAME": "mine-$(POD_NAME)"}}, codes=("NV-E001",)),
    one_of(
        "pod", 0.12, _pod(tolerations=[{"key": "a", "operator": "Exists"}]), _pod(securityContext={"fsGroup": 1000}),
        _pod(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"), _pod(terminationGracePeriodSeconds=5),
        {"podTemplate.merge.metadata": {"annotations": {"linkerd.io/inject": "disabled"}}},
        _pod(priorityClassName="high"),
    ),
    one_of(
        "set", 0.06, *({"statefulSet.merge.spec": spec} for spec in (
            {"podManagementPolicy": "OrderedReady"}, {"updateStrategy": {"type": "OnDelete"}}, {"minReadySeconds": 1},
            {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}},
        )),
    ),
    one_of(
        "renamed", 0.08, {"fullnameOverride": "bus"}, {"nameOverride": "messaging"}, {"namespaceOverride": "msg"},
        {"headlessService.name": "peers"}, {"configMap.name": "nats-conf"}, {"statefulSet.name": "n"},
    ),
    one_of(
        "image", 0.08, {"container.image.tag": "VERSION"}, {"container.image.tag": "VERSION-scratch"},
        {"container.image.tag": "vVERSION"},
        {"container.image.registry": "registry.example.com:5000"},
        {"container.image.fullImageName": f"registry.example.com/mirror/nats:VERSION-alpine@sha256:{'0' * 64}"},
    ),
    one_of(
        "probes", 0.08, *({"container.merge": item} for item in (
            {"startupProbe": {"failureThreshold": 30}}, {"readinessProbe": {"httpGet": {"path": "/healthz"}}},
            {"livenessProbe": None}, {"startupProbe": {"httpGet": {"path": "/healthz?js-enabled=true"}}},
            {"startupProbe": None}, {"readinessProbe": {"httpGet": None, "tcpSocket": {"port": "nats"}}},
        )),
    ),
)  # fmt: skip
