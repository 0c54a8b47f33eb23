"""`natsvalues diff` against live releases: what it tells of the next upgrade is what that upgrade then does."""

from __future__ import annotations

import base64
import json
import random
import shutil

import pytest
import yaml

pytestmark = pytest.mark.helm

VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
SET = ("--set", VALUES)


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def major(request):
    """Both majors of helm."""
    return request.param


@pytest.fixture
def region(overlays):
    """Words for the region us-east with these overlays: `region("join")`."""
    return lambda *words: ("--region=us-east", f"--overlays={overlays(*words)}")


def test_the_next_upgrade_is_told_exactly(differences, install, major, nats_chart, overlays):
    """The same again differs in nothing; a changed value and a changed stage differ in what they change, no more."""
    folder = overlays("expose")
    ours = ("--region=us-east", f"--overlays={folder}")
    install(major, "nats", region="us-east", overlays=folder)
    same = differences(major, "nats", nats_chart, *SET, *ours)
    assert same.is_empty, same
    assert (same["old"]["revision"], same["notes"]) == (1, [])

    more = ("--set", "config.merge.max_payload=2097152,podDisruptionBudget.enabled=false")
    told = differences(major, "nats", nats_chart, *SET, *more, *ours)
    assert told.places() == {
        "ConfigMap/nats-config nats.conf: max_payload": "reload",
        "PodDisruptionBudget/nats (remove)": "outage",
    }
    assert told.values_changed() == {
        "config.merge": (None, {"max_payload": 2097152}),
        "podDisruptionBudget": (None, {"enabled": False}),
    }
    install(major, "nats", *more, region="us-east", overlays=folder)
    assert differences(major, "nats", nats_chart, *SET, *more, *ours).is_empty


def test_revisions_are_compared_with_hooks_and_values(differences, install, major, overlays):
    """One revision with another: the manifest, the test hook and the values that the user gave."""
    folder = overlays("join")
    install(major, "nats", region="us-east", overlays=folder)
    image = ("--set", "natsBox.container.image.tag=0.19.8")  # the chart's test hook runs it, too
    install(major, "nats", *image, region="us-east", overlays=folder)
    install(major, "nats", region="us-east", overlays=folder)
    told = differences(major, "nats", "--revision", "1", "--to-revision", "2")
    hooks = [item["object"]["kind"] for item in told["objects"] if item["hook"]]
    assert hooks == ["Pod"]
    assert "Deployment/nats-box spec.template.spec.containers[name=nats-box].image" in told.places()
    assert told.values_changed() == {"natsBox": (None, {"container": {"image": {"tag": "0.19.8"}}})}
    assert (told["old"]["revision"], told["new"]["revision"]) == (1, 2)
    back = differences(major, "nats", "--revision", "2")  # with the last one
    assert back["new"]["revision"] == 3
    assert back.places().keys() == told.places().keys()
    assert differences(major, "release:nats@1", "release:nats@3").is_empty


def test_a_release_without_natsvalues_meets_its_region(differences, install, major, nats_chart, region):
    """The gateway's Service comes, and every edit is there; a chart taken as it is differs in nothing."""
    install(major, "nats")
    told = differences(major, "nats", nats_chart, *SET, *region("join"))
    assert told.places()["Service/nats-gateway (add)"] == "exposure"
    assert "ConfigMap/nats-config nats.conf: gateway.advertise" in told.places()
    assert differences(major, "nats", nats_chart, *SET, "--no-post-renderer").is_empty


def test_a_forgotten_post_renderer_is_an_outage(differences, install, major, nats_chart, overlays):
    """Put between helm and upgrade the words count as they are: without the flag the edits go, with it they stay."""
    folder = overlays("join")
    install(major, "nats", region="us-east", overlays=folder)
    words = ("upgrade", "--install", "nats", nats_chart, *SET)
    told = differences(major, *words, "--history-max=3", "--wait=watcher" if major == 4 else "--wait")
    assert told.places()["Service/nats-gateway (remove)"] in ("outage", "deadlock")
    assert any("was not: its edits are removed" in note["message"] for note in told["notes"])

    renderer = ("--post-renderer", "natsvalues")
    renderer += ("--post-renderer-args", "--region=us-east", "--post-renderer-args", f"--overlays={folder}")
    assert differences(major, *words, *renderer, "--create-namespace", "--timeout", "5m").is_empty


