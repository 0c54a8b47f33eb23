"""Whole diffs as files: each folder under golden/ is an old and a new release, and every report of their diff.

`upgrade-…` are upgrades that people make, `impact-…` has one change of each class. The region's decision comes from
the shipped overlays, as in a checkout. Marks of secrets are numbered, since their key is of one run.
NATSVALUES_UPDATE_GOLDEN=1 writes what is expected anew.
"""

from __future__ import annotations

import json
import os
import re

import jsonpatch
import jsonschema
import pytest
import yaml

from natsvalues.text.yamledit import same

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GOLDEN = os.path.join(HERE, "golden")
CASES = sorted(os.listdir(GOLDEN))
UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
FORMATS = {
    "text": "txt",
    "json": "json",
    "jsonpatch": "patch.json",
    "markdown": "md",
    "github": "github",
    "html": "html",
}
_MARK = re.compile(r"\(redacted ([a-z]+) [0-9a-f]{8}\)")


def reports(case, run, tmp_path):
    """Every report of a case, made in one run: by format."""
    folder = os.path.join(GOLDEN, case)
    outputs = [f"--output={name}={tmp_path / name}" for name in FORMATS]
    overlays = os.path.join(ROOT, "charts", "overlays")
    run("natsvalues", "diff", "old.yaml", "new.yaml", *outputs, "--overlays", overlays, cwd=folder, check=True)
    return {name: numbered((tmp_path / name).read_text(encoding="utf-8")) for name in FORMATS}


def numbered(text):
    """The text with the marks of secrets in the order in which they come, and without natsvalues' own version."""
    seen = {}
    text = _MARK.sub(lambda found: f"(redacted {found[1]} #{seen.setdefault(found[0], len(seen) + 1)})", text)
    return re.sub(r'("natsvalues": )"[^"]+"', r'\1"(any)"', text)


@pytest.mark.parametrize("case", CASES)
def test_every_report_is_the_golden_one(case, run, tmp_path, unstyled):
    """All formats in one run; the page itself only for upgrades, since most of it is the same."""
    found = reports(case, run, tmp_path)
    found["html"] = unstyled(found["html"])
    for name, suffix in FORMATS.items():
        if name == "html" and not case.startswith("upgrade-"):
            continue
        path = os.path.join(GOLDEN, case, f"expected.{suffix}")
        if UPDATING:
            with open(path, "w", encoding="utf-8") as file:
                file.write(found[name])
        with open(path, encoding="utf-8") as file:
            assert found[name] == file.read(), path


@pytest.mark.parametrize("case", CASES)
def test_the_json_has_its_schema_and_the_patch_leads_to_the_new_release(case, run, tmp_path):
    """What machines read: valid by the published schema, and each patch applied to the old object gives the new one."""
    found = reports(case, run, tmp_path)
    with open(os.path.join(ROOT, "docs", "diff.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(json.loads(found["json"]), json.load(file))

    old, new = objects(case, "old.yaml"), objects(case, "new.yaml")
    for entry in json.loads(found["jsonpatch"])["regions"][0]["objects"]:
        if entry["redacted"]:
            continue  # its marks stand for what is not shown
        key, was = ((item["kind"], item["name"]) for item in (entry["object"], entry["was"] or entry["object"]))
        if entry["patch"] == [{"op": "remove", "path": ""}]:
            del old[key]
        else:
            before = old.pop(was, None)
            old[key] = jsonpatch.apply_patch(before, entry["patch"])
    redacted = {
        (item["object"]["kind"], item["object"]["name"])
        for item in json.loads(found["jsonpatch"])["regions"][0]["objects"]
        if item["redacted"]
    }
    assert same(
        {key: old[key] for key in old if key not in redacted}, {key: new[key] for key in new if key not in redacted}
    )


def objects(case, name):
    """The objects of a side by kind and name."""
    with open(os.path.join(GOLDEN, case, name), encoding="utf-8") as file:
        return {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(file) if item}


def test_each_class_of_impact_has_its_case():
    """The worst of each `impact-…` case is the class that it is called after."""
    worst_of = {}
    for case in CASES:
        if case.startswith("impact-"):
            with open(os.path.join(GOLDEN, case, "expected.json"), encoding="utf-8") as file:
                worst_of[case.removeprefix("impact-")] = json.load(file)["worst"]
    assert len(worst_of) == 10
    assert all(case == worst for case, worst in worst_of.items())
