"""How a client logs in to a rendered server: without credentials, or as a user whose password is in nats.conf."""

from __future__ import annotations

from typing import Any

from natsvalues.manifests.settings import port_of, system_account
from natsvalues.outside.jetstream import Login
from natsvalues.rehearsal.rendering import CLIENT_PORT, Rendering
from natsvalues.text.natsconf import Variable

ANYONE = Login()


def login(rendering: Rendering, variables: dict[str, str]) -> Login | None:
    """A login for an account with JetStream; None if nats.conf has only keys, hashes or tokens that cannot be used."""
    conf = rendering.conf
    if conf.get("operator") or conf.get("resolver"):
        return None
    if conf.get("no_auth_user"):
        return ANYONE
    accounts = conf.get("accounts")
    system = system_account(conf)
    own = {name: item for name, item in accounts.items() if name != system} if isinstance(accounts, dict) else {}
    holders = [item for item in own.values() if isinstance(item, dict)]
    with_jetstream = [item for item in holders if item.get("jetstream")]
    users = [user for item in with_jetstream or holders for user in item.get("users") or ()]
    authorization = conf.get("authorization")
    if not users and isinstance(authorization, dict):
        if "token" in authorization:
            return Login(token=_text(authorization["token"], variables))
        users = authorization.get("users") or [authorization]
    if not users and (authorization or any(item.get("users") for item in holders)):
        return None
    for user in users:
        name = _text(user.get("user", user.get("username", "")), variables)
        password = _text(user.get("password", user.get("pass", "")), variables)
        if name and password and not password.startswith("$2"):
            return Login(name, password)
    return None if users else ANYONE


def _text(value: Any, variables: dict[str, str]) -> str:
    return variables.get(value.name, "") if isinstance(value, Variable) else str(value)


def client_port(rendering: Rendering) -> int:
    """The port that clients connect to."""
    conf = rendering.conf
    return port_of(conf.get("port")) or port_of(conf.get("listen")) or CLIENT_PORT
