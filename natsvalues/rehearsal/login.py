"""How a client logs in to a rendered server: without credentials, or as a user whose password is in nats.conf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.settings import ENABLED, port_of, system_account
from natsvalues.outside.jetstream import Login
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.rendering import CLIENT_PORT, Rendering, is_hash
from natsvalues.text.natsconf import Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

ANYONE = Login()
GLOBAL = "$G"
"""The account of users that are in none."""
_API = "$JS.API.STREAM.CREATE.REHEARSAL"
_INBOX = "_INBOX.any.any"
NO_USER = "nats.conf has no password of a user with JetStream that can be used"


class Subjects(NamedTuple):
    """Patterns of subjects; without `allowed` ones all are but those `denied`."""

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    def admit(self, subject: str) -> bool:
        """Whether a subject may be used."""
        allowed = not self.allowed or any(matches(pattern, subject) for pattern in self.allowed)
        return allowed and not any(matches(pattern, subject) for pattern in self.denied)


class User(NamedTuple):
    """A user that a client can be: its account, how it logs in, and what it may publish and subscribe to."""

    account: str
    login: Login
    publish: Subjects = Subjects()
    subscribe: Subjects = Subjects()

    @property
    def uses_jetstream(self) -> bool:
        """Whether its permissions let it create a stream, and receive the answer."""
        return self.publish.admit(_API) and self.subscribe.admit(_INBOX)

    def subject(self, name: str) -> str:
        """A subject that it may publish to, with this name in it; the name alone if that is one."""
        if self.publish.admit(name):
            return name
        usual = (pattern for pattern in self.publish.allowed if not pattern.startswith(("$", "_")))
        return next((literal(pattern, name) for pattern in usual), name)


def matches(pattern: str, subject: str) -> bool:
    """Whether a subject is one of those that a pattern with `*` and `>` stands for."""
    wanted, given = pattern.split("."), subject.split(".")
    if wanted[-1] == ">" and len(given) >= len(wanted):
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    return len(wanted) == len(given) and all(a in ("*", b) for a, b in zip(wanted, given, strict=True))


def literal(pattern: str, name: str) -> str:
    """One of the subjects that a pattern stands for: with this name for each wildcard."""
    return ".".join(name if token in ("*", ">") else token for token in pattern.split("."))


def user_of(rendering: Rendering, variables: dict[str, str], account: str = "", hashed: str = "") -> User | str:
    """Who a client is that uses streams of this account, of any with JetStream if it is empty; else why nobody.

    `hashed` is what the servers have in place of hashes; empty: the hashes themselves, which are of no use. Of several
    users the first whose permissions are enough; if none has them, the server will say so.
    """
    conf = rendering.conf
    if conf.get("operator") or conf.get("resolver"):
        return "the accounts are in JWTs, and nobody's credentials are in nats.conf"
    accounts = _accounts(conf)
    if account and account not in accounts:
        return f"nats.conf has no account `{account}`"
    holders = [account] if account else [name for name, has_jetstream in accounts.items() if has_jetstream]
    if not holders:
        return "no account of nats.conf has JetStream"
    users = [user for user in _users(conf, variables, hashed) if user.account in holders]
    if not users:
        return NO_USER if not account else f"nats.conf has no password of a user of account `{account}`"
    return next((user for user in users if user.uses_jetstream), users[0])


def _accounts(conf: dict[str, Any]) -> dict[str, bool]:
    """The accounts, and whether each has JetStream; without any, all users are in the global one, which has.

    facts: run on 2.14.6: beside accounts of one's own, the global one has no JetStream.
    """
    own = _own(conf)
    return {GLOBAL: not own} | {
        name: isinstance(item, dict) and _is_on(item.get("jetstream")) for name, item in own.items()
    }


def _own(conf: dict[str, Any]) -> dict[str, Any]:
    """The accounts but the system account: where that is the only one, clients need no credentials."""
    declared = conf.get("accounts")
    own = {str(name): item for name, item in declared.items()} if isinstance(declared, dict) else {}
    own.pop(system_account(conf), None)
    return own


def _is_on(word: Any) -> bool:
    if isinstance(word, str):
        return word.lower() in ENABLED
    return word is True or isinstance(word, dict)


def _users(conf: dict[str, Any], variables: dict[str, str], hashed: str) -> Iterator[User]:
    """The users that a client can be: whoever needs no credentials first."""
    authorization = conf.get("authorization")
    block = authorization if isinstance(authorization, dict) else {}
    blocks = {GLOBAL: block, **{name: item for name, item in _own(conf).items() if isinstance(item, dict)}}
    entries = [
        (account, user, holder.get("default_permissions"))
        for account, holder in blocks.items()
        for user in holder.get("users") or ()
        if isinstance(user, dict)
    ]
    anonymous = conf.get("no_auth_user")
    for account, user, defaults in entries:
        if anonymous and anonymous in (user.get("user", user.get("username")), user.get("nkey")):
            yield _user(account, ANYONE, user, defaults)
    if "token" in block:
        yield from (User(GLOBAL, Login(token=text)) for text in _secret(block["token"], variables, hashed))
    elif {"user", "username"} & set(block):
        entries.append((GLOBAL, block, block.get("default_permissions")))
    elif not entries and not block:
        yield User(GLOBAL, ANYONE)
    for account, user, defaults in entries:
        name = _text(user.get("user", user.get("username", "")), variables)
        for password in _secret(user.get("password", user.get("pass", "")), variables, hashed):
            if name:
                yield _user(account, Login(name, password), user, defaults)


def _secret(value: Any, variables: dict[str, str], hashed: str) -> Iterator[str]:
    """The password or token, if a client can use it: not if it is unknown."""
    text = _text(value, variables)
    if is_hash(text):
        text = hashed
    if text:
        yield text


def _text(value: Any, variables: dict[str, str]) -> str:
    return variables.get(value.name, "") if isinstance(value, Variable) else str(value)


def _user(account: str, login: Login, user: dict[str, Any], defaults: Any) -> User:
    stated = user.get("permissions", defaults)
    permissions = stated if isinstance(stated, dict) else {}
    publish = permissions.get("publish", permissions.get("pub"))
    subscribe = permissions.get("subscribe", permissions.get("sub"))
    return User(account, login, _subjects(publish), _subjects(subscribe))


def _subjects(stated: Any) -> Subjects:
    if isinstance(stated, dict):
        return Subjects(_listed(stated.get("allow")), _listed(stated.get("deny")))
    return Subjects(_listed(stated))


def _listed(stated: Any) -> tuple[str, ...]:
    words = stated if isinstance(stated, list) else [] if stated is None else [stated]
    return tuple(str(word).partition(" ")[0] for word in words)


def client_port(rendering: Rendering) -> int:
    """The port that clients connect to."""
    conf = rendering.conf
    return port_of(conf.get("port")) or port_of(conf.get("listen")) or CLIENT_PORT
