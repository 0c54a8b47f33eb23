"""Remove from texts what could be a secret: assignments to names that tell of one, logins, and known formats.

Hiding too much is a nuisance, hiding too little is a leak: a text with an assignment to such a name is hidden
completely. The formats are ours: detect-secrets imports `requests` and 300 more modules (0.3 s) for about 20 patterns.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Any

from natsvalues.records import NamedTuple
from natsvalues.text.secret_names import kind_of, may_have_name

HIDDEN = "(redacted)"
Mark = Callable[[Any, str], str]
"""Gives the text that replaces a secret, from the secret and its kind; a digest can show whether a secret changed."""
LOGIN = "login"
"""The kind of what stands before the @ of an address."""


def hidden(_: Any, kind: str) -> str:
    """A mark that reveals nothing but the kind: `(redacted password)`."""
    return f"({HIDDEN.strip('()')} {kind})"


class Hiding(NamedTuple):
    """How secrets are hidden: the mark, and names of variables that hold one because of where they are used."""

    mark: Mark = hidden
    variables: frozenset[str] = frozenset()


PLAIN = Hiding()

# Patterns that few texts need are compiled when they are first used: post-rendering starts with each call of helm.
# Each format with texts of which one stands in everything that has it, so that few are ever searched for.
_FORMATS = (
    (("$2",), "password", r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"),  # bcrypt
    (("$",), "password", r"\$(?:apr1|[156y]|argon2\w*|scrypt|pbkdf2[\w-]*)\$[^\s\"',;:]{8,}"),  # crypt(3), htpasswd
    (("eyJ",), "token", r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,4}"),  # JWT
    (("PRIVATE KEY",), "key", r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)"),
    (("NKEY SEED",), "key", r"-----BEGIN [A-Z ]*NKEY SEED-----.*?(?:-+END [A-Z ]*-----|\Z)"),
    (("earer", "EARER", "asic", "ASIC"), "auth", r"\b(?i:Bearer|Basic)\s+\S+"),
    (("AGE-SECRET-KEY",), "key", r"\bAGE-SECRET-KEY-\w+"),
    (("AKIA", "ASIA", "ABIA", "ACCA", "A3T"), "key", r"\b(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}\b"),  # AWS
    (("AIza",), "key", r"\bAIza[\w-]{35}"),  # Google
    (("ya29.",), "token", r"\bya29\.[\w.-]{20,}"),
    (("gh",), "token", r"\bgh[pousr]_\w{36,}"),  # GitHub
    (("github_pat_",), "token", r"\bgithub_pat_\w{22,}"),
    # GitLab
    (("gl", "GR1348941"), "token", r"\b(?:gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941)[\w-]{20,}"),
    (("xox", "xapp-"), "token", r"\b(?:xox[a-z]|xapp)-[\w-]{10,}"),  # Slack
    (("hooks.slack.com",), "token", r"hooks\.slack\.com/(?:services|workflows)/[\w/-]+"),
    (("discord",), "token", r"discord(?:app)?\.com/api/webhooks/[\w/-]+"),
    (("k_live_", "k_test_", "whsec_"), "key", r"\b(?:[rsp]k_(?:live|test)|whsec)_\w{16,}"),  # Stripe
    (("SG.",), "key", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),  # SendGrid
    (("SK",), "key", r"\bSK[a-f0-9]{32}\b"),  # Twilio
    (("npm_", "pypi-", "dop_v1_", "hvs.", "hvb.", "dckr_pat_", "rubygems_", "lin_api_", "shpat_", "hf_"), "token",
     r"\b(?:npm_|pypi-|dop_v1_|hv[sb]\.|dckr_pat_|rubygems_|lin_api_|shpat_|hf_)[\w-]{20,}"),
    (("sk-",), "key", r"\bsk-[\w-]{20,}"),  # OpenAI and others
    (("sig=", "Signature="), "key", r"(?i)[?&](?:sig|x-amz-signature|signature)=[^&\s\"']+"),  # signed URLs
)  # fmt: skip
_BY_HINT = tuple((hint, kind, pattern) for hints, kind, pattern in _FORMATS for hint in hints)
_SEED = re.compile(r"\bS[OACUNXP][A-Z2-7]{56}\b")
_PUBLIC_KEY = r"[UAONCX][A-Z2-7]{55}"
_IN_URL = r"(\w+://)([^/\s]*@|[^\s/@:\"']*:(?:(?!\w+://)[^\s\"'])*@)"
_WITHOUT_SCHEME = r"(?<![\w/@.:-])(?!release:)([^\s:/@\"'`<>|,;=()\[\]{}]+:(?!/)[^\s,\"'`]+)@(?!sha\d+:)(?=[\w\[])"
_NAME = r"\$?([A-Za-z_][\w.-]*)"
_VALUE = re.compile(r"[\\\"'\])}]*\s*(?:[:=>,]|\s)[\s\\\"'\[({]*\S")
_OPTION = r"(?:(?<=[\s\"',\[])|\A)(-{1,2}[A-Za-z][^\s=\\\"',]*)(?=[\s\\\"',=]+([^\s\\\"',]+))?"
_ATTACHED = r"\b(?:mysql|mariadb|sshpass|redis-cli)[^;&|\n]*?\s-[pa]"
_HARMLESS_P = r"\b(?:mkdir|cp|ssh|scp|sftp|nc|tar|test|touch|install|export|ps|read)\b[^;&|\n]*\Z"
_NUMBER_OR_PATH = r"\d{1,5}(?::\d{1,5})?(?:/\w+)?\Z|[.~]{0,2}/|\$"
_COMMAND = 300
"""How many characters before an option may say which command it is for."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_PERCENT = r"%([0-9A-Fa-f]{2})"
_STANDARD = str.maketrans("-_", "+/")


