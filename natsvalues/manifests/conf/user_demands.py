"""What a server demands of users and accounts; of the system account `manifests/accounts.py` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.conf.demand import demand
from natsvalues.manifests.conf.usual import blocks_in, is_set
from natsvalues.manifests.quantities import SECOND, nanoseconds
from natsvalues.text.natsconf import Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.conf.usual import Path, Settings

_LONGEST_LOGIN = 60 * SECOND
CALLOUT = (
    "authorization {auth_callout {issuer: ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA, auth_users: [a], "
    "allowed_accounts: [%s]}, users: [{user: a, password: b}]}, accounts {A {}}"
)


def _users(settings: Settings) -> Iterator[tuple[Path, Any]]:
    """Every user with its path, in the authorization block and in all accounts."""
    blocks: list[tuple[Path, Any]] = [(("authorization",), settings.block("authorization"))]
    blocks += [(("accounts", name), block) for name, block in settings.block("accounts").items()]
    for path, block in blocks:
        if isinstance(block, dict):
            yield from blocks_in(block.get("users"), (*path, "users"))


def _account_names(settings: Settings) -> list[str]:
    """The names of the accounts, which are a block or a list."""
    accounts = settings.at("accounts")
    return [name for name in accounts if isinstance(name, str)] if isinstance(accounts, (dict, list)) else []


@demand(
    "user-without-name",
    "parser",
    "give each user `user`, or `nkey` alone",
    fails="authorization {users: [{password: b}]}",
    passes="authorization {users: [{user: a, password: b}]}",
)
def user_lacks(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A user has either a name or an nkey."""
    for path, user in _users(settings):
        if not is_set(user.get("user")) and not is_set(user.get("nkey")):
            yield path, "a user has neither `user` nor `nkey`"
        elif is_set(user.get("nkey")) and (is_set(user.get("user")) or is_set(user.get("password"))):
            yield path, "a user with an nkey has a name or a password, too"


