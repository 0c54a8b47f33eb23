"""What a report shows of a value: secrets hidden by name and by shape, everything else as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.report.redaction import redacted
from natsvalues.text.natsconf import Variable

NAMES = st.sampled_from(
    ["password", "pass", "token", "nkey", "seed", "AWS_SECRET_KEY", "DB_PASSWORD", "api-key", "privateKey"]
)
TEXT = st.text(st.characters(categories=["L", "N"], max_codepoint=0x17F), min_size=6).map(lambda text: f"canary{text}")


def buried(secret):
    """Values that hold a secret somewhere, under a name that tells of it or in a shape that does."""
    shaped = st.sampled_from(["nats://u:{}@host:4222", "tls://{}@host", "see nats://u:{}@host."]).map(
        lambda shape: shape.format(secret)
    )
    leaves = st.one_of(
        st.builds(lambda name: {name: secret}, NAMES),
        st.builds(lambda name: {name: [secret, secret]}, NAMES),
        st.builds(lambda name: {"name": name, "value": secret}, NAMES),
        st.builds(lambda name, sign: f"{name}{sign}{secret}", NAMES, st.sampled_from([": ", "=", ' = "', "='"])),
        shaped,
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=2)
            | st.dictionaries(st.sampled_from("ab"), inner, min_size=1, max_size=2)
        ),
        max_leaves=4,
    )


@settings(deadline=None)
@given(TEXT.flatmap(lambda secret: st.tuples(st.just(secret), buried(secret))))
def test_a_buried_secret_is_found(case):
    """However deep, in lists, tables, variables, texts and urls; what is hidden is marked."""
    secret, value = case
    shown = redacted(value, "spec.data")

    assert secret not in repr(shown)
    assert "(redacted " in repr(shown)


SHOWN = [
    (Variable("GATEWAY_PASSWORD"), "gateway.authorization.password"),
    ("$(DB_PASSWORD)", "spec.template.spec.containers[0].env[0].value"),
    ({"secretKeyRef": {"name": "gate", "key": "password"}}, "spec.template.spec.containers[0].env[0].valueFrom"),
    ({"name": "gateway-tls", "secret": {"secretName": "gate"}}, "spec.template.spec.volumes[0]"),
    ({"name": "DB_PASSWORD", "value": "$(OTHER)"}, "spec.template.spec.containers[0].env[0]"),
    ({"automountServiceAccountToken": False}, "spec.template.spec"),
    (["nats://gw.example.com:7222"], "gateway.gateways[0].urls"),
    ("nats://nats-0:6222", "cluster.routes[0]"),
    ("UAAAODQVDQRSUMJYH5DE2VC3MJUXA536QWGJHGVBVCX3NPOEZPJNTBIX", "accounts.A.users[0].nkey"),
    ("<< $GW_LOGIN >>", "config.gateway.merge.authorization.password"),
    ({"user": "g", "timeout": 2, "users": [{"user": "a", "permissions": {"publish": ">"}}]}, "cluster.authorization"),
    ({"issuer": "A", "account": "AUTH", "auth_users": ["a"]}, "authorization.auth_callout"),
    ([{"name": "a", "secret": {"secretName": "gate", "items": [{"key": "k", "path": "p"}]}}], "spec.volumes"),
    ([{"key": "k", "path": "p"}], "spec.volumes[name=a].secret.items"),
    ("ghcr.io/example/auth:1.2", "spec.template.spec.containers[name=a].image"),
    (["--port", "4222", "-p", "8222", "--compass", "north"], "spec.template.spec.containers[0].args"),
    ([{"name": "COMPASS", "value": "north"}], "spec.template.spec.containers[0].env"),
    ({"key": "app", "topologyKey": "zone", "passthrough": "on"}, "spec"),
    ("/healthz?js-server-only=true", "spec.template.spec.containers[0].startupProbe.httpGet.path"),
]


@pytest.mark.parametrize(("value", "path"), SHOWN)
def test_what_is_no_secret_is_shown(value, path):
    """References, names of Secrets and plain settings: a report that hides everything helps nobody."""
    assert redacted(value, path, "StatefulSet") == value


def test_data_of_a_secret_is_hidden_and_other_data_is_not():
    """Everything in a Secret's data counts, whatever its name; its metadata does not."""
    assert redacted({"a": "b"}, "data", "Secret") == {"a": "(redacted secret)"}
    assert redacted("b", "stringData.a", "Secret") == "(redacted secret)"
    assert redacted({"a": "b"}, "data", "ConfigMap") == {"a": "b"}
    assert redacted({"a": "b"}, "metadata.labels", "Secret") == {"a": "b"}
    assert redacted({"metadata": {"name": "keys"}, "data": {"a": "b"}}, "", "Secret") == {
        "metadata": {"name": "keys"},
        "data": {"a": "(redacted secret)"},
    }
