"""Who a rehearsal's client is: a user of the account, with a password that is known, and permissions for JetStream."""

import pytest

from natsvalues.rehearsal.login import ANYONE, GLOBAL, Subjects, User, literal, matches, user_of
from natsvalues.text.natsconf import Variable

HASH = "$2a$11$UjAkHUbWpmlcgPPNsyOLeO/MIg3RNi7cKoCHSyyYXHcE4VJNTVWbG"
JETSTREAM = {"allow": ["$JS.API.>", "orders.>"]}


class Conf:
    """What is read of a rendering."""

    def __init__(self, **conf):
        self.conf = conf


def login(account="", variables=None, **conf):
    """Account, user, password and token; or the reason why there is nobody."""
    user = user_of(Conf(**conf), variables or {}, account)
    return user if isinstance(user, str) else (user.account, *user.login)


def a(*users, **account):
    """One account with these users."""
    return {"A": {"users": list(users), "jetstream": "enabled", **account}}


@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        ({}, (GLOBAL, "", "", "")),
        ({"accounts": {"$SYS": {"users": [{"user": "admin", "password": "x"}]}}}, (GLOBAL, "", "", "")),
        ({"authorization": {"token": "t"}}, (GLOBAL, "", "", "t")),
        ({"authorization": {"user": "u", "password": "p"}}, (GLOBAL, "u", "p", "")),
        ({"authorization": {"users": [{"user": "h", "password": HASH}, {"user": "u", "password": "p"}]}},
         (GLOBAL, "u", "p", "")),
        ({"accounts": a({"user": "u", "password": Variable("PASSWORD")})}, ("A", "u", "known", "")),
        ({"accounts": a({"nkey": "U…"}, {"user": "u", "password": "p"})}, ("A", "u", "p", "")),
        ({"accounts": a({"user": "u", "password": "p"}), "no_auth_user": "u"}, ("A", "", "", "")),
        ({"accounts": a({"user": "n", "password": "p", "permissions": {"publish": "orders.>"}},
                        {"user": "j", "password": "p", "permissions": {"publish": JETSTREAM}})}, ("A", "j", "p", "")),
        ({"accounts": a({"user": "n", "password": "p"}, {"user": "j", "password": "p", "permissions": {}},
                        default_permissions={"publish": "orders.>"})}, ("A", "j", "p", "")),
        ({"accounts": {"B": {"users": [{"user": "b", "password": "p"}]}, **a({"user": "u", "password": "p"})},
          "no_auth_user": "b"}, ("A", "u", "p", "")),
    ],
    ids=["nobody-asks", "system-account-only", "token", "one-user", "hash-and-password", "variable", "key-and-password",
         "no-auth-user", "permissions", "default-permissions", "no-auth-user-elsewhere"],
)  # fmt: skip
def test_a_user_that_can_use_jetstream_is_chosen(conf, expected):
    """Whoever needs no credentials first; of several users, one whose permissions are enough."""
    assert login(variables={"PASSWORD": "known"}, **conf) == expected


@pytest.mark.parametrize(
    ("conf", "reason"),
    [
        ({"operator": "x.jwt"}, "the accounts are in JWTs"),
        ({"accounts": a({"user": "u", "password": HASH})}, "no password of a user with JetStream"),
        ({"accounts": a({"user": "u", "password": Variable("UNKNOWN")})}, "no password of a user with JetStream"),
        ({"accounts": {"B": {"users": [{"user": "b", "password": "p"}]}}}, "no account of nats.conf has JetStream"),
        ({"accounts": {"B": {"jetstream": "disabled", "users": []}}}, "no account of nats.conf has JetStream"),
    ],
)
def test_why_there_is_nobody(conf, reason):
    """In words that say what is missing."""
    assert reason in login(**conf)


def test_the_account_of_a_stream_decides():
    """One of its users, or why not; in no account, all users are in the global one."""
    accounts = {"B": {"users": [{"user": "b", "password": "p"}]}, **a({"user": "u", "password": HASH})}

    assert login("B", accounts=accounts) == ("B", "b", "p", "")
    assert login("A", accounts=accounts) == "nats.conf has no password of a user of account `A`"
    assert login("C", accounts=accounts) == "nats.conf has no account `C`"
    assert login(GLOBAL) == (GLOBAL, "", "", "")


def test_hashes_are_replaced_where_the_servers_are_ours():
    """Their passwords are unknown, so servers on loopback get another one."""
    accounts = a({"user": "u", "password": HASH})

    assert user_of(Conf(accounts=accounts), {}, "", "known").login == ("u", "known", "")
    assert user_of(Conf(authorization={"token": HASH}), {}, "", "known").login == ("", "", "known")


def test_a_subject_that_the_user_has():
    """The name alone, or a subject of its permissions with the name for each wildcard."""
    assert User(GLOBAL, ANYONE).subject("S") == "S"
    assert User(GLOBAL, ANYONE, Subjects(("$JS.API.>", "orders.*.new.>"))).subject("S") == "orders.S.new.S"
    assert User(GLOBAL, ANYONE, Subjects(("$JS.API.>",))).subject("S") == "S"
    assert not User(GLOBAL, ANYONE, Subjects((), ("$JS.>",))).uses_jetstream
    assert not User(GLOBAL, ANYONE, Subjects(), Subjects(("orders.>",))).uses_jetstream


@pytest.mark.parametrize(
    ("pattern", "subject", "matching"),
    [("a.>", "a.b.c", True), ("a.>", "a", False), ("a.*", "a.b", True), ("a.*", "a.b.c", False), (">", "a.b", True),
     ("a.*.c", "a.b.c", True), ("a", "a", True), ("a", "b", False)],
)  # fmt: skip
def test_patterns_of_subjects(pattern, subject, matching):
    """As servers match them."""
    assert matches(pattern, subject) is matching
    assert matches(pattern, literal(pattern, "x"))
