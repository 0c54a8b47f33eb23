"""What the tests of lint share: renderings of every chart there is, and the examples made of them."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def examples(example_regions):
    """Return the module that makes what an example describes."""
    return example_regions
