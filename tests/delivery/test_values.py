"""`natsvalues values`: the chart alone renders what post-rendering gives, and the user's file stays the user's."""

import difflib
import os

import pytest
import yaml

pytestmark = pytest.mark.helm

STAGES = ("local", "expose", "join")
SCOPES = ("supercluster", "region")
REGIONS = ("us-east", "eu-west", "ap-south")


@pytest.fixture
def values(run):
    """Run `natsvalues values` and give its standard output: `values("us-east", "-f", path)`."""
    return lambda *words, **more: run("natsvalues", "values", *words, check=True, **more).stdout


@pytest.fixture
def both(helm3, meanings, nats_chart, run, tmp_path, values):
    """Give what Helm renders with the values, and what post-rendering makes of the release, by what it means."""

    def render(path, region, overlays, helm=None, release="nats", *more):
        program = helm or helm3
        made = tmp_path / "made.yaml"
        made.write_text(values(region, "-q", "-f", path, "--overlays", overlays, *more), encoding="utf-8")
        plain = run(program, "template", release, nats_chart, "-n", "ns", "-f", path, check=True).stdout
        command = ["natsvalues", "post-render", "--region", region, "--overlays", overlays]
        wanted = run(*command, stdin=plain, check=True).stdout
        alone = run(program, "template", release, nats_chart, "-n", "ns", "-f", made, check=True).stdout
        return meanings(alone), meanings(wanted)

    return render


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("region", REGIONS)
def test_the_chart_alone_renders_the_region(both, helm4, region, regions, scope, stage, values_files):
    """In every stage and scope: no object more or less, and nothing in one that differs, but what is declared."""
    alone, wanted = both(values_files["cluster"], region, regions(stage, scope))
    assert alone == wanted
    assert (("Service", "nats-gateway") in alone) == (stage != "local")
    if region == "eu-west":
        alone, wanted = both(values_files["cluster"], region, regions(stage, scope), helm4, "bus")
        assert alone == wanted


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ["accounts", "gateway-by-hand", "moved", "nothing", "patched", "rich", "secure"])
def test_it_does_so_whatever_the_user_has_in_the_values(both, name, regions, stage, values_files):
    """Patches that come later, other names, a gateway by hand: what is in the way is overridden."""
    alone, wanted = both(values_files[name], "eu-west", regions(stage, "supercluster"))
    assert alone == wanted


def test_the_comparison_finds_what_differs(both, regions, values_files):
    """Another region's values are not equal; so the equalities above say something."""
    alone, _ = both(values_files["cluster"], "eu-west", regions("join"))
    other, _ = both(values_files["cluster"], "us-east", regions("join"))
    assert {kind for (kind, name) in alone if alone[kind, name] != other[kind, name]} == {
        "ConfigMap",
        "Service",
        "StatefulSet",
    }


@pytest.mark.parametrize("name", ["cluster", "gateway-by-hand", "rich", "secure", "moved"])
def test_made_again_of_what_was_made_nothing_changes(name, regions, tmp_path, values, values_files):
    """Twice is once, but for the command in the first lines; so nobody has to keep a file of their own."""
    options = ("--overlays", regions("join"))
    made = tmp_path / "made.yaml"
    made.write_text(values("eu-west", "-f", values_files[name], *options), encoding="utf-8")
    again = values("eu-west", "-f", made, *options)
    assert again.splitlines()[3:] == made.read_text(encoding="utf-8").splitlines()[3:]


# --- the file ---------------------------------------------------------------------------------------------

LONG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "long.yaml")


def test_a_long_file_with_comments_changes_only_where_it_is_told(regions, run):
    """Of more than 500 lines each one stays, in its place, but those that are reported as overridden."""
    with open(LONG, encoding="utf-8") as file:
        before = file.read().splitlines()
    assert len(before) > 500
    done = run("natsvalues", "values", "eu-west", "-f", LONG, "--overlays", regions("join"), check=True)
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
    made = values("eu-west", "-q", "-f", "a.yaml", "-f", "b.yaml", "--overlays", regions("join"))
    assert "# first\n" in made
    assert "# three\n" in made
    assert "# of the second\ncontainer:\n  env: {A: b} # kept\n" in made
    (tmp_path / "made.yaml").write_text(made, encoding="utf-8")
    rendered = run(helm3, "template", "nats", nats_chart, "-f", "made.yaml", check=True).stdout
    assert "  replicas: 5\n" in rendered
    twice = run(
        helm3, "template", "nats", nats_chart, "-f", "a.yaml", "-f", "b.yaml", "-f", "made.yaml", check=True
    ).stdout
    assert twice == rendered


def test_a_check_with_helm_accepts_the_chart_and_refuses_another(
    helm3, nats_chart, regions, run, tmp_path, values, values_files
):
    """--check renders both ways; a chart that does something else with the values is told, and nothing is written."""
    options = ("--overlays", regions("join"), "-f", values_files["cluster"], "--check")
    env = {"HELM_BIN": helm3}
    assert "gateway:" in values("eu-west", *options, nats_chart, env=env)
    templates = tmp_path / "other" / "templates"
    templates.mkdir(parents=True)
    (tmp_path / "other" / "Chart.yaml").write_text("apiVersion: v2\nname: nats\nversion: 2.14.2\n")
    (templates / "all.yaml").write_text("{{ .Values.plain }}\n")
    plain = run(helm3, "template", "nats", nats_chart, "-f", values_files["cluster"], check=True).stdout
    (tmp_path / "other" / "values.yaml").write_text(yaml.safe_dump({"plain": plain}))
    done = run("natsvalues", "values", "eu-west", *options, tmp_path / "other", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-V006]: this chart does not render with the new values")
    assert 'ConfigMap/nats-config: replace data["nats.conf"].cluster.name' in done.stderr


def test_no_secret_is_told(regions, run, values_files):
    """A password that is overridden, and those that stay, are in no line of the report."""
    done = run(
        "natsvalues", "values", "eu-west", "-f", values_files["secure"], "--overlays", regions("join"), check=True
    )
    assert "s3cret" in done.stdout
    assert "s3cret" not in done.stderr