def without_secrets(text: str, how: Hiding = PLAIN) -> str:
    """A text with what has the format of a secret replaced; hidden completely if it assigns to a name that tells."""
    kind = kind_assigned(text, how.variables) or _kind_encoded(text, how.variables)
    return how.mark(text, kind) if kind else without_formats(text, how)


def without_formats(text: str, how: Hiding = PLAIN) -> str:
    """A text with logins and what has the format of a secret replaced: a message or a log, whose words are no names."""
    text = without_logins(text, how)
    if "S" in text:
        text = _SEED.sub(lambda match: how.mark(match[0], "key"), text)
    for hint, kind, pattern in _BY_HINT:
        if hint in text:
            text = re.sub(pattern, _marked(how, kind), text, flags=re.DOTALL)
    return text


def without_logins(text: str, how: Hiding = PLAIN) -> str:
    """A text without what stands before the last @ of an address, in a URL or as `user:password@host`."""
    if "@" not in text:
        return text
    text = re.sub(_IN_URL, lambda match: f"{match[1]}{how.mark(match[2][:-1], LOGIN)}@", text)
    return re.sub(_WITHOUT_SCHEME, lambda match: f"{how.mark(match[1], LOGIN)}@", text)


def kind_assigned(text: str, variables: frozenset[str] = frozenset()) -> str:
    """The kind of the first secret that a text assigns to a name or gives to an option; empty if there is none."""
    text = text.replace("\\n", "\n").replace("\\t", "\t")  # of a text inside JSON
    if variables or may_have_name(text):
        for match in re.finditer(_NAME, text):
            kind = kind_of(match[1]) or ("secret" if match[1] in variables else "")
            if kind and _VALUE.match(text, match.end()):
                return kind
    if "-" in text:
        for match in re.finditer(_OPTION, text):
            before = text[max(0, match.start() - _COMMAND) : match.start()]
            kind = kind_of_option(match[1], match[2] or "", before)
            if kind:
                return kind
    return ""


def kind_of_option(option: str, following: str, before: str = "") -> str:
    """The kind of secret that an option of a command has: by its name, or as `-p` and `-u` usually have one.

    `following` is the word behind it, and `before` the command so far.
    """
    name = option.lstrip("-")
    kind = kind_of(name) if following and "=" not in option else ""
    if kind:
        return kind
    if name == "user" and following:
        return LOGIN  # of the NATS client, a user or a token
    if (name in ("u", "U") or name.lower().endswith("user")) and ":" in following:
        return "" if "://" in following or re.match(_NUMBER_OR_PATH, following) else LOGIN
    if option[:2] in ("-u", "-U") and ":" in option and "://" not in option:
        return LOGIN
    if option.startswith(("-p", "-a")) and re.search(_ATTACHED, f"{before} {option[:2]}"):
        return "password"
    if option == "-p" and following and not re.match(_NUMBER_OR_PATH, following) and not re.search(_HARMLESS_P, before):
        return "password"
    return ""


def is_public_key(text: str) -> bool:
    """Whether a text is the public half of an nkey, by its letter, its length and its checksum.

    facts: nkeys (nats-io/nkeys): a byte for the letter, 32 bytes and a CRC-16 of both, in base32.
    """
    if not re.fullmatch(_PUBLIC_KEY, text):
        return False
    import base64  # for what looks like one only

    raw = base64.b32decode(text)
    return binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little")


def _kind_encoded(text: str, variables: frozenset[str]) -> str:
    """The kind of the first secret that stands in a text as base64 or percent-encoded."""
    if "%" in text:
        decoded = re.sub(_PERCENT, lambda match: chr(int(match[1], 16)), text)
        if decoded != text and (kind := kind_assigned(decoded, variables) or _kind_by_format(decoded)):
            return kind
    for match in _BASE64.finditer(text):
        word = match[0].translate(_STANDARD)
        try:
            decoded = binascii.a2b_base64(word[: len(word) // 4 * 4] + _rest(word)).decode()
        except ValueError:
            continue
        if kind := kind_assigned(decoded, variables) or _kind_by_format(decoded) or _kind_encoded(decoded, variables):
            return kind
    return ""


def _rest(word: str) -> str:
    """What is behind the last group of four, padded; a single character says nothing."""
    rest = word[len(word) // 4 * 4 :]
    return rest + "=" * (4 - len(rest)) if len(rest) > 1 else ""


def _kind_by_format(text: str) -> str:
    kinds: list[str] = []

    def mark(_: Any, kind: str) -> str:
        kinds.append(kind)
        return ""

    without_formats(text, Hiding(mark))
    return kinds[0] if kinds else ""


def _marked(how: Hiding, kind: str) -> Callable[[re.Match[str]], str]:
    return lambda match: how.mark(match[0], kind)
