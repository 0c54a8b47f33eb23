"""The commands of README.md, docs/start.md and docs/tasks, as far as they can be judged without running them.

tests/cluster/test_tasks.py runs them.
"""

import fnmatch
import os
import re
import subprocess

import pytest
import yaml

PAGES = ("README.md", os.path.join("docs", "start.md"), os.path.join("docs", "troubleshooting.md"))


@pytest.fixture(scope="module")
def documented(root, load_module):
    """What reads the blocks of pages."""
    return load_module(os.path.join(root, "tests", "documented.py"))


@pytest.fixture(scope="module")
def checked(pages, documented):
    """The blocks of commands, with their page."""
    read = [page for page in pages if page in PAGES or page.startswith(os.path.join("docs", "tasks"))]
    return [(page, block) for page in read for block in documented.blocks(pages[page]) if block.kind != "file"]


def test_every_block_has_a_known_mark(checked, documented):
    """`sh`, `sh fails` or `sh elsewhere`: a mark that nobody reads would be a block that nobody runs."""
    assert {block.kind for _, block in checked} == documented.KINDS


def test_every_block_is_a_shell_script(checked):
    """Also those that need pods."""
    broken = [
        f"{page}: {block.text}"
        for page, block in checked
        if subprocess.run(["sh", "-n"], input=block.text, text=True, check=False, capture_output=True).returncode
    ]
    assert broken == []


def test_commands_and_options_exist(checked, pages, documented):
    """As docs/cli.md has them."""
    manual = pages[os.path.join("docs", "cli.md")]
    assert [(page, word) for page, block in checked for word in documented.unknown_words(block.text, manual)] == []


def test_a_wrong_command_is_seen(pages, documented):
    """A misspelt option, and a command that does not exist."""
    manual = pages[os.path.join("docs", "cli.md")]
    assert documented.unknown_words("helm get values nats | natsvalues lint - --regoin a\n", manual) == [
        "natsvalues lint --regoin"
    ]
    assert documented.unknown_words("natsvalues adopt us-east\n", manual) == ["natsvalues adopt"]
    assert documented.unknown_words("natsvalues --version\nnatsvalues overlay show us-east\n", manual) == []


def test_rules_that_pages_for_tasks_name_exist(pages):
    """Of lint, of diff and of doctor."""
    reference = "".join(pages[os.path.join("docs", f"{name}.md")] for name in ("rules", "impacts", "doctor-rules"))
    read = [page for page in pages if page in PAGES or page.startswith(os.path.join("docs", "tasks"))]
    rules = {(page, found) for page in read for found in re.findall(r"(?<![\w-])[A-Z]{2}\d{3}\b", pages[page])}

    assert len(rules) > 20
    assert [(page, rule) for page, rule in sorted(rules) if f"`{rule}`" not in reference] == []


def test_the_two_commands_of_the_readme(checked, root):
    """One runs the built-in example, one the tests; both are there."""
    first = next(block for page, block in checked if page == "README.md").text
    commands = [line.split()[0] for line in first.splitlines()]

    assert commands == ["./scripts/try", "./scripts/test"]
    assert all(os.access(os.path.join(root, command), os.X_OK) for command in commands)


def test_the_readme_is_short(pages):
    """One screen and a half."""
    assert pages["README.md"].count("\n") <= 75


def test_every_page_has_a_place_on_the_site(pages, root):
    """docs/.nav.yml names each page of docs once, itself or by a pattern."""
    with open(os.path.join(root, "docs", ".nav.yml"), encoding="utf-8") as file:
        entries = list(_entries(yaml.safe_load(file)["nav"]))
    here = [page.removeprefix("docs" + os.sep) for page in pages if page.startswith("docs" + os.sep)]

    missing = [page for page in here if not any(_matches(page, entry) for entry in entries)]
    assert missing == [], f"add to docs/.nav.yml, under the heading where a reader would look: {', '.join(missing)}"


def _entries(item):
    if isinstance(item, str):
        yield item
    elif isinstance(item, dict) and "glob" in item:
        yield item["glob"]
    else:
        for part in item.values() if isinstance(item, dict) else item:
            yield from _entries(part)


def _matches(page, entry):
    return fnmatch.fnmatchcase(page, entry) and page.count("/") == entry.count("/")
