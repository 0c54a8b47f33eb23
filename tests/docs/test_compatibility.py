"""docs/compatibility.md, and the records that it is made of."""

import json
import os
import sys

import pytest


@pytest.fixture
def compatibility(script):
    """The script that writes the page."""
    return script("compatibility")


@pytest.fixture
def page(pages):
    """The page."""
    return pages[os.path.join("docs", "compatibility.md")]


def test_the_page_names_every_pinned_version(compatibility, page):
    """Each as a row, run or not; of Python, some patch of each minor version."""
    for component, version in compatibility.expected():
        row = f"| {component} | {version}"
        assert any(line.startswith((f"{row} ", f"{row}.")) for line in page.splitlines()), row


def test_the_page_is_what_the_script_writes(compatibility, page):
    """Without a record nothing changes: nobody edited the counts."""
    assert compatibility.written(compatibility.merged(page, [])) == page


def test_records_are_added_up_and_replace_the_row(compatibility):
    """A version that no record has stays with its date."""
    page = "| Helm | 3.17.3 | 9 | 0 | 2026-01-01 |\n| Helm | 3.18.0 | 8 | 1 | 2026-01-01 |\n"
    rows = [compatibility.Row("Helm", "3.18.0", number, 0, f"2026-02-0{number}") for number in (1, 2)]

    assert compatibility.merged(page, [[row] for row in rows]) == [
        ("Helm", "3.17.3", 9, 0, "2026-01-01"),
        ("Helm", "3.18.0", 3, 0, "2026-02-02"),
    ]


TESTS = """
import os, subprocess

def test_by_path():
    subprocess.run([os.environ["TOOLS"] + "/helm-3.9.1/helm"], check=True)

def test_by_search():
    subprocess.run(["helm"], env={"PATH": os.environ["TOOLS"] + "/helm-4.9.2"}, check=True)
    subprocess.run(["true"], env={"PATH": "/usr/bin:/bin", "HELM_BIN": os.environ["TOOLS"] + "/helm-3.9.1/helm"})

def test_that_fails():
    open(os.environ["TOOLS"] + "/rendered/nats-1.2.3/a.yaml").close()
    assert False

def test_without_any():
    pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_record_has_what_a_test_started_and_read(root, run, tmp_path, workers):
    """In one process, and with workers that count in another one."""
    for name in ("helm-3.9.1/helm", "helm-4.9.2/helm", "rendered/nats-1.2.3/a.yaml"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "recording", "--records", "record.json"]
    environment = {"PYTHONPATH": os.path.join(root, "tests", "plugins"), "TOOLS": str(tmp_path)}
    assert run(*command, "test_it.py", env=environment).returncode == 1
    with open(tmp_path / "record.json", encoding="utf-8") as file:
        rows = json.load(file)["rows"]

    counts = {(row["component"], row["version"]): (row["passed"], row["failed"]) for row in rows}
    assert counts.pop(("Python", ".".join(map(str, sys.version_info[:3])))) == (3, 1)
    assert counts == {("Helm", "3.9.1"): (2, 0), ("Helm", "4.9.2"): (1, 0), ("NATS chart", "1.2.3"): (0, 1)}
