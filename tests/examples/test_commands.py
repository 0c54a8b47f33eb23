"""The examples for command lines: their READMEs, followed; what comes out is what post-rendering gives."""

import os

import pytest
import yaml


def read(*path):
    """A file's text."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


@pytest.mark.helm
@pytest.mark.parametrize("major", [3, 4])
def test_helm(major, request, examples, regions, wanted, same_objects, same_but_declared):
    """Rendered, linted, and once more by values."""
    example = f"helm{major}"
    here = examples(helm=request.getfixturevalue(example))
    told = here.follow(example)

    assert "error[" not in told
    values = os.path.join(here.folder, example, "values.yaml")
    for region in regions:
        expected = wanted(region, values)
        same_objects(read(here.folder, example, "rendered", f"{region}.yaml"), expected)
        same_but_declared(read(here.folder, example, "by-values", f"{region}.yaml"), expected)


@pytest.mark.helm
def test_kustomize(helm3, kustomize, examples, regions, wanted, same_objects):
    """By the function and by the component, without the test's Pod; a build that leaves the function out fails."""
    here = examples(helm=helm3, kustomize=kustomize)
    here.follow("kustomize")

    values = os.path.join(here.folder, "kustomize", "base", "values.yaml")
    for region in regions:
        given = list(yaml.safe_load_all(wanted(region, values)))
        hooks = [item for item in given if "helm.sh/hook" in item["metadata"].get("annotations", {})]
        assert [item["kind"] for item in hooks] == ["Pod"]
        expected = yaml.safe_dump_all([item for item in given if item not in hooks])
        for way in ("by-function", "by-component"):
            same_objects(read(here.folder, "kustomize", way, f"{region}.yaml"), expected)

    [text] = here.blocks("kustomize", "sh fails")
    done = here.shell(text, "kustomize", check=False)
    assert done.returncode == 4
    assert "error[HS001]" in done.stdout
