"""docs/rights.md: with its Roles the commands run; without any of their rules they say what is missing."""

from __future__ import annotations

import json
import os
import re

import pytest
import yaml

pytestmark = [pytest.mark.helm, pytest.mark.kubectl]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
RBAC = "rbac.authorization.k8s.io"


def documented():
    """The rules of the Roles in docs/rights.md, by the Role's name."""
    with open(os.path.join(ROOT, "docs", "rights.md"), encoding="utf-8") as file:
        roles = map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL))
    return {role["metadata"]["name"]: role["rules"] for role in roles}


@pytest.fixture
def limited(cluster, namespace, tmp_path):
    """Give a kubeconfig of somebody who has these rules in the namespace and nothing else: `limited(rules)`."""
    numbers = iter(range(100))

    def write(rules):
        name = f"limited-{next(numbers)}"
        role = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}
        binding = {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": {"name": name}}
        binding["roleRef"] = {"apiGroup": RBAC, "kind": "Role", "name": name}
        binding["subjects"] = [{"kind": "User", "name": name, "apiGroup": RBAC}]
        assert [namespace.create(item)[0] for item in (role, binding)] == [201, 201]
        config = json.loads(cluster.kubeconfig("admin", namespace.name))
        config["users"][0]["user"]["as"] = name
        path = tmp_path / f"{name}.kubeconfig"
        path.write_text(json.dumps(config))
        return {"KUBECONFIG": str(path)}

    return write


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def major(request):
    """Both majors of helm."""
    return request.param


def test_reading_helms_secrets_is_enough_for_diff_and_prior(
    helm, install, limited, major, namespace, natsvalues, nats_chart, overlays
):
    """Of an older revision, too. Without `list` or `get` the error names the Secrets."""
    folder = overlays("expose")
    for _ in range(2):
        install(major, "nats", region="us-east", overlays=folder)
    [rule] = documented()["natsvalues-diff"]
    env = limited([rule])
    words = ("diff", "nats", nats_chart, "--set", VALUES, "--overlays", folder, "--region", "us-east")
    for more in ((), ("--revision=1",)):
        done = natsvalues(major, *words, *more, env=env)
        assert (done.returncode, done.stderr) == (0, "")
    plain = helm(major, "template", "nats", nats_chart, "--set", VALUES).stdout
    prior = ("--overlays", folder, "--region", "us-east", "--prior", f"release:{namespace}/nats")
    done = natsvalues(major, "post-render", *prior, env=env, stdin=plain)
    assert (done.returncode, done.stderr) == (0, "")

    without = natsvalues(major, *words, env=limited([rule | {"verbs": ["get"]}]))
    assert (without.returncode, without.stdout) == (1, "")
    assert "request `get` and `list` on Secrets" in without.stderr
    assert f'cannot list resource "secrets" in API group "" in the namespace "{namespace}"' in without.stderr


def test_live_needs_each_rule_of_its_role(install, limited, natsvalues, nats_chart):
    """With all of them there is no drift; without any one of them an error says that objects cannot be read."""
    install(4, "nats")
    secrets, live = documented()["natsvalues-diff"], documented()["natsvalues-live"]
    words = ("diff", "nats", nats_chart, "--set", VALUES, "--no-post-renderer", "--live", "--detailed-exitcode")
    done = natsvalues(4, *words, env=limited([*secrets, *live]))
    assert (done.returncode, done.stderr) == (0, "")
    for number in range(len(live)):
        rest = [rule for index, rule in enumerate(live) if index != number]
        done = natsvalues(4, *words, env=limited([*secrets, *rest]))
        assert (done.returncode, done.stdout) == (1, "")
        assert "error[NV-K003]" in done.stderr
        assert "forbidden" in done.stderr
