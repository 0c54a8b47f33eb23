"""A store on no persistent volume ends with its pod: `post-render`, `diff` and `lint` say so of the same upgrade."""

import os

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASE = os.path.join(ROOT, "tests", "golden", "stage-join-seed")
WORDS = ["--region=us-east", f"--overlays={CASE}/overlays"]
GONE = "their stores are deleted with them: `/data` is not on a persistent volume"


def rendering(volume):
    """The chart's rendering, with its store on a volume that ends with the pod, or on a claim."""
    with open(os.path.join(CASE, "input.yaml"), encoding="utf-8") as file:
        objects = [item for item in yaml.safe_load_all(file) if item]
    for item in objects:
        if item["kind"] == "StatefulSet":
            pod = item["spec"]["template"]["spec"]
            pod["containers"][0].setdefault("volumeMounts", []).append({"name": "store", "mountPath": "/data"})
            if volume is None:
                item["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "store"}}]
            else:
                pod.setdefault("volumes", []).append({"name": "store", **volume})
    return yaml.safe_dump_all(objects)


def test_every_verb_says_what_a_restart_deletes(run, tmp_path):
    """With an emptyDir the upgrade that restarts the pods is a data loss; with a claim, or without a restart, none."""
    for volume in (None, {"emptyDir": {}}):
        text, is_lost = rendering(volume), volume is not None
        (tmp_path / "prior.yaml").write_text(text)
        ours = run("natsvalues", "post-render", *WORDS, "--prior=prior.yaml", stdin=text, cwd=tmp_path, check=True)
        (tmp_path / "new.yaml").write_text(ours.stdout)
        report = run(
            "natsvalues", "diff", "prior.yaml", "new.yaml", *WORDS, "-o", "json", cwd=tmp_path, check=True
        ).stdout
        linted = run("natsvalues", "lint", "new.yaml", "--region=us-east", cwd=tmp_path).stdout
        assert (GONE in ours.stderr, GONE in report, "JS008" in linted) == (is_lost, is_lost, is_lost)
        assert ("DI317" in report) is is_lost
        again = run("natsvalues", "post-render", *WORDS, "--prior=new.yaml", stdin=text, cwd=tmp_path, check=True)
        assert GONE not in again.stderr, "nothing restarts"
