import os

import pytest
import yaml

FOLDERS = ("nats-1.2.11", "nats-1.3.16", "nats-2.14.2", "nats-2.14.2-helm4", "umbrella")


def documents(text):
    """Return the parsed documents, in order."""
    return [document for document in yaml.safe_load_all(text) if document]


def by_name(text, *, hooks=True):
    """Return the parsed documents by kind and name, with or without what helm calls hooks."""
    found = {}
    for document in documents(text):
        annotations = document["metadata"].get("annotations") or {}
        if hooks or "helm.sh/hook" not in annotations:
            found[document["kind"], document["metadata"]["name"]] = document
    return found


def files(rendered):
    """Return the path of every stored rendering."""
    return [
        os.path.join(rendered, folder, name)
        for folder in FOLDERS
        for name in sorted(os.listdir(os.path.join(rendered, folder)))
    ]


@pytest.mark.helm
@pytest.mark.slow
def test_helm3_gives_every_stored_rendering_again(helm3, rendered, replay_chart, run):
    """Of each stored file helm 3 renders the same documents, named after the same templates, hooks too."""
    for path in files(rendered):
        replayed = run(helm3, "template", "nats", replay_chart(path), "-n", "nats", check=True).stdout
        with open(path, encoding="utf-8") as file:
            stored = file.read()
        if "helm4" in path:  # what a post-renderer got: names in annotations that no release keeps
            assert sorted(by_name(replayed)) == sorted(by_name(stored)), path
            assert "postrender-filename" not in replayed
            continue
        assert documents(replayed) == documents(stored), path
        lines = [line for line in stored.splitlines() if line.startswith("# Source: ")]
        assert [line for line in replayed.splitlines() if line.startswith("# Source: ")] == lines, path


@pytest.fixture
def stored_pair(rendered):
    """Return the paths of one case: as helm 3 rendered it, and as a helm 4 post-renderer received it."""
    return [os.path.join(rendered, folder, "full.yaml") for folder in ("nats-2.14.2", "nats-2.14.2-helm4")]


@pytest.mark.helm
def test_a_post_renderer_of_helm3_gets_the_stored_documents(helm3, stored_pair, replay_chart, run, tmp_path):
    """Helm 3 gives a post-renderer the replayed documents, and keeps the hook from it."""
    spy = tmp_path / "spy"
    spy.write_text("#!/bin/sh\nexec tee received\n", encoding="utf-8")
    spy.chmod(0o755)
    chart = replay_chart(stored_pair[0])
    run(helm3, "template", "nats", chart, "-n", "nats", "--post-renderer", spy, check=True)
    with open(stored_pair[0], encoding="utf-8") as file:
        stored = by_name(file.read(), hooks=False)
    assert by_name((tmp_path / "received").read_text(encoding="utf-8")) == stored


@pytest.mark.helm
def test_a_post_renderer_of_helm4_gets_what_was_recorded(helm4, helm4_plugin, stored_pair, replay_chart, run):
    """Helm 4 gives a plugin the documents that are stored as received, whichever of the two is replayed."""
    spy = helm4_plugin("spy", "tee", "received")
    with open(stored_pair[1], encoding="utf-8") as file:
        stored = by_name(file.read())
    for path in stored_pair:
        run(helm4, "template", "nats", replay_chart(path), "-n", "nats", "--post-renderer", spy, check=True)
        assert by_name(run("cat", "received", check=True).stdout) == stored, path


@pytest.mark.helm
def test_what_looks_like_a_template_is_replayed_as_text(helm3, replay_chart, run, tmp_path):
    """Braces in a document are not for helm to evaluate; a plain clone has this test too."""
    text = "# Source: a/templates/b.yaml\nkind: ConfigMap\nmetadata: {name: c}\ndata: {x: '{{ .Gone }} {{{{'}\n"
    (tmp_path / "stored.yaml").write_text(text, encoding="utf-8")
    done = run(helm3, "template", "a", replay_chart(str(tmp_path / "stored.yaml")), check=True)
    assert documents(done.stdout) == documents(text)


def test_a_document_without_a_template_name_is_refused(replay_chart, tmp_path):
    """A file that is no rendering of helm is an error, not an empty chart."""
    (tmp_path / "stored.yaml").write_text("kind: ConfigMap\n", encoding="utf-8")
    with pytest.raises(ValueError, match="a document names no template: 'kind: ConfigMap"):
        replay_chart(str(tmp_path / "stored.yaml"))
