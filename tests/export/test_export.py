"""`natsvalues export`: the files it writes, those it leaves alone, and what it refuses."""

import os

import pytest
import yaml

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "stage-join-seed")
FORMS = {
    "kustomize": {
        "kustomization.yaml", "stamps.yaml", "configmap-nats-config.yaml", "statefulset-nats.yaml",
        "service-nats-headless.yaml", "gateway.yaml",
    },
    "flux": {"kustomization.yaml", "helmrelease.yaml", "gateway.yaml"},
    "helmfile": {
        "template.yaml", "natsvalues-gateway/Chart.yaml", "natsvalues-gateway/templates/gateway.yaml",
    },
}  # fmt: skip


def files(folder):
    """The files below a folder: their texts by their names."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def export(run, tmp_path):
    """Run it: `export("kustomize")` writes into `out`; options are added, `region` and `rendering` can be others."""

    def call(form, *more, region="us-east", rendering=f"{GOLDEN}/input.yaml", overlays=f"{GOLDEN}/overlays", **kept):
        command = ["natsvalues", "export", form, region, *([rendering] if rendering else []), "-o", "out"]
        return run(*command, "--overlays", overlays, *more, cwd=tmp_path, **kept)

    return call


@pytest.mark.parametrize("form", FORMS)
def test_the_files_of_each_form(form, export, tmp_path):
    """All YAML, each with the line by which the next export knows it; their names are said."""
    done = export(form)

    assert (done.returncode, done.stderr) == (0, "")
    found = files(tmp_path / "out")
    assert found.keys() == FORMS[form]
    assert sorted(done.stdout.splitlines()) == sorted(f"wrote out/{name}" for name in found)
    for text in found.values():
        assert text.startswith(f"# natsvalues export {form} us-east: ")
        assert all(yaml.safe_load_all(text))


def test_from_standard_input(export, tmp_path):
    """The rendering may come from a pipe; the files are the same."""
    export("kustomize")
    first = files(tmp_path / "out")
    with open(f"{GOLDEN}/input.yaml", encoding="utf-8") as file:
        text = file.read()
    for rendering in (None, "-"):
        assert export("kustomize", rendering=rendering, stdin=text).returncode == 0
        assert files(tmp_path / "out") == first


def test_again_it_replaces_its_own_files_and_no_others(export, tmp_path):
    """What it no longer needs goes; what others wrote beside it stays."""
    export("kustomize")
    (tmp_path / "out" / "notes.md").write_text("mine")
    overlays = tmp_path / "overlays"
    overlays.mkdir()
    for name in os.listdir(f"{GOLDEN}/overlays"):
        with open(f"{GOLDEN}/overlays/{name}", encoding="utf-8") as file:
            (overlays / name).write_text(file.read().replace("stage: join", "stage: local"))

    assert export("kustomize", overlays=str(overlays)).returncode == 0
    names = files(tmp_path / "out").keys()
    assert "gateway.yaml" not in names
    assert "notes.md" in names


@pytest.mark.parametrize("content", ["resources: [base.yaml]\n", "# natsvalues export flux us-east: written\n", ""])
def test_a_file_of_others_is_never_overwritten(content, export, tmp_path):
    """Neither a person's nor another export's; and then nothing at all is written."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kustomization.yaml").write_text(content)
    done = export("kustomize")

    assert done.returncode == 1
    assert "error[NV-F004]" in done.stderr
    assert " --> out/kustomization.yaml:1" in done.stderr
    assert files(tmp_path / "out") == {"kustomization.yaml": content}


def test_a_folder_that_cannot_be_written(export, tmp_path):
    """A file stands in its place."""
    (tmp_path / "out").write_text("a file")
    done = export("kustomize")

    assert (done.returncode, done.stdout) == (1, "")
    assert "error[NV-S005]" in done.stderr


