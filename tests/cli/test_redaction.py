"""No secret in anything we say: explain, last, standard error and the state file of a rendering full of them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from natsvalues.cli.explain import explain
from natsvalues.cli.last import last
from natsvalues.cli.light import PostRenderOptions
from natsvalues.cli.post_render import post_render

BCRYPT = "$2a$11$" + "Zq3Wj8vLx0NcTr5YbHs6EuPkGd1MfAoI9eRwSaXtUyVnQhCzJlB7m"
SEED = "SUAGMJH5XLGZKQQWAWKRZJIGMOU4HPFUYLXJMXOO5NLFEO2OOQJ5LPRDPM"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5In0.eyJqdGkiOiJYWFgifQ.c2lnbmF0dXJlLW9mLXRoZS1qd3Q"
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIF4kpemcanary\nAwEHoUQDQgAE\n-----END EC PRIVATE KEY-----\n"

CONF = f"""\
port: 4222
http_port: 8222
server_name: $SERVER_NAME
authorization {{
  token: canary-token
  users: [
    {{user: a, password: canary-user-password}}
    {{user: b, password: "{BCRYPT}"}}
  ]
}}
accounts {{
  APP {{ users: [ {{user: c, pass: canary-account-pass}} ] }}
}}
resolver_preload {{ ACC: {JWT} }}
cluster {{
  name: old
  port: 6222
  authorization {{ user: r, password: canary-cluster-password }}
  routes: ["nats://r:canary-route-password@nats-0:6222", "nats://nats-1:6222"]
}}
gateway {{
  name: old
  port: 7222
  advertise: old:7222
  authorization {{ user: g, password: canary-gateway-password }}
  gateways: [
    {{name: eu-west, url: "nats://g:canary-remote-password@eu:7222"}}
    {{name: foreign, urls: ["nats://canary-url-token@foreign:7222"]}}
  ]
}}
leafnodes {{
  remotes: [ {{url: "tls://l:canary-leaf-password@hub:7422", nkey: {SEED}}} ]
}}
websocket {{ port: 8080, no_tls: true, token: canary-websocket-token }}
"""
SECRETS = ("canary", BCRYPT, SEED[:-1], JWT.rpartition(".")[2], "Y2FuYXJ5")
"""What may appear nowhere; every secret without a shape of its own contains `canary`."""


RENDERING = """\
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: nats-config}, data: {nats.conf: %s}}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {password: Y2FuYXJ5}
stringData: {harmless: canary-string-data}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: nats}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: nats}}
    spec:
      containers:
      - name: nats
        image: nats:2.14.2
        args: [--config, /etc/nats-config/nats.conf]
        env:
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: SERVER_NAME, value: $(POD_NAME)}
        - {name: GATEWAY_PASSWORD, value: canary-env-password}
        - {name: API_TOKEN, value: canary-env-token}
        - {name: UPSTREAM, value: "nats://u:canary-env-url@up:4222"}
        - {name: NKEY, value: %s}
        ports: [{containerPort: 4222, name: nats}, {containerPort: 8222, name: monitor}]
        volumeMounts: [{mountPath: /etc/nats-config, name: config}]
      volumes: [{name: config, configMap: {name: nats-config}}]
"""
"""A release in which every kind of secret stands in the open."""

ENV = "/spec/template/spec/containers/0/env"
PATCHES: dict[str, dict[str, list[Any]]] = {
    "none": {},
    "blocks of nats.conf": {
        "nats.conf": [
            ("replace", "/authorization", {"token": "canary-a", "users": [{"user": "x", "pass": "canary-b"}]}),
            ("add", "/accounts/APP/users/-", {"nkey": SEED}),
            ("add", "/accounts/APP/users/-", {"user": "d", "password": BCRYPT}),
            ("add", "/leafnodes/authorization", {"user": "x", "password": "canary-c"}),
            ("remove", "/resolver_preload"),
            ("replace", "/websocket/token", JWT + "x"),
            ("remove", "/cluster/routes/0"),
        ]
    },
    "single values of nats.conf": {
        "nats.conf": [
            ("replace", "/authorization/users/0/password", "canary-a"),
            ("replace", "/authorization/token", "canary-b"),
            ("replace", "/leafnodes/remotes/0/url", "tls://l:canary-c@hub:7422"),
            ("add", "/leafnodes/remotes/0/nkey", SEED[:-1] + "A"),
            ("replace", "/accounts/APP/users", [{"user": "x", "pass": "canary-d"}]),
            ("remove", "/websocket"),
        ]
    },
    "the Secret": {
        "Secret/keys": [
            ("add", "/stringData/more", "canary-a"),
            ("remove", "/stringData/harmless"),
            ("replace", "/data", {"x": "Y2FuYXJ5"}),
            ("replace", "/data/x", "Y2FuYXJ5LWI="),
        ]
    },
    "variables": {
        "StatefulSet/nats": [
            ("add", f"{ENV}/-", {"name": "DB_PASSWORD", "value": "canary-a"}),
            ("replace", f"{ENV}/3", {"name": "API_TOKEN", "value": "canary-b"}),
            ("remove", f"{ENV}/4"),
            ("add", "/metadata/annotations", {"api-key": "canary-c", "note": "token=canary-d"}),
        ]
    },
    "all variables": {
        "StatefulSet/nats": [
            ("replace", ENV, [{"name": "GATEWAY_PASSWORD", "value": "canary-a"}, {"name": "SERVER_NAME", "value": "s"}])
        ]
    },
    "a variable's value": {"StatefulSet/nats": [("replace", f"{ENV}/3/value", "canary-a")]},
    "a file": {"ConfigMap/nats-config": [("add", "/data/a.conf", f"password: canary-a\ntoken = 'canary-b'\n{KEY}")]},
    "the whole file": {
        "ConfigMap/nats-config": [("replace", "/data/nats.conf", CONF.replace("canary-token", "canary"))]
    },
    "a test that fails": {"nats.conf": [("test", "/authorization/token", "canary-a")]},
    "a test of the Secret that fails": {"Secret/keys": [("test", "/stringData/harmless", "canary-a")]},
    "a path that leads nowhere": {"nats.conf": [("replace", "/authorization/token/deeper", "canary-a")]},
    "an operation that is none": {"nats.conf": [("append", "/authorization/token", "canary-a")]},
}
"""The user's own operations by their target."""


