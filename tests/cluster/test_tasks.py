"""The pages of docs/tasks, followed from first to last on a real API server, where no pods run.

Two contexts, called like the regions, lead to two namespaces; the chart comes from a repository on loopback. By default
each page is followed with one of the two Helms; `NATSVALUES_EVERY_PAGE=1 ./scripts/test tests/cluster/test_tasks.py`
follows all of them, README.md and docs/start.md too, with both.
"""

import json
import os

import pytest
import yaml

TASKS = ["docs/tasks/adopt.md", "docs/tasks/add-a-region.md", "docs/tasks/upgrade.md", "docs/tasks/diagnose.md",
         "docs/tasks/remove.md"]  # fmt: skip
BOTH = {page: 4 - number % 2 for number, page in enumerate(TASKS)}
RUNS = {"tasks": BOTH}
if os.environ.get("NATSVALUES_EVERY_PAGE"):
    for major in (3, 4):
        RUNS[f"tasks-helm{major}"] = dict.fromkeys(TASKS, major)
        RUNS[f"start-helm{major}"] = {"docs/start.md": major}
        RUNS[f"readme-helm{major}"] = {"README.md": major}
VALUES = "config: {cluster: {enabled: true}, jetstream: {enabled: true}}\n"


@pytest.fixture
def regions(cluster, namespace, kubeconfig, tmp_path):
    """Path of a kubeconfig with a context for each of two regions."""
    with open(kubeconfig, encoding="utf-8") as file:
        value = yaml.safe_load(file)
    [context] = value["contexts"]
    names = {"us-east": namespace.name, "eu-west": f"{namespace.name}-eu"}
    other = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": names["eu-west"]}}
    assert cluster.request("POST", "/api/v1/namespaces", other)[0] == 201
    value["contexts"] = [
        {"name": region, "context": context["context"] | {"namespace": name}} for region, name in names.items()
    ]
    path = tmp_path / "regions.kubeconfig"
    path.write_text(json.dumps(value | {"current-context": "us-east"}))
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def follow(load_module, chart_repository, regions, helm3, helm4, kubectl, isolated_env, run, tmp_path):
    """Follow a page with a Helm: `follow("docs/start.md", 4)` gives what each block of commands printed."""
    tests = os.path.dirname(os.path.dirname(__file__))
    documented, walkthrough = (load_module(os.path.join(tests, f"{name}.py")) for name in ("documented", "walkthrough"))
    home = tmp_path / "work"
    home.mkdir()
    paths = {
        major: walkthrough.with_programs(
            str(tmp_path / f"helm{major}"), {"helm": helm, "kubectl": kubectl}, isolated_env["PATH"]
        )
        for major, helm in ((3, helm3), (4, helm4))
    }

    def shell(text, major, *, check=True):
        env = {"PATH": paths[major], "KUBECONFIG": regions, "HELM_PLUGINS": str(tmp_path / f"plugins{major}")}
        text = text.replace(walkthrough.ADDRESS, chart_repository)
        return run("sh", "-euc", text, cwd=home, env=env, check=check, timeout=120)

    for major in paths:
        (tmp_path / f"plugins{major}").mkdir()
        shell("natsvalues plugin install", major)
    (home / "values.yaml").write_text(VALUES)
    shell(f"helm repo add nats {walkthrough.ADDRESS}; helm install nats nats/nats -f values.yaml", 4)

    def each_block(page, major):
        printed = []
        for block in documented.blocks(documented.page(page)):
            if block.kind == "file":
                (home / block.path).parent.mkdir(parents=True, exist_ok=True)
                (home / block.path).write_text(block.text)
            elif block.kind == "sh":
                printed.append(shell(block.text, major).stdout)
            elif block.kind == "sh fails":
                assert shell(block.text, major, check=False).returncode == 4
        return printed

    return each_block


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pages", RUNS.values(), ids=RUNS)
def test_the_commands_of_the_pages(pages, follow):
    """Every command does what its page says; each page goes on where the one before ended."""
    printed = {page: follow(page, major) for page, major in pages.items()}

    if "docs/tasks/adopt.md" in pages:
        assert "us-east\n" in printed["docs/tasks/adopt.md"]
        assert "every region is where the overlays want it" in printed["docs/tasks/add-a-region.md"][-1]
        assert "stop the server eu-west-nats-2" in printed["docs/tasks/remove.md"][0]
