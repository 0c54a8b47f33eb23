"""The order in which overlays are given has no meaning: remotes in another order would restart pods for nothing."""

from __future__ import annotations

import json
import os

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.delivery.function_config import read_config
from natsvalues.delivery.resource_list import ResourceList
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import Document, load, read
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
SHIPPED = os.path.join(os.path.dirname(os.path.dirname(GOLDEN)), "charts", "overlays")
REGIONS = ("ap-south", "eu-west", "us-east")
EXTRA = {"annotations": {"b.example.com/x": "1", "a.example.com/y": "2"}, "labels": {"d": "1", "c": "2"}}


def text_of(*path):
    """The text of a file."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def documents(scope):
    """The shipped overlays in a scope, with annotations and labels of their own."""
    found = [yaml.safe_load(text_of(SHIPPED, name)) for name in sorted(os.listdir(SHIPPED))]
    for item in found:
        if item["kind"] == "Supercluster":
            item |= {"jetstream": {"scope": scope}, "loadBalancer": EXTRA}
        elif scope == "region":
            item["systemAccount"] = "$SYS" if item.pop("joins") == "seed" else f"SYS-{item['name']}"
    return found


def shuffled(draw, item):
    """The same value with the keys of every mapping in another order."""
    if isinstance(item, dict):
        return {key: shuffled(draw, item[key]) for key in draw(st.permutations(sorted(item)))}
    return item


def foreign(names):
    """A rendering whose values list these remotes, which are no regions of the overlays."""
    remotes = ", ".join(f'{{"name": "{name}", "urls": ["nats://{name}.example.com:7222"]}}' for name in names)
    before = text_of(GOLDEN, "stage-join-seed", "input.yaml")
    found = before.replace(
        '      "cluster": {', f'      "gateway": {{"gateways": [{remotes}]}},\n      "cluster": {{', 1
    )
    assert found != before
    return found


def complete(overlays, region, rendering):
    """Everything that comes out for one region."""
    return render(Release(rendering), plan(overlays, region)).release.text()


@given(data=st.data())
@settings(max_examples=25)
@pytest.mark.parametrize("scope", ["supercluster", "region"])
def test_any_order_gives_the_same_bytes(scope, data):
    """Of documents, of files, of the keys in them, inline or in a folder, and of the remotes in the values."""
    region = data.draw(st.sampled_from(REGIONS))
    given_documents = data.draw(st.permutations(documents(scope)))
    written = [json.dumps(shuffled(data.draw, item)) for item in given_documents]
    remotes = data.draw(st.permutations(["old-a", "old-b", "old-c"]))
    usual = [Document(f"{item['name']}.yaml", json.dumps(item)) for item in documents(scope)]

    wanted = complete(read("usual", usual), region, foreign(["old-a", "old-b", "old-c"]))
    files = read("folder", [Document(f"{number}.yaml", text) for number, text in enumerate(written)])
    assert complete(files, region, foreign(remotes)) == wanted

    items = "".join(f"    - {text}\n" for text in written)
    stream = (
        "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nfunctionConfig:\n"
        f"  apiVersion: natsvalues.io/v1\n  kind: NatsValues\n  spec:\n    region: {region}\n    overlays:\n{items}"
    )
    inline = read_config(ResourceList(stream, "standard input").config).overlays
    assert complete(inline, region, foreign(remotes)) == wanted


@pytest.mark.parametrize("names", [["z", "y", "x", "w"], ["us-east", "supercluster", "ap-south", "eu-west"]])
def test_names_of_files_have_no_meaning(tmp_path, names):
    """Nor how many documents are in one."""
    texts = [text_of(SHIPPED, name) for name in sorted(os.listdir(SHIPPED))]
    for name, text in zip(names, texts, strict=True):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    one = tmp_path / "one"
    one.mkdir()
    (one / "all.yaml").write_text("---\n".join(reversed(texts)), encoding="utf-8")
    rendering = text_of(GOLDEN, "stage-join-seed", "input.yaml")

    found = {complete(load(str(folder)), "us-east", rendering) for folder in (SHIPPED, tmp_path, one)}
    assert len(found) == 1
