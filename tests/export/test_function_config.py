"""What a functionConfig may say, and every mistake in it by its field."""

import os
import re

import pytest

from natsvalues.delivery.function_config import read_config
from natsvalues.delivery.resource_list import ResourceList
from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plan
from natsvalues.text.yamlwrite import indented

HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n"
OURS = "apiVersion: natsvalues.io/v1\nkind: NatsValues\nmetadata: {name: x}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def read(config):
    """What a functionConfig says."""
    text = HEAD + ("functionConfig:\n" + "\n".join(indented(config.splitlines(), 2)) + "\n" if config else "")
    return read_config(ResourceList(text, "standard input").config)


@pytest.fixture
def written(root):
    """The text of the shipped overlays, one after another."""
    folder = os.path.join(root, "charts", "overlays")
    texts = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            texts.append(file.read())
    return texts


@pytest.mark.parametrize("config", ["", OURS, OURS + "spec: {}\n", MAP, OURS + "spec: {region: null}\n"])
def test_nothing_need_be_said(config):
    """Then region and overlays are found as usual."""
    assert read(config) == (None, None, None, "summary")


@pytest.mark.parametrize("config", [OURS + "spec: ", MAP + "data: "])
def test_region_and_folder(config):
    """In a configuration of our own, and in a ConfigMap."""
    settings = "{region: eu-west, overlays: ../overlays, results: all}\n"
    assert read(config + settings) == ("eu-west", "../overlays", None, "all")


def test_overlays_may_be_written_out(root, written):
    """As a list in our own kind, as one text in a ConfigMap: the same plan as from the folder."""
    wanted = plan(load(os.path.join(root, "charts", "overlays")), "eu-west").digest
    documents = [re.sub(r"^#.*\n", "", text) for text in written]
    items = "".join("\n".join(indented(text.strip().splitlines(), 4)) + "\n" for text in documents)
    items = re.sub(r"^    kind:", "  - kind:", items, flags=re.MULTILINE)
    as_list = read(OURS + "spec:\n  region: eu-west\n  overlays:\n" + items)
    as_text = read(MAP + "data:\n  overlays: |\n" + "\n".join(indented("---\n".join(written).splitlines(), 4)) + "\n")
    assert (as_list.region, as_text.region) == ("eu-west", None)
    assert plan(as_list.overlays, "eu-west").digest == plan(as_text.overlays, "eu-west").digest == wanted


WRONG = {
    OURS + "spec: {regoin: x}": ("NV-F002", "spec.regoin", "did you mean `region`?"),
    OURS + "spec: {region: [x]}": ("NV-F002", "spec.region", "a list where text is expected"),
    MAP + "data: {results: al}": ("NV-F002", "data.results", "where one of summary, all is expected"),
    OURS + "spec: [x]": ("NV-F002", "spec", "a list where fields are expected"),
    OURS + "data: {region: x}": ("NV-F002", "data", "write it under spec"),
    MAP + "spec: {region: x}": ("NV-F002", "spec", "write it under data"),
    MAP + "data: {regio: x}": ("NV-F002", "data.regio", "did you mean `region`?"),
    OURS.replace("NatsValues", "Natsvalue"): ("NV-F002", "kind", "did you mean `NatsValues`?"),
    OURS.replace("natsvalues.io/v1", "v1"): ("NV-F002", "kind", "apiVersion: natsvalues.io/v1"),
    OURS + "spec: {overlays: 7}": ("NV-F002", "spec.overlays", "neither a folder nor overlays"),
    OURS + "spec: {overlays: []}": ("NV-F002", "spec.overlays", "set it to the folder"),
    OURS + "spec: {overlays: [x]}": ("NV-F002", "spec.overlays[0]", "not an overlay"),
    MAP + "data: {overlays: [{kind: Region}]}": ("NV-F002", "data.overlays", "a text with the documents"),
    OURS + "spec: {overlays: [{kind: Regio}]}": ("NV-O001", "spec.overlays[0]:1: kind", "did you mean `Region`?"),
    OURS + "spec:\n  overlays:\n  - kind: Region\n    name: a\n    stag: join": (
        "NV-O001", "spec.overlays[0]:3:1: stag", "did you mean `stage`?",
    ),
    MAP + 'data: {overlays: "kind: Supercluster\\nnam: a\\n"}': ("NV-O001", "data.overlays:2:1: nam", "did you mean"),
}  # fmt: skip


@pytest.mark.parametrize("config", WRONG)
def test_a_mistake_is_named_by_its_field(config):
    """With what was found and what to do, as in files of overlays."""
    code, field, words = WRONG[config]
    with pytest.raises(NatsvaluesError) as caught:
        read(config)
    said = str(caught.value)
    assert code in said
    assert field in said
    assert words in said
