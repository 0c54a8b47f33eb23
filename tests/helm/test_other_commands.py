"""What else takes a post-renderer, what a failure looks like, and the traps that docs/helm.md names."""

import os

import pytest

pytestmark = pytest.mark.helm

SWITCHES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
OURS = "# Source: nats/templates/natsvalues/gateway-service.yaml\n"


@pytest.fixture
def helm(isolated_env, machine, nats_chart, overlays, run, tmp_path):
    """Return `helm(major, verb...)`: with the chart and natsvalues, in a folder with overlays, without a cluster."""
    machine(helm3=3)
    run("natsvalues", "plugin", "install", "--helm", "helm3", check=True)
    machine(helm4=4)
    run("natsvalues", "plugin", "install", "--helm", "helm4", check=True)
    os.makedirs(tmp_path / "repository" / "charts")
    os.rename(overlays("join"), tmp_path / "repository" / "charts" / "overlays")
    own = os.path.join(isolated_env["XDG_DATA_HOME"], "natsvalues", "helm4-plugins")

    def call(major, *verb, region="us-east"):
        command = [f"helm{major}", *verb, "nats", nats_chart, "--set", SWITCHES, "--post-renderer", "natsvalues"]
        env = {"HELM_PLUGINS": own} if major == 4 else {}
        env["KUBECONFIG"] = str(tmp_path / "none")
        region = f"--region={region}"
        return run(*command, "--post-renderer-args", region, env=env, cwd=tmp_path / "repository")

    return call


def test_dry_runs_without_a_cluster(helm):
    """Helm 4 dry-runs an install by itself; an upgrade, and anything in Helm 3, asks a cluster first."""
    done = helm(4, "install", "--dry-run=client")
    assert done.returncode == 0
    assert done.stdout.count(OURS) == 1
    refused = [
        helm(3, "install", "--dry-run=client"),
        helm(3, "upgrade", "--install", "--dry-run=client"),
        helm(4, "upgrade", "--install", "--dry-run=client"),
    ]
    for done in refused:
        assert done.returncode == 1
        assert "cluster unreachable" in done.stderr
    for major in (3, 4):
        done = helm(major, "template", "--is-upgrade")
        assert done.returncode == 0
        assert done.stdout.count(OURS) == 1


@pytest.mark.parametrize("major", [3, 4])
def test_a_failure_fails_helm_and_last_tells_why(helm, major, run):
    """Nothing is rendered, and whoever has not seen the error asks for it."""
    done = helm(major, "template", region="mars")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "unknown region `mars`" in done.stderr
    last = run("natsvalues", "last", check=True).stdout
    assert "error[NV-O003]: unknown region `mars`\n" in last
    assert "help: regions here: ap-south, eu-west, us-east\n" in last


@pytest.mark.parametrize(("major", "rendered_by_us"), [(3, 0), (4, 1)])
def test_an_output_directory_passes_helm_3_s_post_renderer_by(helm, major, rendered_by_us, tmp_path):
    """Helm 3 writes the files before it post-renders (helm issue 11475); Helm 4 writes ours too."""
    helm(major, "template", "--output-dir", str(tmp_path / "out"))
    assert (tmp_path / "out" / "nats" / "templates" / "stateful-set.yaml").exists()
    ours = tmp_path / "out" / "nats" / "templates" / "natsvalues" / "gateway-service.yaml"
    assert ours.exists() == bool(rendered_by_us)


@pytest.mark.parametrize("major", [3, 4])
def test_only_three_commands_take_a_post_renderer(machine, major, run):
    """Helm's rollback, test and lint know no such flag: what they do rests on what was stored."""
    machine(helm=major)
    for verb in ("install", "upgrade", "template"):
        assert "--post-renderer" in run("helm", verb, "--help", check=True).stdout
    for verb in ("rollback", "test", "lint"):
        assert "--post-renderer" not in run("helm", verb, "--help", check=True).stdout
