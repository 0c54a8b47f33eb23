"""What the tests of the documentation read."""

import glob
import importlib.util
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="session")
def root() -> str:
    """Folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """The text of every page of documentation, by its path in the checkout."""
    folders = [[], ["docs"], ["docs", "*"], ["examples"], ["examples", "*"]]
    paths = [path for folder in folders for path in glob.glob(os.path.join(ROOT, *folder, "*.md"))]
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            found[os.path.relpath(path, ROOT)] = file.read()
    return found


@pytest.fixture(scope="session")
def sources() -> dict[str, str]:
    """The text of every file of the package, by its path in the checkout."""
    found = {}
    for path in glob.glob(os.path.join(ROOT, "natsvalues", "**", "*"), recursive=True):
        if path.endswith((".py", ".yaml")):
            with open(path, encoding="utf-8") as file:
                found[os.path.relpath(path, ROOT)] = file.read()
    return found


@pytest.fixture(scope="session")
def script():
    """Load a script as a module, with its neighbours importable: `script("reference_docs")`."""

    def load(name):
        folder = os.path.join(ROOT, "scripts")
        spec = importlib.util.spec_from_file_location(name, os.path.join(folder, f"{name}.py"))
        module = importlib.util.module_from_spec(spec)
        sys.path.insert(0, folder)
        try:
            spec.loader.exec_module(module)
        finally:
            sys.path.remove(folder)
        return module

    return load
