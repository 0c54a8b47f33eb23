"""A prefix of the server names in the values, and another one in the overlay: every command says the same."""

import pytest

pytestmark = pytest.mark.helm

VALUES = "config: {serverNamePrefix: legacy-, cluster: {enabled: true}, jetstream: {enabled: true}}\n"


@pytest.fixture(params=["helm3", "helm4"])
def helm(isolated_env, nats_chart, regions, request, run):
    """Template the chart, with overlays for the getter: `helm("-f", "values.yaml")`."""
    program = request.getfixturevalue(request.param)
    isolated_env |= {"NATSVALUES_OVERLAYS": regions("join"), "HELM_BIN": program}
    run("natsvalues", "plugin", "install", "--helm", program, check=True)
    return lambda *words: run(program, "template", "nats", nats_chart, "-n", "ns", *words)


def test_every_command_refuses_two_prefixes(helm, nats_chart, run, tmp_path):
    """Whoever renders, and wherever the edits go."""
    (tmp_path / "values.yaml").write_text(VALUES)
    (tmp_path / "us-east.yaml").write_text(helm("-f", "values.yaml").stdout)
    for words in (
        ("post-render", "--region", "us-east"),
        ("explain", "us-east.yaml", "--region", "us-east"),
        ("export", "kustomize", "us-east", "us-east.yaml", "-o", "out"),
        ("values", "us-east", "--chart", nats_chart, "-f", "values.yaml"),
        ("lint", "us-east.yaml", "--region", "us-east"),
    ):
        done = run("natsvalues", *words, stdin=(tmp_path / "us-east.yaml").read_text())
        assert done.returncode == (4 if words[0] == "lint" else 1), words
        said = 'the rendering names its servers `legacy-$(POD_NAME)`, and the region has the prefix `""`'
        assert said in done.stdout + done.stderr, words
        assert ("OV014" if words[0] == "lint" else "error[NV-T004]") in done.stdout + done.stderr, words
    through_helm = helm("-f", "values.yaml", "-f", "natsvalues://us-east")
    assert through_helm.returncode == 1
    assert "error[NV-T004]" in through_helm.stderr


def test_values_that_we_wrote_before_the_overlay_changed(helm, nats_chart, regions, run, tmp_path):
    """They are fine with the prefix they have; with another one they must be written again."""
    (tmp_path / "values.yaml").write_text(VALUES.replace("serverNamePrefix: legacy-, ", ""))
    write = ("natsvalues", "values", "eu-west", "--chart", nats_chart, "-f", "values.yaml", "-o", "written.yaml")
    run(*write, check=True)
    rendering = helm("-f", "written.yaml").stdout
    again = run("natsvalues", "post-render", "--region", "eu-west", stdin=rendering, check=True)
    assert "eu-west-$(POD_NAME)" in again.stdout

    folder = tmp_path / "overlays"
    folder.mkdir()
    for path in sorted(tmp_path.__class__(regions("join")).glob("*.yaml")):
        (folder / path.name).write_text(path.read_text().replace("prefix: eu-west-", "prefix: eu-"))
    changed = {"NATSVALUES_OVERLAYS": str(folder)}
    refused = run("natsvalues", "post-render", "--region", "eu-west", stdin=rendering, env=changed)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "error[NV-T004]" in refused.stderr
    assert "run `natsvalues values` again" in " ".join(refused.stderr.split())
    run(*write, env=changed, check=True)
    rendering = helm("-f", "written.yaml").stdout
    assert (
        "eu-$(POD_NAME)" in run("natsvalues", "post-render", "--region", "eu-west", stdin=rendering, env=changed).stdout
    )
