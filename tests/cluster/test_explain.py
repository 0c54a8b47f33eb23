"""`natsvalues explain` beside a release on a real API server: which Secrets it looks up, and what it says of them."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.helm

VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
TLS = {"tls": {"secret": "gateway-tls"}, "authorization": {"user": "gw", "password": {"secret": "login", "key": "pw"}}}
LOGIN = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"pw": "s3cr3t-here"}}


@pytest.fixture
def named(helm, install, natsvalues, nats_chart, overlays):
    """The Secrets that explain says to make, and all that it prints, with one kubeconfig or another."""
    folder = overlays("local", {"supercluster": {"gateway": TLS}, "us-east": {"stage": "expose"}})
    install(4, "nats", region="us-east", overlays=overlays("local"))
    rendering = helm(4, "template", "nats", nats_chart, "--set", VALUES).stdout
    words = ("explain", "-", "--region=us-east", f"--overlays={folder}")

    def ask(*more, env=None):
        done = natsvalues(4, *words, *more, stdin=rendering, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        return re.findall(r"Secret `([\w-]+)` is not in this release", " ".join(done.stdout.split())), done.stdout

    return ask


def test_a_secret_that_is_there_is_not_asked_for(named, namespace, tmp_path):
    """Looked up by name in the release's own cluster and namespace; with another key it does not count.

    Where nobody can look, without a release or without kubectl, all are named, and nothing fails.
    """
    prior = f"--prior=release:{namespace}/nats"
    namespace.create({**LOGIN, "stringData": {"other": "s3cr3t-here"}})
    assert named(prior)[0] == ["gateway-tls", "login"]
    namespace.create({**LOGIN, "metadata": {"name": "gateway-tls"}, "stringData": {"tls.crt": "a", "tls.key": "b"}})
    names, printed = named(prior)
    assert names == ["login"]
    assert "s3cr3t-here" not in printed
    assert named()[0] == ["gateway-tls", "login"]  # without a release to compare with no cluster is asked
    assert named(prior, env={"KUBECTL": str(tmp_path / "nothing")})[0] == ["gateway-tls", "login"]
