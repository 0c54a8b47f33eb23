"""Texts without secrets: the user and password of a url."""

import pytest

from natsvalues.rehearsal.moving import without_login
from natsvalues.text.secrets import without_logins


@pytest.mark.parametrize("login", ["gw:hunter2", "gw:hun@ter2", "token"])
def test_no_part_of_a_login_stays(login):
    """Whatever stands before the last `@` of a url's address goes, also of a password with an `@` in it."""
    text = f"dialling nats://{login}@a.example.com:7222/ and nats://b.example.com, not a@b"

    assert without_logins(text) == text.replace(login, "(redacted login)")
    assert without_login(text) == text.replace(f"{login}@", "")
