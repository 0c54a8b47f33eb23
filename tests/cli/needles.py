"""Secrets in every place and form that `test_needles.py` looks for: by the names that tell of them, and by format."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

TELLING = """
    password PASSWORD passwd pass passphrase pw PW pword PWORD pwd DB_PW DB_PASS dbPassword db.password mysql-pwd
    token TOKEN api_token apiToken X-Vault-Token secret client_secret clientSecret SECRET_KEY_BASE creds credentials
    auth AUTH AUTHORIZATION authorization Proxy-Authorization X-Auth X-Api-Key api-key APIKEY SIGNING_KEY signingKeys
    signing.key SESSION_KEY LICENSE_KEY licenseKey ENCRYPTION_KEY private_key privateKey access-key AccountKey
    nkey NKEY_SEED seed jwt JWT bearer Cookie Set-Cookie bcrypt basicAuth oauth2 rootpw jsKey
"""
NAMES = TELLING.split()
ARGUMENTS = """
    --auth|% --auth=% -auth|% --authorization|% --pass|% -pass|% --password=% --user|u:% --user=u:% --user|% -u|u:%
    -uu:%
    -p|% --token|% --creds|% --proxy-user|u:% --api-key|% -H|X-Auth:% -H|Cookie:s=% --header|Authorization:%
    --from-literal=pw=% --set|db.password=%
