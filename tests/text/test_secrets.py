"""Texts without secrets, and texts and names that stay as they are."""

import base64
import binascii
import json

import pytest

from natsvalues.rehearsal.moving import without_login
from natsvalues.text.secret_names import is_reference, kind_of
from natsvalues.text.secret_variables import secret_variables
from natsvalues.text.secrets import is_public_key, kind_assigned, without_logins, without_secrets


@pytest.mark.parametrize("login", ["gw:hunter2", "gw:hun@ter2", "token"])
def test_no_part_of_a_login_stays(login):
    """Whatever stands before the last `@` of a url's address goes, also of a password with an `@` in it."""
    text = f"dialling nats://{login}@a.example.com:7222/ and nats://b.example.com, not a@b"

    assert without_logins(text) == text.replace(login, "(redacted login)")
    assert without_login(text) == text.replace(f"{login}@", "")


TELLING = {
    "password": "password DB_PASSWORD passwd pass pw PWORD DB_PW rootpw dbPass mysql-pwd bcrypt",
    "token": "token apiToken X-Vault-Token JWT bearer csrf",
    "secret": "client_secret SECRET_KEY_BASE creds credentials resolver_preload",
    "key": "nkey NKEY_SEED seed SIGNING_KEY signingKeys SESSION_KEY LICENSE_KEY private.key X-Api-Key js_key",
    "header": "Cookie Set-Cookie headers httpHeaders",
    "auth": "auth AUTH --auth X-Auth basicAuth authorization Proxy-Authorization oauth2",
}
READABLE = """
    secretName tls.secretName MY_SECRET_NAME secretKeyRef secretRef existingSecret existingSecretPasswordKey
    imagePullSecrets tokenReviews tokenreviews passthrough passThrough ssl-passthrough pass_through compass
    compassHeading bypass key keys key_file cert_file topologyKey matchLabelKeys configMapKeyRef public_key publicKey
    trusted_keys no_auth_user auth_callout auth_users jwt_cookie max_sub_tokens account_token_position author authority
    monkey exceeds rbac.authorization.k8s.io authentication.k8s.io server_name sessionAffinity user username account
"""


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in TELLING.items() for name in names.split()])
def test_a_name_tells_the_kind_of_secret(kind, name):
    """However its words are joined."""
    assert kind_of(name) == kind


@pytest.mark.parametrize("name", READABLE.split())
def test_other_names_tell_nothing(name):
    """References to Secrets, settings of nats.conf about secrets, and words that only contain such a word."""
    assert kind_of(name) == ""
    assert kind_assigned(f"{name}: value") == ""


def test_what_names_a_secret_is_a_reference():
    """The Secret and its key are named; what they hold is elsewhere."""
    assert all(is_reference(name) for name in ("secretName", "tls.secretName", "secretKeyRef", "existingSecret"))
    assert not any(is_reference(name) for name in ("secret", "secrets", "secretValue", "name"))


HARMLESS = [
    "nats:2.14.2@sha256:0f3e2a1b0c9d8e7f0f3e2a1b0c9d8e7f0f3e2a1b0c9d8e7f0f3e2a1b0c9d8e7f",
    "registry.example.com:5000/nats:2.14@sha256:0f3e2a1b",
    "release:messaging/nats@3",
    "mkdir -p data/jetstream && cp -p a b; ssh -p 22 host; nats-server -p 4222 -a 0.0.0.0",
    "id -u nats; chown -R 1000:1000 /data; docker run -u 1000:1000",
    "apiGroup: rbac.authorization.k8s.io\nresources: [tokenreviews, subjectaccessreviews]",
    "mode: passthrough\ncompass: north\nkey: app",
    "mail to admin@example.com at 12:30",
    "nats://a.example.com:4222,nats://b.example.com:4222/path?x=1",
    base64.b64encode(b"nothing but a sentence in base64").decode(),
    "100%25 of%20it",
    "secretName: gate\nsecretKeyRef: {name: gate, key: k}",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_stays(text):
    """A report that hides everything helps nobody."""
    assert without_secrets(text) == text


def public_key(letter, seed):
    """A valid public nkey: the byte of its letter, 32 bytes, and their checksum."""
    raw = bytes(["ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) << 3]) + bytes(
        (seed * number) % 256 for number in range(32)
    )
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode()


@pytest.mark.parametrize("letter", "UAONCX")
def test_the_public_half_of_an_nkey_is_known(letter):
    """By its checksum, so nothing else is taken for one."""
    key = public_key(letter, 7)
    assert key.startswith(letter)
    assert is_public_key(key)
    other = "A" if key[20] != "A" else "B"
    assert not is_public_key(key[:20] + other + key[21:])
    assert not is_public_key(key[:-1])


USES = [
    "password: $GW_LOGIN",
    '"pass": $GW_LOGIN,',
    json.dumps({"nats.conf": "a: b\npassword: $GW_LOGIN\n"}),
    "password: << $GW_LOGIN >>",
    "users: [{user: a, password: $GW_LOGIN}]",
    "jetstream { key: $GW_LOGIN }",
    "A: $GW_LOGIN\ntoken: $A\n",
    json.dumps({"nats.conf": "token: $A\nA: $B\nB: $GW_LOGIN\n"}),
    "- --pass\n- $(GW_LOGIN)",
    '["--auth", "$(GW_LOGIN)"]',
    "- name: DB_PASSWORD\n  value: $(GW_LOGIN)",
    '{"name": "API_TOKEN", "value": "$(GW_LOGIN)"}',
    "sh -c 'curl -u a:$GW_LOGIN x'",
    "url: nats://gw:${GW_LOGIN}@host",
]


@pytest.mark.parametrize("text", USES)
def test_a_variable_is_secret_where_it_is_used_so(text):
    """In nats.conf, in values, in containers and shells, and through other variables."""
    assert "GW_LOGIN" in secret_variables([text, "GW_LOGIN: hunter2"])
    assert secret_variables(["server_name: $GW_LOGIN\nadvertise: $(GW_LOGIN):7222\nport: $PORT"]) == frozenset()
