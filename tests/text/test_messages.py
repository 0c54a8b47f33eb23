"""Other programs' error messages: the reason stays, a secret does not."""

import pytest

from natsvalues.text.messages import message_without_secrets

RIGHTS = (
    'User "system:serviceaccount:ci:deployer" cannot list resource "secrets" in API group "" in the namespace "nats"'
)


@pytest.mark.parametrize(
    "message",
    [
        f"Error: query: failed to query with labels: secrets is forbidden: {RIGHTS}",
        f'Error from server (Forbidden): secrets "nats-auth" is forbidden: {RIGHTS.replace("list", "get")}',
        'Error: Secret "nats-auth" in namespace "nats" exists and cannot be imported into the current release',
        'Error from server (NotFound): secrets "nats-gateway-tls" not found',
        "Error: chart requires kubeVersion: >=1.99",
        "Error: release: not found",
    ],
)
def test_a_message_about_secrets_as_objects_stays_whole(message):
    """Their names, and what one may not do with them, are what the user has to know."""
    assert message_without_secrets(message) == message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Error: password: hunter2", "Error: password: (redacted)"),
        ('Error: bad values {"password":"hunter2"}', "Error: bad values (redacted)"),
        ("password: |\n  hunter2\n", "password: (redacted)"),
        ("secrets is forbidden: password hunter2", "secrets (redacted)"),
        (f"secrets is forbidden: {RIGHTS}: token hunter2", f"secrets is forbidden: {RIGHTS}: token (redacted)"),
        ("Error: cGFzc3dvcmQ6IGh1bnRlcjI=", "Error: (redacted)"),
        ("Error: Get https://me:hunter2@charts.example.com", "Error: Get https://(redacted login)@charts.example.com"),
        ("helm pull x --password hunter2", "helm pull x --password (redacted)"),
        ("", ""),
    ],
)
def test_nothing_behind_a_value_that_may_be_secret_is_shown(message, shown):
    """What stands before it is: that is the reason."""
    assert message_without_secrets(message) == shown