"""
"""Arguments with a bar between them, and a secret for the percent sign."""
OPTIONS = ARGUMENTS.split()
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
FORMATS = {
    "AWS": ("AKIA%", 16, UPPER),
    "GitHub": ("ghp_%", 36, LETTERS),
    "GitHub, fine-grained": ("github_pat_%", 40, LETTERS),
    "GitLab": ("glpat-%", 20, LETTERS),
    "Slack": ("xoxb-12345678901-%", 24, LETTERS),
    "Slack hook": ("https://hooks.slack.com/services/T0123/B0123/%", 24, LETTERS),
    "Stripe": ("sk_live_%", 24, LETTERS),
    "SendGrid": ("SG.abcdefghijklmnop.%", 43, LETTERS),
    "Google": ("AIza%", 35, LETTERS),
    "npm": ("npm_%", 36, LETTERS),
    "PyPI": ("pypi-%", 60, LETTERS),
    "Vault": ("hvs.%", 24, LETTERS),
    "DigitalOcean": ("dop_v1_%", 64, "0123456789abcdef"),
    "JWT": ("eyJhbGciOiJlZDI1NTE5In0.eyJqdGkiOiJYWFgifQ.%", 40, LETTERS),
    "seed": ("SUA%", 55, UPPER),
    "bcrypt": ("$2a$11$%", 53, LETTERS),
    "htpasswd": ("bob:$apr1$0123abcd$%", 22, LETTERS),
    "private key": ("-----BEGIN PRIVATE KEY-----\n%\n-----END PRIVATE KEY-----\n", 64, LETTERS),
    "bearer": ("Bearer %", 20, LETTERS),
    "login in a URL": ("nats://bob:%@a.example.com:4222", 12, LETTERS),
    "token in a URL": ("tls://%@a.example.com:4222", 12, LETTERS),
    "login with a slash": ("nats://bob:a/%@a.example.com:4222", 12, LETTERS),
    "login with an @": ("nats://bob:a@%@a.example.com:4222", 12, LETTERS),
    "several URLs": ("nats://a.example.com:4222,nats://bob:%@b.example.com:4222", 12, LETTERS),
    "login without scheme": ("bob:%@a.example.com:4222", 12, LETTERS),
    "login for curl": ("curl -fsS -u bob:% https://a.example.com/", 12, LETTERS),
    "login attached": ("curl -ubob:% https://a.example.com/", 12, LETTERS),
    "mysql": ("mysql -h db -p% app", 12, LETTERS),
    "redis": ("redis-cli -a % ping", 12, LETTERS),
    "signed URL": ("https://a.blob.example.com/x?sv=1&sig=%", 30, LETTERS),
}
"""Texts whose format tells of a secret, with its length and letters."""

WRONG = {
    "a host": {"gateway": {"host": "nats://u:%@us.example.com"}},
    "a host with a login": {"gateway": {"host": "u:%@us.example.com"}},
    "a password": {"gateway": {"host": "h", "authorization": {"user": "u", "password": "%"}}},
    "a field": {"gateway": {"host": "h", "token": "%"}},
    "a type": {"servers": "nats://u:%@h"},
    "a test": {
        "patches": [{"target": {"file": "nats.conf"}, "ops": [{"op": "test", "path": "/port", "value": "u:%@h"}]}]
    },
    "an operation": {"patches": [{"target": {"file": "nats.conf"}, "ops": [{"op": "nats://u:%@h", "path": "/port"}]}]},
    "a path": {"patches": [{"target": {"file": "nats.conf"}, "ops": [{"op": "remove", "path": "/nats:~1~1u:%@h/a"}]}]},
    "a target": {"patches": [{"target": {"kind": "Thing", "name": "u:%@h"}, "ops": [{"op": "remove", "path": "/a"}]}]},
}
"""Overlays with a secret, for the percent sign, where none belongs."""
BROKEN = (
    "token: '%",
    "token: %]",
    'token = "%" %',
    "token: % {",
    "pass: [%, %",
    "p: $%%",
    "'%",
    "include '%'",
    "% % %",
)
"""The beginning of a block of nats.conf that cannot be read."""


class Needle(NamedTuple):
    """A secret in a value: where and as what, the value, and the texts of which none may be seen."""

    label: str
    value: dict[str, Any]
    traces: tuple[str, ...]


def word(random: Random, length: int = 16, letters: str = LETTERS) -> str:
    """A random word that no text of ours has; it begins with a letter, as nats.conf wants it without quotes."""
    return random.choice([*filter(str.isalpha, letters)]) + "".join(random.choices(letters, k=length - 1))


def b64(text: str) -> str:
    """Base64 of a text."""
    return base64.b64encode(text.encode()).decode()


PLACES: dict[str, Callable[[str, str], Any]] = {
    "field": lambda name, secret: {name: secret},
    "list": lambda name, secret: {name: [secret, secret]},
    "block": lambda name, secret: {name: {"inner": secret}},
    "env": lambda name, secret: {"env": [{"name": name, "value": secret}]},
    "env of the chart": lambda name, secret: {"env": {name: {"value": secret}}},
    "YAML": lambda name, secret: {"text": f"a: b\nc:\n  {name}: {secret}\n"},
    "next line": lambda name, secret: {"text": f"a: b\n{name}:\n  {json.dumps(secret)}\n"},
    "properties": lambda name, secret: {"text": f"a=b\n{name}={secret}"},
    "JSON": lambda name, secret: {"text": json.dumps({"a": 1, name: secret})},
    "JSON in JSON": lambda name, secret: {"text": json.dumps({"a": json.dumps({name: secret})})},
    "option": lambda name, secret: {"args": ["serve", f"--{name}", secret, "--port", "1"]},
    "option with =": lambda name, secret: {"args": ["serve", f"--{name}={secret}"]},
    "shell": lambda name, secret: {"command": ["sh", "-c", f"export {name}='{secret}'; serve --{name} \"{secret}\""]},
    "annotation": lambda name, secret: {"annotations": {f"example.com/{name}": secret}},
    "base64": lambda name, secret: {"text": b64(f"{name}={secret}\n")},
    "base64 beside": lambda name, secret: {"text": f"see {b64(f'{name}: {secret}')} and more"},
    "percent": lambda name, secret: {"text": f"{quote(name)}%3D{quote(secret)}%26a%3Db"},
}


def by_name(names: list[str], random: Random) -> Iterator[Needle]:
    """Each name in each place, with a secret of its own."""
    for name in names:
        for place, make in PLACES.items():
            secret = word(random)
            value = make(name, secret)
            yield Needle(f"{name} as {place}", value, (secret, *_encoded(value, secret)))


def by_option(random: Random) -> Iterator[Needle]:
    """Each option as arguments and in a shell."""
    for option in OPTIONS:
        secret = word(random)
        words = option.replace("%", secret).split("|")
        yield Needle(f"arguments {option}", {"args": ["serve", *words, "sub"]}, (secret,))
        yield Needle(f"shell {option}", {"command": ["sh", "-c", f"serve {' '.join(words)} sub"]}, (secret,))


def by_format(random: Random) -> Iterator[Needle]:
    """Each format under a name that says nothing: alone, in a list, in a sentence, on a line, in base64."""
    for label, (form, length, letters) in FORMATS.items():
        for place in ("alone", "list", "sentence", "lines", "base64"):
            secret = word(random, length, letters)
            text = form.replace("%", secret)
            shown = {"sentence": f"see {text} for it", "lines": f"a\n{text}\nb\n", "base64": b64(f"see {text}")}
            value = {"list": ["a", text]} if place == "list" else {"note": shown.get(place, text)}
            yield Needle(f"{label}, {place}", value, (secret, *_encoded(value, secret)))


def _encoded(value: Any, secret: str) -> Iterator[str]:
    """The middle of each base64 text that has the secret."""
    for piece in str(value.get("text") or value.get("note") or "").split():
        if len(piece) > 20 and secret not in piece and piece.translate(str.maketrans("+/=", "aaa")).isalnum():
            yield piece[len(piece) // 2 - 6 : len(piece) // 2 + 6]
