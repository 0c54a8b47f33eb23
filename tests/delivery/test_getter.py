"""`-f natsvalues://REGION` on both majors: the region's values from Helm's own command line, or from the address."""

import os

import pytest

pytestmark = pytest.mark.helm

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ON = "config.cluster.enabled=true,config.jetstream.enabled=true"


@pytest.fixture(params=["helm3", "helm4"])
def helm(isolated_env, nats_chart, regions, request, run):
    """Run a helm with our plugins: `helm("-f", "values.yaml")` templates the chart in a folder with overlays."""
    program = request.getfixturevalue(request.param)
    isolated_env["NATSVALUES_OVERLAYS"] = regions("join")
    run("natsvalues", "plugin", "install", "--helm", program, check=True)
    return lambda *words, **more: run(program, "template", "nats", nats_chart, "-n", "ns", *words, **more)


@pytest.fixture
def wanted(meanings, regions, run):
    """Give what post-rendering makes of a rendering, by what it means."""
    command = ["natsvalues", "post-render", "--overlays", regions("join"), "--region"]
    return lambda plain, region="eu-west": meanings(run(*command, region, stdin=plain, check=True).stdout)


def test_it_is_as_post_rendered_whatever_else_helm_is_given(helm, meanings, tmp_path, wanted):
    """Files before it, several in one word, --set of all kinds: Helm's own merge is what counts."""
    (tmp_path / "a.yaml").write_text("config: {cluster: {enabled: true, replicas: 5}}\n")
    (tmp_path / "b.yaml").write_text(
        "extraResources: [{apiVersion: v1, kind: ConfigMap, metadata: {name: own}}]\nglobal: {labels: {team: x}}\n"
    )
    given = ("--values=a.yaml,b.yaml", "--set-string", "container.env.A=1", "--set", "config.jetstream.enabled=true")
    done = helm(*given, "-f", "natsvalues://eu-west", check=True)
    assert meanings(done.stdout) == wanted(helm(*given, check=True).stdout)
    assert ("ConfigMap", "own") in meanings(done.stdout)


def test_alone_it_is_the_charts_defaults_and_the_region(helm, meanings, wanted):
    """Without any other values there is a region without JetStream."""
    assert meanings(helm("-f", "natsvalues://us-east", check=True).stdout) == wanted(helm(check=True).stdout, "us-east")


def test_files_in_the_address_stand_for_all_there_are(helm, meanings, tmp_path, wanted):
    """What Helm is given otherwise must be named there, too: Helm would merge it in without asking us."""
    (tmp_path / "a.yaml").write_text("config: {cluster: {enabled: true}, jetstream: {enabled: true}}\n")
    done = helm("-f", "natsvalues://eu-west?values=a.yaml", check=True)
    assert meanings(done.stdout) == wanted(helm("-f", "a.yaml", check=True).stdout)
    refused = helm("--set", "config.leafnodes.enabled=true", "-f", "natsvalues://eu-west?values=a.yaml")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "error[NV-V012]: helm is given values that the address does not name" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("-f", "natsvalues://eu-west", "-f", "list.yaml"),
            "other values come after these and override extra",
        ),
        (
            ("-f", "natsvalues://eu-west", "--set", "config.serverNamePrefix=x"),
            "error[NV-T004]: the rendering names its servers `x",
        ),
        (("-f", "natsvalues://eu-wets"), "error[NV-O003]: unknown region `eu-wets`"),
        (("-f", "natsvalues://eu-west?valeus=a"), "did you mean `values`?"),
        (("-f", "natsvalues://eu-west/us-east"), "error[NV-V010]: not the address of a region's values"),
        (("-f", "natsvalues://eu-west?chart=nowhere/nats"), "error[NV-H003]: `helm pull nowhere/nats` failed"),
        (("-f", "natsvalues://eu-west?values=nowhere.yaml"), "error[NV-I007]: cannot read the file"),
        (("--set", "config.jetstream=on", "-f", "natsvalues://eu-west"), "error[NV-V002]: helm does not render"),
        (("--set", "config.jetstream.enabled=true", "-f", "natsvalues://eu-west"), "error[NV-T060]: JetStream is on"),
    ],
)
def test_what_cannot_be_right_stops_helm_with_the_reason(helm, said, tmp_path, words):
    """Nothing is rendered, and Helm shows what a getter says, on both majors."""
    (tmp_path / "list.yaml").write_text("extraResources: []\n")
    done = helm(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


@pytest.mark.parametrize("flag", ["--reuse-values", "--reset-then-reuse-values"])
@pytest.mark.parametrize("major", ["helm3", "helm4"])
def test_values_of_the_release_before_are_refused(flag, major, nats_chart, regions, request, run):
    """They are mixed in where nobody can see them: an upgrade must give all values anew."""
    program = request.getfixturevalue(major)
    env = {"NATSVALUES_OVERLAYS": regions("join"), "KUBECONFIG": "/nowhere"}  # values come before any cluster
    run("natsvalues", "plugin", "install", "--helm", program, check=True)
    done = run(program, "upgrade", "nats", nats_chart, flag, "-f", "natsvalues://eu-west", env=env)
    assert done.returncode == 1
    assert "NV-V011]: helm takes values from the release before" in done.stderr


def test_where_helms_words_cannot_be_read_the_address_must_have_chart_and_values(helm3, nats_chart, regions, run):
    """Started by anything but helm, it refuses to guess; `?values=` stands for no values."""
    words = ["natsvalues", "getter", "cert", "key", "ca"]
    env = {"NATSVALUES_OVERLAYS": regions("join"), "HELM_BIN": helm3}
    done = run(*words, "natsvalues://eu-west", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-V011]: helm's command line cannot be read here")
    assert "natsvalues://eu-west?values=values.yaml&chart=nats/nats" in done.stderr
    done = run(*words, "natsvalues://eu-west?values=", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-V007]: the chart is required")
    assert "natsvalues://eu-west?values=&chart=nats/nats" in done.stderr
    done = run(*words, f"natsvalues://eu-west?values=&chart={nats_chart}", env=env, check=True)
    assert "serverNamePrefix: eu-west-\n" in done.stdout


def test_a_chart_from_a_repository_is_the_one_that_helm_installs(chart_repository, helm, meanings, run):
    """Chart, repository and version are those of helm's own words; a generated name gives values for any release."""
    given = ("--set", ON, "--repo", chart_repository, "--version", "2.14.2", "--generate-name")
    program = helm("version").args[0]
    env = {"NATSVALUES_OVERLAYS": os.path.join(ROOT, "charts", "overlays")}
    done = run(program, "template", "nats", *given, "-f", "natsvalues://eu-west", env=env, check=True)
    assert ("Service", "release-name-nats-gateway") in meanings(done.stdout)


def test_the_getter_leaves_its_report(helm, run):
    """A failed run can be looked at afterwards, as one of the post-renderer."""
    helm("-f", "natsvalues://eu-wets")
    assert "unknown region `eu-wets`" in run("natsvalues", "last", check=True).stdout
