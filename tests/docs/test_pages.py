"""The pages: links lead somewhere, examples are valid, and every error code is explained."""

import glob
import json
import os
import re

import jsonschema
import pytest
import yaml

from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plan
from natsvalues.overlays.schema import schema

ERRORS = os.path.join("docs", "errors.md")
_CODE = re.compile(r"NV-[A-Z]\d{3}")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def anchors(text) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


def test_links_resolve(pages, root):
    """Every link inside the checkout leads to a file, and to a heading in it where it names one."""
    broken = []
    for page, text in pages.items():
        for link in _LINK.findall(text):
            if "://" in link:
                continue
            file, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(page), file)) if file else page
            if not os.path.exists(os.path.join(root, target)) or (anchor and anchor not in anchors(pages[target])):
                broken.append(f"{page}: {link}")

    assert broken == []


def overlay_blocks(text) -> list[str]:
    """The blocks of a page that are overlay files, several documents or one."""
    return [block for block in _BLOCK.findall(text) if re.search(r"^kind: (Supercluster|Region)$", block, re.MULTILINE)]


def test_the_overlays_of_the_first_page_are_valid(pages, tmp_path):
    """The example is read, planned for each region, and agrees with the published schema."""
    blocks = overlay_blocks(pages[os.path.join("docs", "start.md")])
    assert blocks

    (tmp_path / "overlays.yaml").write_text("---\n".join(blocks), encoding="utf-8")
    overlays = load(str(tmp_path))
    for region in overlays.regions:
        assert len(plan(overlays, region).remotes) == len(overlays.regions) - 1
    for document in yaml.safe_load_all("---\n".join(blocks)):
        jsonschema.validate(document, schema())


def test_error_codes_and_their_page_agree(pages, sources):
    """Every code in the package is explained in docs/errors.md, and no other."""
    used = {code for path, text in sources.items() if path.endswith(".py") for code in _CODE.findall(text)}
    explained = re.findall(rf"^\| `({_CODE.pattern})` \|", pages[ERRORS], re.MULTILINE)

    assert sorted(explained) == sorted(used)


def test_pages_name_no_other_codes(pages, sources):
    """A code that a page mentions exists."""
    used = {code for text in sources.values() for code in _CODE.findall(text)}

    assert [(page, code) for page, text in pages.items() for code in _CODE.findall(text) if code not in used] == []


def test_the_error_example_is_a_real_one(pages, sources):
    """The first line of the example in docs/errors.md stands in the package."""
    message = re.search(r"^error\[NV-T001\]: (.+)$", pages[ERRORS], re.MULTILINE)[1]

    assert any(message in text for text in sources.values())


@pytest.mark.parametrize("mark", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_to_do(sources, mark):
    """No file of the package puts work off."""
    assert [path for path, text in sources.items() if re.search(rf"\b{mark}\b", text)] == []


def test_no_file_is_too_long(sources, root):
    """No Python file has more than 350 lines: of the package, its tests and its scripts."""
    lines = {path: text.count("\n") for path, text in sources.items()}
    for folder in ("tests", "scripts"):
        for path in glob.glob(os.path.join(root, folder, "**", "*.py"), recursive=True):
            with open(path, encoding="utf-8") as file:
                lines[os.path.relpath(path, root)] = file.read().count("\n")
    assert {path: count for path, count in lines.items() if count > 350} == {}


def test_no_picture_is_large(root):
    """Every clone has them: 150 kB at most, as scripts/page_pictures.py leaves them."""
    pictures = glob.glob(os.path.join(root, "docs", "pictures", "*.png"))
    assert pictures
    assert {os.path.basename(path): size for path in pictures if (size := os.path.getsize(path)) > 150_000} == {}


def test_the_schema_on_file_is_a_schema(root):
    """The published schema is valid for its own dialect."""
    with open(os.path.join(root, "docs", "overlay.schema.json"), encoding="utf-8") as file:
        jsonschema.Draft202012Validator.check_schema(json.load(file))
