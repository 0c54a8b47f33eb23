"""No secret in anything we say: explain, last, standard error and the state file of a rendering full of them."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.report.redaction import HIDDEN, redacted

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
operator: {JWT}
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
SECRETS = {
    *("canary", BCRYPT, SEED, JWT.rpartition(".")[2], "MHcCAQEEIF4kpemcanary", "Y2FuYXJ5"),
}
"""What may appear nowhere; every secret without a shape of its own contains `canary`."""


def env(name, value):
    """A variable of the container."""
    return {"name": name, "value": value}


def rendering():
    """A release in which every kind of secret stands in the open."""
    container = {
        "name": "nats",
        "image": "nats:2.14.2",
        "args": ["--config", "/etc/nats-config/nats.conf"],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            env("SERVER_NAME", "$(POD_NAME)"),
            env("GATEWAY_PASSWORD", "canary-env-password"),
            env("API_TOKEN", "canary-env-token"),
            env("UPSTREAM", "nats://u:canary-env-url@up:4222"),
            env("NKEY", SEED),
        ],
        "ports": [{"containerPort": 4222, "name": "nats"}, {"containerPort": 8222, "name": "monitor"}],
        "volumeMounts": [{"mountPath": "/etc/nats-config", "name": "config"}],
    }
    pod = {"containers": [container], "volumes": [{"name": "config", "configMap": {"name": "nats-config"}}]}
    labels = {"app": "nats"}
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nats-config"}, "data": {"nats.conf": CONF}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "keys"},
            "data": {"password": "Y2FuYXJ5"},
            "stringData": {"harmless": "canary-string-data"},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "nats"},
            "spec": {"replicas": 3, "template": {"metadata": {"labels": labels}, "spec": pod}},
        },
    ]
    return "".join("---\n" + yaml.safe_dump(item) for item in objects)


def patch(target, *ops):
    """A patch of the user's own; each operation is (op, path, value)."""
    return {"target": target, "ops": [dict(zip(("op", "path", "value"), op, strict=False)) for op in ops]}


IN_CONF = {"file": "nats.conf"}
SECRET, STATEFULSET, CONFIG_MAP = (
    {"kind": kind, "name": name}
    for kind, name in (("Secret", "keys"), ("StatefulSet", "nats"), ("ConfigMap", "nats-config"))
)
ENV = "/spec/template/spec/containers/0/env"
PATCHES = {
    "none": [],
    "blocks of nats.conf": [
        patch(
            IN_CONF, ("replace", "/authorization", {"token": "canary-a", "users": [{"user": "x", "pass": "canary-b"}]})
        ),
        patch(IN_CONF, ("add", "/accounts/APP/users/-", {"nkey": SEED, "password": BCRYPT})),
        patch(IN_CONF, ("add", "/leafnodes/authorization", {"user": "x", "password": "canary-c"})),
        patch(IN_CONF, ("remove", "/resolver_preload")),
        patch(IN_CONF, ("replace", "/operator", JWT + "x")),
        patch(IN_CONF, ("remove", "/cluster/routes/0")),
    ],
    "single values of nats.conf": [
        patch(IN_CONF, ("replace", "/authorization/users/0/password", "canary-a")),
        patch(IN_CONF, ("replace", "/authorization/token", "canary-b")),
        patch(IN_CONF, ("replace", "/leafnodes/remotes/0/url", "tls://l:canary-c@hub:7422")),
        patch(IN_CONF, ("add", "/leafnodes/remotes/0/nkey", SEED[:-1] + "A")),
        patch(IN_CONF, ("remove", "/websocket")),
    ],
    "users from the outset": [patch(IN_CONF, ("replace", "/accounts/APP/users", [{"user": "x", "pass": "canary-a"}]))],
    "the Secret": [
        patch(SECRET, ("add", "/stringData/more", "canary-a"), ("replace", "/data", {"x": "Y2FuYXJ5"})),
        patch(SECRET, ("remove", "/stringData/harmless")),
        patch(SECRET, ("replace", "/data/x", "Y2FuYXJ5LWI=")),
    ],
    "variables": [
        patch(STATEFULSET, ("add", f"{ENV}/-", env("DB_PASSWORD", "canary-a"))),
        patch(STATEFULSET, ("replace", f"{ENV}/3", env("API_TOKEN", "canary-b"))),
        patch(STATEFULSET, ("remove", f"{ENV}/4")),
        patch(STATEFULSET, ("add", "/metadata/annotations", {"api-key": "canary-c", "note": "token=canary-d"})),
    ],
    "a variable's value": [patch(STATEFULSET, ("replace", f"{ENV}/3/value", "canary-a"))],
    "a whole container": [
        patch(STATEFULSET, ("replace", "/spec/template/spec/containers/0/env", [env("PASS", "canary-a")]))
    ],
    "a file": [
        patch(CONFIG_MAP, ("add", "/data/more.conf", "user: x\npassword: canary-a\ntoken = 'canary-b'\n" + KEY))
    ],
    "the whole nats.conf": [
        patch(CONFIG_MAP, ("replace", "/data/nats.conf", CONF.replace("canary-token", "canary-a")))
    ],
    "a test that fails": [patch(IN_CONF, ("test", "/authorization/token", "canary-a"))],
    "a test of the Secret that fails": [patch(SECRET, ("test", "/stringData/harmless", "canary-a"))],
    "a path that leads nowhere": [patch(IN_CONF, ("replace", "/authorization/token/deeper", "canary-a"))],
    "an operation that is none": [patch(IN_CONF, ("append", "/authorization/token", "canary-a"))],
}


@pytest.fixture
def said(run, isolated_env, tmp_path):
    """Everything that is said of a run: `said(stdin, stage, patches)`; also the release, which keeps its secrets."""

    def call(stdin, stage="join", patches=(), **region: Any):
        files = {
            "supercluster": {
                "kind": "Supercluster",
                "name": "s",
                "jetstream": {"scope": "supercluster"},
                "loadBalancer": {"provider": "generic"},
                "gateway": {"authorization": {"user": "g", "password": {"secret": "gate", "key": "k"}}},
            },
            "us-east": {
                "kind": "Region",
                "name": "us-east",
                "stage": stage,
                "joins": "seed",
                "gateway": {"host": "us.example.com"},
                "patches": list(patches),
                **region,
            },
        }
        (tmp_path / "overlays").mkdir()
        for name, item in files.items():
            (tmp_path / "overlays" / f"{name}.yaml").write_text(json.dumps(item))
        done = run("natsvalues", "post-render", "--overlays=overlays", stdin=stdin)
        with open(os.path.join(isolated_env["XDG_STATE_HOME"], "natsvalues", "last.json"), encoding="utf-8") as file:
            words = {"stderr": done.stderr, "state": file.read()}
        for name, verb in (("last", ["last"]), ("explain", ["explain", "--overlays=overlays"])):
            for form in ([], ["--json"]):
                again = run("natsvalues", *verb, *form, stdin=stdin)
                words[" ".join([name, *form])] = again.stdout + again.stderr
        return done, words

    return call


def leaks(words):
    """Where something secret is said: what and around it."""
    return [
        (where, text[max(0, text.index(secret) - 60) : text.index(secret) + 40])
        for where, text in words.items()
        for secret in sorted(SECRETS)
        if secret in text
    ]


@pytest.mark.parametrize("patches", PATCHES)
def test_no_secret_is_told_of(said, patches):
    """Whatever is changed beside it, or is itself put there by a patch; errors of patches included."""
    done, words = said(rendering(), patches=PATCHES[patches])

    assert done.returncode == (1 if "that" in patches else 0), done.stderr
    assert leaks(words) == []
