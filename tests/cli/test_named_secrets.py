"""Secrets that the overlays name and the release does not make: `explain` has the command for each."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.named_secrets import NamedSecret, not_made
from natsvalues.manifests.release import Release

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
LOGIN = "kubectl create secret generic nats-gateway --from-file=password=password"


@pytest.fixture
def guidance(run, tmp_path):
    """What `explain` says of a golden case's stage, with something behind its input."""

    def call(case, more=""):
        shutil.copytree(os.path.join(GOLDEN, case), tmp_path / case)
        words = ("--region=us-east", f"--overlays={tmp_path / case / 'overlays'}", "--json")
        text = (tmp_path / case / "input.yaml").read_text() + more
        return json.loads(run("natsvalues", "explain", *words, stdin=text, check=True).stdout)["guidance"]

    return call


def secrets_in(lines):
    """The names of the Secrets, and the command of each."""
    return {line.split("`")[1]: line.split("yet: ")[1].split(";")[0] for line in lines if line.startswith("Secret ")}


def test_each_has_the_command_that_makes_it(guidance):
    """A certificate and its key, an authority in a Secret of its own, and a password; from files."""
    assert secrets_in(guidance("credentials-secret")) == {
        "nats-gateway": LOGIN,
        "nats-gateway-tls": "kubectl create secret tls nats-gateway-tls --cert=tls.crt --key=tls.key",
        "root-ca": "kubectl create secret generic root-ca --from-file=ca.crt=ca.crt",
    }


def test_an_authority_beside_the_certificate(guidance):
    """`kubectl create secret tls` takes two files only."""
    told = secrets_in(guidance("credentials-tls-ca-in-secret"))
    files = "--from-file=ca.crt=ca.crt --from-file=tls.crt=tls.crt --from-file=tls.key=tls.key"
    expected = f"kubectl create secret generic nats-gateway-tls --type=kubernetes.io/tls {files}"
    assert told == {"nats-gateway-tls": expected}


def test_what_the_release_makes_is_not_missing(guidance):
    """A Secret among its objects; a ConfigMap of that name is none."""
    made = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: nats-gateway}\nstringData: {password: x}\n"
    other = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: root-ca}\ndata: {Secret: root-ca}\n"
    assert secrets_in(guidance("credentials-secret", made + other)).keys() == {"nats-gateway-tls", "root-ca"}


def test_a_stage_without_gateway_needs_none(guidance):
    """Nothing names one."""
    assert secrets_in(guidance("stage-local-empty")) == {}


def test_the_keys_that_a_secret_lacks():
    """All of a Secret that is not there; of one that is, those that pods want."""
    secret = NamedSecret("login", "", ("a", "b"))
    assert [secret.missing_keys(there) for there in (None, (), ("a",), ("b", "a", "c"))] == [
        ("a", "b"),
        ("a", "b"),
        ("b",),
        (),
    ]
    assert secret.create("nats", "prod") == (
        "kubectl create secret generic login -n nats --context prod --from-file=a=a --from-file=b=b"
    )


def test_optional_secrets_may_be_missing():
    """Pods start without them."""
    with open(os.path.join(GOLDEN, "credentials-secret", "expected.yaml"), encoding="utf-8") as file:
        text = file.read()
    assert "secretKeyRef:" in text
    optional = Release(
        text.replace(
            "              name: nats-gateway\n", "              name: nats-gateway\n              optional: true\n"
        )
    )
    names = [secret.name for secret in not_made(optional, find_nats(optional))]
    assert names == ["nats-gateway-tls", "root-ca"]
