"""The example for Helmfile, followed with the helmfile of NATSVALUES_HELMFILE: it takes five minutes to build one.

Without it, what Helmfile does with an export is in tests/export/test_equality.py.
"""

import os

import pytest

HELMFILE = os.environ.get("NATSVALUES_HELMFILE")


if HELMFILE:

    @pytest.mark.helm
    @pytest.mark.parametrize("major", [3, 4])
    def test_helmfile(major, request, examples, kustomize, regions, wanted, same_objects):
        """By post-renderer and by export: what post-rendering gives."""
        here = examples(helm=request.getfixturevalue(f"helm{major}"), helmfile=HELMFILE, kustomize=kustomize)
        here.shell("natsvalues plugin install", "helmfile")
        told = here.follow("helmfile")

        assert "error[" not in told
        values = os.path.join(here.folder, "helmfile", "values.yaml")
        for region in regions:
            for way in ("rendered", "by-export"):
                with open(os.path.join(here.folder, "helmfile", way, f"{region}.yaml"), encoding="utf-8") as file:
                    same_objects(file.read(), wanted(region, values))
