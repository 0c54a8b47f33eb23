"""`natsvalues values`: the chart alone renders what post-rendering gives, and the user's file stays the user's."""

import difflib
import os
import shutil

import pytest
import yaml

pytestmark = pytest.mark.helm

STAGES = ("local", "expose", "join")
SCOPES = ("supercluster", "region")
REGIONS = ("us-east", "eu-west", "ap-south")


@pytest.fixture
def values(helm3, nats_chart, run):
    """Run `natsvalues values` with the chart and give its standard output: `values("us-east", "-f", path)`."""
    env = {"HELM_BIN": helm3}
    return lambda *words, **more: (
        run("natsvalues", "values", *words, "--chart", nats_chart, check=True, **{"env": env, **more}).stdout
    )


@pytest.fixture
def both_ways(helm3, meanings, nats_chart, run, tmp_path, values):
    """Give what Helm renders with the values, and what post-rendering makes of the release, by what it means."""

    def render(path, region, overlays, helm=None, release="nats", *more, chart=nats_chart):
        program = helm or helm3
        words = ("-q", "-f", path, "--overlays", overlays, "--chart", chart, *more)
        file = tmp_path / "region.yaml"
        file.write_text(values(region, *words, env={"HELM_BIN": program}), encoding="utf-8")
        plain = run(program, "template", release, chart, "-n", "ns", "-f", path, check=True).stdout
        command = ["natsvalues", "post-render", "--region", region, "--overlays", overlays]
        wanted = run(*command, stdin=plain, check=True).stdout
        alone = run(program, "template", release, chart, "-n", "ns", "-f", file, check=True).stdout
        return meanings(alone), meanings(wanted)

    return render


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("region", REGIONS)
def test_the_chart_alone_renders_the_region(both_ways, helm4, region, regions, scope, stage, values_files):
    """In every stage and scope: no object more or less, and nothing in one that differs, but what is declared."""
    alone, wanted = both_ways(values_files["cluster"], region, regions(stage, scope))
    assert alone == wanted
    assert (("Service", "nats-gateway") in alone) == (stage != "local")
    if region == "eu-west":
        alone, wanted = both_ways(values_files["cluster"], region, regions(stage, scope), helm4, "bus")
        assert alone == wanted


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["accounts", "gateway-by-hand", "moved", "nothing", "patched", "rich", "secure"])
def test_it_does_so_whatever_the_user_has_in_the_values(both_ways, name, regions, stage, values_files):
    """Patches that come later, other names, a gateway by hand: what is in the way is overridden."""
    alone, wanted = both_ways(values_files[name], "eu-west", regions(stage, "supercluster"))
    assert alone == wanted


@pytest.mark.parametrize("name", ["cluster", "moved", "rich"])
def test_when_messages_are_written(both_ways, name, regions, tmp_path, values, values_files):
    """As the overlays say, in the chart's section for JetStream; what the user has there is overridden."""
    folder = tmp_path / "overlays"
    shutil.copytree(regions("join"), folder)
    with open(folder / "eu-west.yaml", "a", encoding="utf-8") as file:
        file.write("\nsync: always\n")
    alone, wanted = both_ways(values_files[name], "eu-west", str(folder))
    given = yaml.safe_load(values("eu-west", "-f", values_files[name], "--overlays", folder))["config"]

    assert alone == wanted
    assert "'sync_interval': 'always'" in str(wanted)
    if name == "cluster":
        assert given["jetstream"]["merge"]["sync_interval"] == "always"


def test_the_comparison_finds_what_differs(both_ways, regions, values_files):
    """Another region's values are not equal; so the equalities above say something."""
    alone, _ = both_ways(values_files["cluster"], "eu-west", regions("join"))
    other, _ = both_ways(values_files["cluster"], "us-east", regions("join"))
    assert {kind for (kind, name) in alone if alone[kind, name] != other[kind, name]} == {
        "ConfigMap",
        "Service",
        "StatefulSet",
    }


@pytest.mark.parametrize("name", ["cluster", "gateway-by-hand", "rich", "secure", "moved"])
def test_made_again_of_what_was_made_nothing_changes(name, regions, tmp_path, values, values_files):
    """Twice is once, but for the command in the first lines; so nobody has to keep a file of their own."""
    options = ("--overlays", regions("join"))
    file = tmp_path / "region.yaml"
    file.write_text(values("eu-west", "-f", values_files[name], *options), encoding="utf-8")
    again = values("eu-west", "-f", file, *options)
    assert again.splitlines()[3:] == file.read_text(encoding="utf-8").splitlines()[3:]


# --- the file ---------------------------------------------------------------------------------------------

LONG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "long.yaml")


def test_a_long_file_with_comments_changes_only_where_it_is_reported(helm3, nats_chart, regions, run):
    """Of more than 500 lines each one stays, in its place, but those that are reported as overridden."""
    with open(LONG, encoding="utf-8") as file:
        before = file.read().splitlines()
    assert len(before) > 500
    words = ("-f", LONG, "--overlays", regions("join"), "--chart", nats_chart)
    done = run("natsvalues", "values", "eu-west", *words, env={"HELM_BIN": helm3}, check=True)
    after = done.stdout.splitlines()[3:]
    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert [line for line in changed if line[0] == "-"] == [
        "-       name: nats-eu # the old name of this cluster",
    ]
    assert "    ~ config.cluster.merge.name: nats-eu -> eu-west (yours is overridden)" in done.stderr.splitlines()
    assert "+       name: eu-west # the old name of this cluster" in changed
    said = [line.split()[1].rstrip(":") for line in done.stderr.splitlines() if line.startswith(("    + ", "    ~ "))]
    added, found = yaml.safe_load(done.stdout), yaml.safe_load("\n".join(before))
    assert set(_new_paths(found, added)) == set(said)