@demand(
    "user-twice",
    "parser",
    "remove one of them",
    fails="authorization {users: [{user: a, password: b}, {user: a, password: c}]}",
    passes="authorization {users: [{user: a, password: b}, {user: c, password: c}]}",
)
def user_twice(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A user is listed once, in all accounts together."""
    seen: set[str] = set()
    for path, user in _users(settings):
        name = user.get("nkey") or user.get("user")
        if isinstance(name, str) and name in seen:
            yield path, "a user is listed twice"
        seen.add(str(name))


@demand(
    "single-user-and-others",
    "parser",
    "move the user or token into the list of users",
    fails="authorization {user: a, password: b, users: [{user: c, password: d}]}",
    passes="authorization {user: a, password: b}",
)
def single_user(settings: Settings) -> Iterator[tuple[Path, str]]:
    """The authorization block has one user, one token, or a list of users."""
    block = settings.block("authorization")
    has_user = is_set(block.get("user"))
    if (has_user or is_set(block.get("password"))) and is_set(block.get("token")):
        yield ("authorization",), "authorization has both a user and a token"
    listed = isinstance(block.get("users"), list) or any(True for _ in _users(settings))
    if listed and (has_user or is_set(block.get("token"))):
        yield ("authorization",), "authorization has a single user or token, and there are users, too"


@demand(
    "no-auth-user-unknown",
    "start",
    "add the user, or correct the name",
    fails="no_auth_user: x, authorization {users: [{user: a, password: b}]}",
    passes="no_auth_user: a, authorization {users: [{user: a, password: b}]}",
)
def no_auth_user(settings: Settings) -> Iterator[tuple[Path, str]]:
    """no_auth_user names a user of the authorization block or of an account."""
    operates = any(is_set(settings.at(key)) for key in ("operator", "trusted_keys"))
    names = {str(user.get("user") or user.get("nkey")) for _, user in _users(settings)}
    unknown = any(isinstance(user.get("user") or user.get("nkey"), Variable) for _, user in _users(settings))
    for path in (("no_auth_user",), ("websocket", "no_auth_user"), ("mqtt", "no_auth_user")):
        name = settings.at(*path)
        here = len(path) == 1 or settings.listens(path[0])
        if isinstance(name, str) and name and here and not operates and not unknown and name not in names:
            yield path, "no_auth_user is not among the users"


@demand(
    "leaf-account-unknown",
    "start",
    "add the account, or correct the name",
    fails='leafnodes {remotes: [{url: "nats://127.0.0.1:1", account: A}]}',
    passes='leafnodes {remotes: [{url: "nats://127.0.0.1:1", account: A}]}, accounts {A {}}',
)
def leaf_account(settings: Settings) -> Iterator[tuple[Path, str]]:
    """The account of a leaf node's remote is in accounts."""
    if any(is_set(settings.at(key)) for key in ("operator", "trusted_keys")):
        return
    known = {"$G", "", *_account_names(settings)}
    if not settings.at("no_system_account"):
        known.add("$SYS")
    for path, remote in settings.blocks("leafnodes", "remotes"):
        name = remote.get("account")
        if isinstance(name, str) and name not in known:
            yield (*path, "account"), f"a leaf node's account `{name}` is not in accounts"


@demand(
    "account-unknown",
    "parser",
    "add the account, or correct the name",
    fails="accounts {A {imports: [{stream {account: B, subject: s}}]}}",
    passes="accounts {A {imports: [{stream {account: B, subject: s}}]}, B {exports: [{stream: s}]}}",
)
def exported(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Exports and imports name accounts that exist."""
    accounts = settings.block("accounts")
    for name, account in accounts.items():
        for kind in ("exports", "imports"):
            listed = account.get(kind) if isinstance(account, dict) else None
            for path, item in blocks_in(listed, ("accounts", name, kind)):
                if ("stream" in item) + ("service" in item) > 1:
                    yield path, "both a stream and a service"
                source = item.get("stream", item.get("service")) if kind == "imports" else None
                wanted = [source.get("account")] if isinstance(source, dict) else item.get("accounts", [])
                for other in wanted if isinstance(wanted, list) else []:
                    if isinstance(other, str) and other not in accounts:
                        yield path, f"the account `{other}` is not in accounts"


@demand(
    "account-reserved",
    "parser",
    "use another name",
    fails='accounts {"$G" {}}',
    passes="accounts {A {}}",
)
def reserved(settings: Settings) -> Iterator[tuple[Path, str]]:
    """No account has the name of the server's own."""
    if "$G" in _account_names(settings):
        yield ("accounts",), "`$G` is the server's own account"


@demand(
    "callout-account-unknown",
    "parser",
    "add the account, or correct the name",
    fails=CALLOUT % "B",
    passes=CALLOUT % "A",
    since=(2, 11, 0),
)
def callout(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Accounts that an auth callout may use exist."""
    allowed = settings.at("authorization", "auth_callout", "allowed_accounts")
    for name in allowed if isinstance(allowed, list) else []:
        if isinstance(name, str) and name not in _account_names(settings):
            yield ("authorization", "auth_callout", "allowed_accounts"), f"the account `{name}` is not in accounts"


@demand(
    "account-twice",
    "parser",
    "remove one of them",
    fails="accounts: [A, A]",
    passes="accounts: [A, B]",
)
def account_twice(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A list of accounts has each once."""
    names = _account_names(settings) if isinstance(settings.at("accounts"), list) else []
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ("accounts", index), f"the account `{name}` is listed twice"


@demand(
    "leaf-user-and-others",
    "parser",
    "move the user or nkey into the list of users",
    fails="leafnodes {port: -1, authorization {user: a, password: b, users: [{user: c, password: d}]}}",
    passes="leafnodes {port: -1, authorization {users: [{user: c, password: d}]}}",
)
def leaf_users(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Leaf nodes have one user, one nkey, or a list of users, each once."""
    block = settings.block("leafnodes", "authorization")
    listed = block.get("users")
    if not isinstance(listed, list) or not listed:
        return
    if is_set(block.get("user")) or is_set(block.get("nkey")):
        yield ("leafnodes", "authorization"), "leaf nodes have a single user or nkey, and a list of users"
    names = [user.get("user") for user in listed if isinstance(user, dict)]
    if any(isinstance(name, str) and name in names[:index] for index, name in enumerate(names)):
        yield ("leafnodes", "authorization", "users"), "a user is listed twice"


@demand(
    "login-timeout-too-long",
    "test",
    "quote durations: 1m without quotes is the number 1000000",
    fails="authorization {timeout: 1m}",
    passes='authorization {timeout: "1m"}',
    since=(2, 11, 0),
)
def login_timeout(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A login takes at most 60 s."""
    for around in ((), ("cluster",), ("gateway",), ("leafnodes",)):
        path = (*around, "authorization", "timeout")
        given = settings.at(*path)
        seconds = given * SECOND if isinstance(given, (int, float)) else nanoseconds(given)
        if seconds is not None and seconds > _LONGEST_LOGIN:
            yield path, f"timeout is {seconds / SECOND:g} s"


USERS = (
    login_timeout,
    account_twice,
    leaf_users,
    user_lacks,
    user_twice,
    single_user,
    no_auth_user,
    leaf_account,
    exported,
    reserved,
    callout,
)
