"""What fails tells no secret either: errors of files and of helm, and what a post-renderer leaves behind."""

from __future__ import annotations

import base64
import json
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CANARY = "canary0123abcde"


def leaks(texts):
    """Where the secret is said."""
    traces = (CANARY, base64.b64encode(CANARY.encode()).decode())
    return [(where, text) for where, text in texts.items() if any(trace in text for trace in traces)]


BROKEN = {
    "YAML": 'a: [canary0123abcde, "canary0123abcde\n',
    "an alias": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: *canary0123abcde}\n",
    "a tag": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: !canary0123abcde b}\n",
    "a stored release": "apiVersion: v1\nkind: Secret\ntype: helm.sh/release.v1\nmetadata: {name: a}\n"
    "data: {release: Y2FuYXJ5MDEyM2FiY2Rl}\n",
    "a duplicate": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: canary0123abcde, a: b}\n",
}


@pytest.mark.parametrize("case", BROKEN)
def test_errors_quote_no_secret(case, run, tmp_path):
    """What cannot be read is named by its place, on either side, also in the state file."""
    (tmp_path / "broken.yaml").write_text(BROKEN[case])
    (tmp_path / "good.yaml").write_text(json.dumps({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}}))
    for words in (("broken.yaml", "good.yaml"), ("good.yaml", "broken.yaml")):
        done = run("natsvalues", "diff", *words, "-o", "json", "-o", "html=report.html")
        assert leaks(left(tmp_path, done)) == []
        assert done.returncode in (0, 1)
        assert (done.returncode == 1) == (done.stdout == "") == done.stderr.startswith("error[NV-")


FAILING = {
    "a comma in a password": ("--set", "config.merge.authorization.password=x,canary0123abcde"),
    "a brace in it": ("--set", "config.merge.authorization.password={canary0123abcde"),
    "a JSON value": ("--set-json", 'config.merge={"authorization": {"password": "canary0123abcde"'),
    "a list": ("--set", "config.merge.pin[canary0123abcde]=1"),
    "a repository": ("--repo", "https://bob:canary0123abcde@127.0.0.1:1/charts"),
    "a chart that fails": ("--set", "pin=canary0123abcde"),
    "a values file": ("--values", "secret-values.yaml"),
}


@pytest.mark.helm
@pytest.mark.parametrize("case", FAILING)
@pytest.mark.parametrize("major", [3, 4])
def test_a_failing_helm_does_not_tell(case, major, nats_chart, request, run, tmp_path):
    """Helm quotes what it was given; what we pass on of its words has no secret."""
    (tmp_path / "secret-values.yaml").write_text("canary0123abcde")
    (tmp_path / "kubeconfig").write_text(json.dumps({"apiVersion": "v1", "kind": "Config"}))
    helm = request.getfixturevalue(f"helm{major}")
    env = {"HELM_BIN": helm, "KUBECONFIG": "kubeconfig", "NATSVALUES_HELM_SECONDS": "20", "HELM_DEBUG": "true"}
    chart = {"a repository": "nats", "a chart that fails": failing_chart(tmp_path)}.get(case, nats_chart)
    (tmp_path / "shim").write_text(SHIM.format(helm=helm))
    (tmp_path / "shim").chmod(0o755)
    done = run(
        "natsvalues", "diff", "nats", chart, *FAILING[case], "--allow-unreleased", "--no-post-renderer",
        "-o", "html=report.html", env=env | {"HELM_BIN": str(tmp_path / "shim")},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[NV-H003]" in done.stderr
    assert leaks(left(tmp_path, done)) == []


def failing_chart(tmp_path):
    """A chart that quotes a value and fails."""
    (tmp_path / "failing" / "templates").mkdir(parents=True)
    (tmp_path / "failing" / "Chart.yaml").write_text("{apiVersion: v2, name: failing, version: 0.0.1}")
    (tmp_path / "failing" / "templates" / "a.yaml").write_text('{{ fail (printf "not so: %s" .Values.pin) }}')
    return str(tmp_path / "failing")


# Real helm, but for the question whether there is such a release, which needs a cluster.
SHIM = """\
#!/bin/sh
[ "$1 $2" = "get all" ] && {{ echo "Error: release: not found" >&2; exit 1; }}
exec {helm} "$@"
"""


def left(tmp_path, done):
    """What a run said, and every file it left."""
    files = {
        str(path): path.read_text(errors="replace")
        for folder in (tmp_path / "home" / ".local", tmp_path)
        for path in (folder.rglob("*") if folder.name == ".local" else folder.glob("report*"))
        if path.is_file()
    }
    return {"standard output": done.stdout, "standard error": done.stderr, **files}


@pytest.mark.parametrize("suffix", ["html", "md", "json", "txt", "patch"])
def test_the_post_renderers_report_has_no_secret(plain, run, suffix, tmp_path):
    """`--report` against a prior release, and the state file of the run."""
    prior = plain.copy()
    prior.conf(("add", "authorization", {"token": CANARY}))
    prior.container["env"].append({"name": "DB_PASSWORD", "value": CANARY})
    (tmp_path / "prior.yaml").write_text(prior.text())
    new = plain.copy()
    new.conf(("add", "authorization", {"token": f"{CANARY}-other"}))
    new["Secret", "own"] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "own"},
        "stringData": {"a": f"{CANARY}-other"},
    }
    report = tmp_path / f"report.{suffix}"
    done = run(
        "natsvalues", "post-render", "--region=us-east", f"--overlays={ROOT}/charts/overlays", "--prior=prior.yaml",
        "--allow=join-with-state", f"--report={report}", stdin=new.text(),
    )  # fmt: skip
    texts = left(tmp_path, done)
    assert str(report) in texts
    assert "authorization" in texts[str(report)]
    assert leaks({name: text for name, text in texts.items() if name != "standard output"}) == []
