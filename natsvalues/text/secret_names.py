"""Which names tell of a secret, and of what kind: those of nats.conf, of Kubernetes, and of common programs.

A name counts by its words, however they are joined: `DB_PASSWORD`, `dbPassword`, `db.password`. So `compass` and
`passthrough` are no passwords.
"""

from __future__ import annotations

import re
from functools import lru_cache

PARTS = {
    "password": "password passwd passphrase passcode",
    "token": "token csrf xsrf sessionid dockerconfig dockercfg",
    "secret": "secret credential resolverpreload connectionstring",
    "key": (
        "apikey privatekey signingkey signkey sessionkey licensekey licencekey encryptionkey decryptionkey accesskey "
        "sharedkey masterkey accountkey storagekey deploykey cipherkey cryptokey symmetrickey authkey appkey jskey "
        "jetstreamkey hostkey sshkey webhookkey"
    ),
}
"""Kinds of secrets, and what tells of them anywhere in a name that is written without separators."""
WORDS = {
    "password": "pass pw pwd pword bcrypt",
    "token": "jwt jwts bearer otp totp sas",
    "secret": "cred creds",
    "key": "nkey nkeys seed seeds psk",
    "header": "cookie cookies headers",
    "auth": "auth authn authz authorization authorisation authentication oauth",
}
"""Kinds of secrets, and what tells of them only as a word of its own."""
BLOCK = "auth"
"""The kind of a block that has other settings beside secrets."""
_IN_BLOCK = """
    user username users account acc timeout permissions permission defaultpermissions defaultpermission publish pub
    subscribe sub import export allow deny allowresponses publishallowresponses allowedconnectiontypes connectiontypes
    clients proxyrequired authcallout authhook issuer xkey authusers allowedaccounts enabled type mode method
"""
READABLE_IN_BLOCK = frozenset(_IN_BLOCK.split())
"""Settings of such a block that nobody keeps a secret in, as `flat` names: those of nats.conf, and some of charts."""
# Names that end so say which Secret is used, never what it contains.
_REFERENCE = r"(?:secretnames?|secret(?:key)?refs?|pullsecrets?|existingsecret(?:name|\w*keys?)?)\Z"
# What is something else, though a word of it tells of a secret: as a whole name, at its end, and anywhere in it.
_READABLE = frozenset(
    ["noauthuser", "authcallout", "authusers", "authtimeout", "jwtcookie", "usercookie", "passcookie", "tokencookie"]
)
_END = r"(?:tokenreviews?|subtokens|subscriptiontokens|tokenposition)\Z"
_INSIDE = r"(?i)pass[_.-]?through|(?:authorization|authentication)\.k8s\.io"
_WORD = r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+"
_JOINED = r"(?:pw|pwd|(?<!com)(?<!by)(?<!encom)(?<!tres)(?<!sur)(?<!over)(?<!under)pass)\Z|(auth)\Z"
_BY_PART = tuple((part, kind) for kind, parts in PARTS.items() for part in parts.split())
_BY_WORD = {word: kind for kind, words in WORDS.items() for word in words.split()}
_HINTS = (*(part for part, _ in _BY_PART), *_BY_WORD)
_KEY_OF = frozenset(
    ["api", "private", "signing", "session", "license", "licence", "encryption", "access", "shared", "master"]
)


@lru_cache(4096)
def kind_of(name: str) -> str:
    """What kind of secret a field, variable, option or header of this name holds; empty for none."""
    if not may_have_name(name):
        return ""
    name = re.sub(_INSIDE, "", name)
    whole = flat(name)
    if whole in _READABLE or re.search(_END, whole) or re.search(_REFERENCE, whole):
        return ""
    for part, kind in _BY_PART:
        if part in whole:
            return kind
    for word in re.findall(_WORD, name):
        kind = _BY_WORD.get(word.lower(), "")
        joined = re.search(_JOINED, word.lower())
        if kind or joined:
            return kind or ((joined and joined[1]) or "password")
    return ""


def flat(name: str) -> str:
    """A name in lower case without separators."""
    return "".join(filter(str.isalnum, name.lower()))


def may_have_name(text: str) -> bool:
    """Whether a text may have such a name; quick, and right whenever it says no."""
    text = text.lower().replace("_", "").replace("-", "").replace(".", "").replace(" ", "")
    for hint in _HINTS:  # noqa: SIM110 - a generator takes twice the time
        if hint in text:
            return True
    return False


def is_reference(name: str) -> bool:
    """Whether a field of this name says which Secret is used."""
    return bool(re.search(_REFERENCE, flat(name)))


def is_key_of(parent: str, name: str) -> bool:
    """Whether the two names make one that tells: `signing: {key: …}`."""
    return name in ("key", "keys") and flat(parent) in _KEY_OF