def _new_paths(before, after, path=""):
    """The paths where a document has more, or something else, than before."""
    for key, item in after.items():
        here = f"{path}.{key}".lstrip(".")
        if key not in before:
            inside = list(_leaves(item, here))
            yield from inside
        elif isinstance(item, dict) and isinstance(before[key], dict):
            yield from _new_paths(before[key], item, here)
        elif item != before[key]:
            yield here


def _leaves(value, path):
    if isinstance(value, dict) and not path.endswith(("annotations", "labels")):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    else:
        yield path


def test_several_files_are_put_together_as_helm_does(helm3, nats_chart, regions, run, tmp_path, values):
    """Later ones over earlier ones, with their comments where they bring something new, and both with the region's."""
    (tmp_path / "a.yaml").write_text("# first\nconfig:\n  cluster: {enabled: true, replicas: 3} # three\n")
    (tmp_path / "b.yaml").write_text(
        "# of the second\ncontainer:\n  env: {A: b} # kept\n"
        "config:\n  cluster:\n    replicas: 5\n  jetstream: {enabled: true}\n"
    )
    text = values("eu-west", "-q", "-f", "a.yaml", "-f", "b.yaml", "--overlays", regions("join"))
    assert "# first\n" in text
    assert "# three\n" in text
    assert "# of the second\ncontainer:\n  env: {A: b} # kept\n" in text
    (tmp_path / "region.yaml").write_text(text, encoding="utf-8")
    rendered = run(helm3, "template", "nats", nats_chart, "-f", "region.yaml", check=True).stdout
    assert "  replicas: 5\n" in rendered
    twice = run(
        helm3, "template", "nats", nats_chart, "-f", "a.yaml", "-f", "b.yaml", "-f", "region.yaml", check=True
    ).stdout
    assert twice == rendered


def test_without_a_chart_it_says_how_to_name_it(run, regions, values_files):
    """The chart is required; the error has a command line that can be run."""
    done = run("natsvalues", "values", "eu-west", "-f", values_files["cluster"], "--overlays", regions("join"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-V007]: the chart is required")
    assert "natsvalues values eu-west -f " in done.stderr
    assert "--chart nats/nats" in done.stderr


def test_a_chart_from_a_repository_is_fetched_once(chart_repository, helm3, regions, run, tmp_path, values_files):
    """Helm's own names for charts work, with a version; an unknown version is helm's error."""
    run(helm3, "repo", "add", "nats", chart_repository, check=True)
    words = ("eu-west", "-f", values_files["cluster"], "--overlays", regions("join"), "--chart", "nats/nats")
    env = {"HELM_BIN": helm3}
    done = run("natsvalues", "values", *words, "--chart-version", "2.14.2", env=env, check=True)
    assert "and chart 2.14.2:" in done.stdout
    assert os.listdir(tmp_path / "tmp") == []
    unknown = run("natsvalues", "values", *words, "--chart-version", "9.9.9", env=env)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "error[NV-H003]: `helm pull nats/nats` failed" in unknown.stderr


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("Deployment", "natsBox.deployment.merge.spec.minReadySeconds: 5"),
        ("PodDisruptionBudget", "podDisruptionBudget.merge.spec.minReadySeconds: 5"),
        ("Pod", "error[NV-V004]: the chart's values cannot express what the region needs: Pod/any-release-nats-"),
    ],
)
def test_patches_of_the_users_own_reach_every_object_with_a_section(
    helm3, kind, nats_chart, regions, result, run, tmp_path, values_files
):
    """What no section of the values renders, such as the chart's test, is an error and no result."""
    overlays = tmp_path / "patched"
    shutil.copytree(regions("join"), overlays)
    with open(overlays / "eu-west.yaml", "a", encoding="utf-8") as file:
        ops = "[{op: add, path: /spec/minReadySeconds, value: 5}]"
        file.write(f"patches: [{{target: {{kind: {kind}}}, why: a trial, ops: {ops}}}]\n")
    words = ("eu-west", "-f", values_files["cluster"], "--overlays", overlays, "--chart", nats_chart)
    done = run("natsvalues", "values", *words, env={"HELM_BIN": helm3})
    assert result in done.stderr
    assert bool(done.stdout) == (kind != "Pod")


def test_another_chart_is_refused(helm3, regions, run, umbrella_chart, values_files):
    """A chart with NATS as a subchart has other values."""
    words = ("eu-west", "-f", values_files["nothing"], "--overlays", regions("join"), "--chart", umbrella_chart)
    done = run("natsvalues", "values", *words, env={"HELM_BIN": helm3})
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[NV-V001]: the chart is not the NATS chart since 1.0" in done.stderr


def test_no_secret_is_reported(helm3, nats_chart, regions, run, values_files):
    """A password that is overridden, and those that stay, are in no line of the report."""
    words = ("-f", values_files["secure"], "--overlays", regions("join"), "--chart", nats_chart)
    done = run("natsvalues", "values", "eu-west", *words, env={"HELM_BIN": helm3}, check=True)
    assert "s3cret" in done.stdout
    assert "s3cret" not in done.stderr
