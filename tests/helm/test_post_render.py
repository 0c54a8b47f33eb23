"""The main job: real helm renders a release through `--post-renderer natsvalues`."""

import os

import pytest

pytestmark = pytest.mark.helm

CASES = ("default", "full", "gateway", "gateway-handmade", "gateway-tls", "ha", "renamed-n")
FOLDERS = {
    "nats-1.2.11": CASES,
    "nats-1.3.16": CASES,
    "nats-2.14.2": CASES,
    "nats-2.14.2-helm4": CASES,
    "umbrella": ("one", "one-helm4", "two"),
}
REGIONS = ("us-east", "eu-west", "ap-south")
STAGES = ("local", "expose", "join")


@pytest.fixture(params=[3, 4])
def post_render(machine, request, run):
    """Return `post_render(chart, folder, region, *options)`, which gives what helm renders, without and with us."""
    machine(helm=request.param)
    if request.param == 4:  # Helm 3 takes it from PATH
        run("natsvalues", "plugin", "install", check=True)

    def both(chart, folder, region, *options):
        command = ["helm", "template", "nats", chart, "-n", "nats", *options]
        plain = run(*command, check=True)
        renderer = ["--post-renderer", "natsvalues", "--post-renderer-args", f"--overlays={folder}"]
        done = run(*command, *renderer, "--post-renderer-args", f"--region={region}", check=True)
        assert done.stderr == plain.stderr  # which is only what helm itself has to say
        return plain.stdout, done.stdout

    return both


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_of_every_region_on_the_chart(compare, nats_chart, overlays, post_render, stage):
    """The gateway's Service is there as the stage says, under its own name, and nothing else changes unstamped."""
    folder = overlays(stage)
    switches = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
    for region in REGIONS:
        plain, done = post_render(nats_chart, folder, region, "--set", switches)
        compare(plain, done, stage, region)
        assert done.count("\n# Source: nats/templates/natsvalues/gateway-service.yaml\n") == (stage != "local")
        assert "helm.sh/hook: test" in done


@pytest.mark.parametrize("stage", STAGES)
def test_the_named_nats_of_an_umbrella(compare, overlays, post_render, stage, umbrella_chart):
    """Of two NATS in one release the overlay's is edited; the other and the decoys stay as they are."""
    folder = overlays(stage, nats="{name: nats-audit}")
    plain, done = post_render(umbrella_chart, folder, "eu-west", "--set", "audit.enabled=true")
    compare(plain, done, stage, "eu-west")
    source = "\n# Source: platform/charts/audit/templates/natsvalues/gateway-service.yaml\n"
    assert done.count(source) == (stage != "local")


@pytest.mark.slow
@pytest.mark.parametrize("release", FOLDERS)
def test_every_stored_rendering(compare, overlays, post_render, release, rendered, replay_chart):
    """Real charts' renderings: each in some region and stage, in turn, so that all pairs of these come up."""
    for number, case in enumerate(FOLDERS[release], start=list(FOLDERS).index(release) * 4):
        region, stage = REGIONS[number % 3], STAGES[number // 3 % 3]
        folder = overlays(stage, nats="{name: plat-bus}" if case == "two" else None)
        path = os.path.join(rendered, release, f"{case}.yaml")
        with open(path, encoding="utf-8") as file:
            region = "eu-west" if "eu-west-$(POD_NAME)" in file.read() else region  # others refuse its prefix
        chart = replay_chart(path)
        plain, done = post_render(chart, folder, region)
        compare(plain, done, stage, region)
