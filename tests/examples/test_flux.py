"""The example for Flux: what is checked in is what the commands write, and what it makes of the chart."""

import os

import pytest
import yaml

from natsvalues.delivery.flux import KEPT

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHECKED_IN = os.path.join(ROOT, "examples", "flux", "clusters")
UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")


def exported(folder, region):
    """The files of a region's export: their texts by their names."""
    found = {}
    for name in sorted(os.listdir(os.path.join(folder, region, "natsvalues"))):
        with open(os.path.join(folder, region, "natsvalues", name), encoding="utf-8") as file:
            found[name] = file.read()
    return found


@pytest.fixture
def here(examples, helm3, kustomize):
    """The example, followed."""
    copy = examples(helm=helm3, kustomize=kustomize)
    copy.follow("flux")
    return copy


@pytest.mark.helm
def test_what_is_checked_in_is_current(here, regions):
    """The commands of the README write it; NATSVALUES_UPDATE_GOLDEN=1 takes it over."""
    for region in regions:
        written = exported(os.path.join(here.folder, "flux", "clusters"), region)
        if UPDATING:
            target = os.path.join(CHECKED_IN, region, "natsvalues")
            os.makedirs(target, exist_ok=True)
            for name, text in written.items():
                with open(os.path.join(target, name), "w", encoding="utf-8") as file:
                    file.write(text)
        assert exported(CHECKED_IN, region) == written


@pytest.mark.helm
def test_what_flux_makes_of_it(here, regions, wanted, same_objects, helm3, kustomize, chart_repository, run, tmp_path):
    """The HelmRelease's chart, rendered, then its patches by kustomize, then the Service beside it: post-rendering."""
    values = os.path.join(here.folder, "flux", "base", "values.yaml")
    for region in regions:
        with open(os.path.join(here.folder, "flux", "by-flux", f"{region}.yaml"), encoding="utf-8") as file:
            given = [value for value in yaml.safe_load_all(file) if value]
        kinds = {value["kind"]: value for value in given}
        assert sorted(value["kind"] for value in given) == ["ConfigMap", "HelmRelease", "HelmRepository", "Service"]
        assert {value["metadata"]["namespace"] for value in given} == {"nats"}

        spec, repository = kinds["HelmRelease"]["spec"], kinds["HelmRepository"]["spec"]
        assert repository["url"] == chart_repository
        [source] = spec["valuesFrom"]
        assert source["name"] == kinds["ConfigMap"]["metadata"]["name"]
        folder = tmp_path / region
        folder.mkdir()
        (folder / "values.yaml").write_text(kinds["ConfigMap"]["data"][source["valuesKey"]])
        chart = spec["chart"]["spec"]
        command = [
            helm3,
            "template",
            kinds["HelmRelease"]["metadata"]["name"],
            chart["chart"],
            "--repo",
            repository["url"],
        ]
        command += ["--version", chart["version"], "-n", "nats", "-f", "values.yaml"]
        (folder / "all.yaml").write_text(run(*command, cwd=folder, check=True).stdout)
        [renderer] = spec["postRenderers"]
        (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["all.yaml"], **renderer["kustomize"]}))
        service = kinds["Service"]
        del service["metadata"]["namespace"]  # the Kustomization's, which is the release's
        for name in KEPT:
            del service["metadata"]["annotations"][name]
        service["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm"
        found = run(kustomize, "build", ".", cwd=folder, check=True).stdout + "---\n" + yaml.safe_dump(service)
        same_objects(found, wanted(region, values))