def rendering(conf=CONF):
    """The release, with that nats.conf."""
    return RENDERING % (json.dumps(conf), SEED)


def written(patches):
    """Patches as an overlay has them."""
    found = []
    for name, ops in patches.items():
        kind, _, own = name.partition("/")
        target = {"kind": kind, "name": own} if own else {"file": name}
        found.append({"target": target, "ops": [dict(zip(("op", "path", "value"), op, strict=False)) for op in ops]})
    return found


@pytest.fixture
def said(tmp_path, monkeypatch, capsys, overlays):
    """Everything that is said of a run: its exit code, the release, and the texts by where they were said."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def call(stdin, patches=(), **fields: Any):
        overlays(patches=list(patches), **fields)
        (tmp_path / "input.yaml").write_text(stdin)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        options = PostRenderOptions(overlays="overlays")
        code = post_render(options)
        release, told = capsys.readouterr()
        words = {"standard error": told, "state file": (tmp_path / "state" / "natsvalues" / "last.json").read_text()}
        for as_json in (False, True):
            last(as_json=as_json)
            words[f"last, {as_json}"] = "".join(capsys.readouterr())
            explain("input.yaml", options, as_json=as_json)
            words[f"explain, {as_json}"] = "".join(capsys.readouterr())
        return code, release, words

    return call


def leaks(words):
    """Where something secret is said: what and around it."""
    return [
        (where, text[max(0, text.index(secret) - 60) : text.index(secret) + 40])
        for where, text in words.items()
        for secret in SECRETS
        if secret in text
    ]


@pytest.mark.parametrize("patches", PATCHES)
def test_no_secret_is_told_of(said, patches):
    """Whatever is changed beside it, or is itself put there by a patch; errors of patches included."""
    code, release, words = said(rendering(), written(PATCHES[patches]))

    assert code == (1 if "that" in patches else 0), words["standard error"]
    assert ("canary" in release) == (code == 0)
    assert leaks(words) == []


@pytest.mark.parametrize("stage", ["local", "expose"])
def test_no_secret_of_what_is_taken_away_is_told_of(said, stage):
    """The gateway's block, its remotes and JetStream leave in stages that have none."""
    code, release, words = said(rendering(CONF + "jetstream { store_dir: /data }\n"), stage=stage, joins="empty")

    assert code == 0, words["standard error"]
    assert "jetstream" not in release
    assert ("canary-gateway-password" in release) is False
    assert leaks(words) == []


def test_the_key_of_an_encrypted_jetstream_is_not_told_of(said):
    """It stands in the block that an empty region loses until it joins."""
    conf = CONF + "jetstream { store_dir: /data, cipher: chacha, key: canary-jetstream-key }\n"
    _, _, words = said(rendering(conf), stage="local", joins="empty")

    assert leaks(words) == []


BROKEN = [
    "password: 'canary",
    "password: canary]",
    'token = "canary" canary',
    "token: canary {",
    "pass: [canary, canary",
]


@pytest.mark.parametrize("line", BROKEN)
def test_no_secret_is_quoted_from_a_broken_file(said, line):
    """The error has the place, and not the text."""
    code, release, words = said(rendering(f"port: 4222\nauthorization {{\n  {line}\n}}\n"))

    assert (code, release) == (1, "")
    assert "error[" in words["standard error"]
    assert leaks(words) == []


def test_a_password_written_into_an_overlay_is_not_quoted(said):
    """It stands under a field that does not exist: the field is named, and the value is not."""
    code, release, words = said(rendering(), gateway={"host": "h", "password": "canary-a"})

    assert (code, release) == (1, "")
    assert "unknown field `password`" in words["standard error"]
    assert leaks(words) == []