def test_an_unknown_region(export, tmp_path):
    """The nearest is named, and nothing is written."""
    done = export("kustomize", region="us-eas")

    assert done.returncode == 1
    assert "did you mean `us-east`?" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_rendering_without_nats(export, tmp_path):
    """As for post-rendering."""
    done = export("flux", rendering=None, stdin="apiVersion: v1\nkind: Service\nmetadata: {name: web}\n")

    assert done.returncode == 1
    assert "error[NV-I003]" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_rendering_that_came_through_natsvalues(export):
    """Its patches would fit only itself."""
    done = export("kustomize", rendering=f"{GOLDEN}/expected.yaml")

    assert done.returncode == 1
    assert "error[NV-F003]" in done.stderr


def test_warnings_are_said(export, tmp_path):
    """On standard error, and the files are written."""
    case = os.path.join(os.path.dirname(GOLDEN), "overlay-servers-differ")
    done = export("kustomize", region="eu-west", rendering=f"{case}/input.yaml", overlays=f"{case}/overlays")

    assert done.returncode == 0
    assert done.stderr.startswith("warning: ")
    assert files(tmp_path / "out")


def test_secrets_in_the_files_are_warned_of(export, tmp_path):
    """The files hold nats.conf, and people check them in; a variable is no secret. The secret itself is not said."""
    with open(f"{GOLDEN}/input.yaml", encoding="utf-8") as file:
        text = file.read()
    for token, warned in (('"s3cr3t-t0ken"', 1), ("$TOKEN", 0)):
        given = text.replace('"http_port"', f'"authorization": {{"token": {token}}},\n      "http_port"')
        done = export("flux", rendering=None, stdin=given)
        assert done.returncode == 0
        assert done.stderr.count("nats.conf has a secret in plain text") == warned
        assert "s3cr3t" not in done.stderr
        assert token.strip('"') in files(tmp_path / "out")["helmrelease.yaml"]


STALE = {
    "ConfigMap nats-config/data/nats.conf": ('"http_port": 8222', '"http_port": 8223'),
    "StatefulSet nats/spec/template/spec/containers/0/image": ("image: nats:", "image: nats:9."),
}


@pytest.mark.parametrize("form", ["kustomize", "flux"])
def test_an_export_of_another_rendering_says_so(form, export, kustomize, kubectl, run, tmp_path):
    """Of a failed test of a patch every tool prints the path, and nothing else: the path has the object and the way."""
    export(form)
    using = {"components": ["out"]}
    if form == "flux":
        release = yaml.safe_load((tmp_path / "out" / "helmrelease.yaml").read_text())
        [using] = [renderer["kustomize"] for renderer in release["spec"]["postRenderers"]]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["base.yaml"], **using}))
    with open(f"{GOLDEN}/input.yaml", encoding="utf-8") as file:
        text = file.read()
    for place, change in STALE.items():
        assert change[0] in text
        (tmp_path / "base.yaml").write_text(text.replace(*change))
        for command in ((kustomize, "build"), (kubectl, "kustomize")):
            done = run(*command, ".", cwd=tmp_path)
            assert done.returncode == 1
            said = f"testing value /this export is of another rendering, export again: {place} failed"
            assert said in done.stderr


def test_a_helm_release_with_other_post_renderers_says_so(export, kustomize, run, tmp_path):
    """The component would replace them."""
    export("flux")
    own = {"postRenderers": [{"kustomize": {"images": []}}]}
    release = {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "nats"}}
    (tmp_path / "release.yaml").write_text(yaml.safe_dump(release | {"spec": own}))
    (tmp_path / "kustomization.yaml").write_text("resources: [release.yaml]\ncomponents: [out]\n")
    done = run(kustomize, "build", ".", cwd=tmp_path)

    assert done.returncode == 1
    assert "/merge helmrelease.yaml by hand, HelmRelease nats has other postRenderers" in done.stderr


def test_the_release_of_flux_can_be_named(export, tmp_path):
    """Where the HelmRelease is not called as the release."""
    export("flux", "--release", "bus")
    assert yaml.safe_load((tmp_path / "out" / "helmrelease.yaml").read_text())["metadata"] == {"name": "bus"}
    assert export("flux").returncode == 0
    assert yaml.safe_load((tmp_path / "out" / "helmrelease.yaml").read_text())["metadata"] == {"name": "nats"}