def test_as_a_plugin_it_does_the_same(helm, install, isolated_env, major, nats_chart, natsvalues, overlays):
    """`helm natsvalues diff …` with helm's own global options, under the plugin that `plugin install` makes."""
    folder = overlays("join")
    install(major, "nats", region="us-east", overlays=folder)
    plugins = isolated_env["HELM_PLUGINS"]
    natsvalues(major, "plugin", "install", env={"HELM_PLUGINS": plugins}, check=True)
    words = ("natsvalues", "diff", "nats", nats_chart, *SET, "--region=us-east", f"--overlays={folder}")
    same = helm(major, *words, "--detailed-exitcode", env={"HELM_PLUGINS": plugins})
    assert same.stdout.startswith("No differences")
    drop_in = helm(
        major, "natsvalues", "diff", "upgrade", "nats", nats_chart, *SET, "--fail-on=exposure",
        env={"HELM_PLUGINS": plugins}, check=False,
    )  # fmt: skip
    assert drop_in.returncode == 4
    assert "its edits are removed" in " ".join(drop_in.stdout.split())


REUSE = {
    "nothing given": ((), None),
    "nothing given, reset": (("--reset-values",), None),
    "one given": (("--set", "config.cluster.replicas=5"), None),
    "one given, reuse": (("--reuse-values", "--set", "config.cluster.replicas=5"), None),
    "one given, reset then reuse": (("--reset-then-reuse-values", "--set", "config.cluster.replicas=5"), None),
    "a new default": ((), "0.99.0"),
    "a new default, reuse": (("--reuse-values",), "0.99.0"),
    "a new default, reset then reuse": (("--reset-then-reuse-values",), "0.99.0"),
    "an empty file": (("--values", "/dev/null"), "0.99.0"),
    "a null takes a default away, reuse": (("--reuse-values", "--set", "podDisruptionBudget.enabled=null"), None),
}


BOTH = ("nothing given", "one given, reuse", "a new default, reuse")  # the rest with Helm 4 alone, for the time


@pytest.mark.parametrize(("case", "major"), [*((case, 4) for case in REUSE), *((case, 3) for case in BOTH)])
def test_values_are_reused_as_helm_does(case, differences, helm, install, major, nats_chart, tmp_path):
    """What is foretold for an upgrade is what helm has stored after it, values included."""
    words, default = REUSE[case]
    install(major, "nats", values="config.cluster.enabled=true,config.gateway.enabled=true")
    chart = nats_chart if default is None else changed_default(nats_chart, tmp_path, default)
    before = differences(major, "upgrade", "nats", chart, *words)
    helm(major, "upgrade", "nats", chart, *words)
    after = differences(major, "nats", "--revision", "1")
    assert told(after) == told(before)


def told(report):
    """What a report says apart from where its sides came from, and on which lines."""

    def without_lines(value):
        if isinstance(value, dict):
            return {key: without_lines(item) for key, item in value.items() if key != "lines"}
        return [without_lines(item) for item in value] if isinstance(value, list) else value

    return without_lines({name: report[name] for name in ("objects", "values", "worst")})


def changed_default(chart, tmp_path, tag):
    """A copy of the chart in which nats-box has another default version, and nats.conf a default that is new."""
    copy = tmp_path / "changed"
    shutil.copytree(chart, copy)
    path = copy / "values.yaml"
    values = yaml.safe_load(path.read_text())
    assert values["natsBox"]["container"]["image"]["tag"] != tag
    assert values["config"]["merge"] == {}
    values["natsBox"]["container"]["image"]["tag"] = tag
    values["config"]["merge"] = {"debug": True}
    path.write_text(yaml.safe_dump(values))
    return str(copy)


@pytest.mark.kubectl
def test_exported_secrets_are_the_release(differences, install, kubectl_on, major, overlays, tmp_path):
    """YAML, JSON and a List of all revisions say what helm itself says of the release, and ask no cluster."""
    install(major, "nats", region="us-east", overlays=overlays("expose"))
    install(major, "nats", "--set", "config.merge.debug=true", region="us-east", overlays=overlays("join"))
    name = "sh.helm.release.v1.nats.v1"
    (tmp_path / "one.yaml").write_text(kubectl_on("get", "secret", name, "-o", "yaml").stdout)
    (tmp_path / "one.json").write_text(kubectl_on("get", "secret", name, "-o", "json").stdout)
    (tmp_path / "all.yaml").write_text(kubectl_on("get", "secret", "-l", "owner=helm", "-o", "yaml").stdout)
    for exported, live in (("one.yaml", 1), ("one.json", 1), ("all.yaml@1", 1), ("all.yaml@2", 2), ("all.yaml", 2)):
        found = differences(major, exported, f"release:nats@{live}")
        assert found.is_empty, exported
        old, new = (
            {key: text for key, text in found[side].items() if key not in ("label", "context")}
            for side in ("old", "new")
        )
        assert old == new
    offline = differences(major, "all.yaml@1", "all.yaml@2", env={"KUBECONFIG": "/nowhere"})
    assert told(offline) == told(differences(major, "release:nats@1", "release:nats@2"))
    assert offline.values_changed() == {"config.merge": (None, {"debug": True})}


def test_an_umbrella_near_the_limit_of_a_secret(differences, install, major, namespace, tmp_path, umbrella_chart):
    """A release of nearly a megabyte as helm stores it: one change is found, and told shortly."""
    chart = tmp_path / "big"
    shutil.copytree(umbrella_chart, chart)
    # Hardly compresses, and Helm stores it twice: as a template and in the manifest.
    noise = base64.b64encode(random.Random(1).randbytes(290_000)).decode()  # noqa: S311 - nothing secret
    filler = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "filler"}, "data": {"a": noise}}
    (chart / "templates" / "filler.yaml").write_text(json.dumps(filler))
    install(major, "big", chart=str(chart), values="bus.natsBox.enabled=true")
    [secret] = [item for item in namespace.all("Secret") if item.get("type") == "helm.sh/release.v1"]
    assert 600_000 < len(secret["data"]["release"]) * 3 // 4 < 1_048_576
    assert differences(major, "big", str(chart), "--no-post-renderer").is_empty
    changed = differences(
        major, "big", str(chart), "--no-post-renderer", "--set", "bus.podDisruptionBudget.enabled=false"
    )
    assert changed.places() == {"PodDisruptionBudget/big-bus (remove)": "outage"}
    assert len(json.dumps(changed)) < 20_000


def test_all_regions_from_their_contexts(cluster, helm, natsvalues, nats_chart, namespace, overlays, tmp_path):
    """Three namespaces as three contexts: one report for all regions; a context that is not there fails."""
    regions = ("ap-south", "eu-west", "us-east")
    config = json.loads(cluster.kubeconfig("admin", namespace.name))
    config["contexts"] = []
    for region in regions:
        name = f"{namespace.name}-{region}"
        value = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        assert cluster.request("POST", "/api/v1/namespaces", value)[0] == 201
        context = {"cluster": "test", "user": "admin", "namespace": name}
        config["contexts"].append({"name": f"ctx-{region}" if region == "us-east" else region, "context": context})
    path = tmp_path / "three.kubeconfig"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    env = {"KUBECONFIG": str(path)}
    folder = overlays("expose")
    for region, context in zip(regions, ("ap-south", "eu-west", "ctx-us-east"), strict=True):
        helm(4, "upgrade", "--install", "nats", nats_chart, *SET, "--kube-context", context,
             region=region, overlays=folder, env=env)  # fmt: skip
    words = ("diff", "--all-regions", "--context-of=us-east=ctx-us-east", "nats", nats_chart, *SET)
    done = natsvalues(4, *words, f"--overlays={folder}", "-o", "json", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert [item["region"] for item in json.loads(done.stdout)["regions"]] == ["us-east", "ap-south", "eu-west"]
    assert json.loads(done.stdout)["differs"] is False

    done = natsvalues(4, *words, f"--overlays={overlays('join')}", "-o", "json", env=env)
    report = json.loads(done.stdout)
    for item in report["regions"]:
        paths = [change["path"] for found in item["objects"] for change in found["changes"]]
        assert "gateway.gateways" in paths, item["region"]
    done = natsvalues(
        4, *words[:2], *words[3:], f"--overlays={folder}", "-o", "json", env=env
    )  # there is none called us-east
    assert (done.returncode, done.stdout) == (1, "")
    assert "us-east" in done.stderr


def test_a_kind_that_the_cluster_lacks_is_compared(differences, install, major, nats_chart):
    """A monitor without its definition: where a dry run on the server fails, the diff still tells."""
    install(major, "nats")
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "nats"}}
    monitored = ("--set-json", f"extraResources=[{json.dumps(rule)}]")
    refused = install(major, "nats", *monitored, "--dry-run=server", check=False)
    assert refused.returncode == 1
    assert "no matches for kind" in refused.stderr
    found = differences(major, "nats", nats_chart, *SET, *monitored, "--no-post-renderer", "--live")
    assert found.places() == {"PrometheusRule/nats (add)": "none"}
    assert found["drift"] == []
