"""What every provider makes of its example, as files. NATSVALUES_UPDATE_GOLDEN=1 writes them anew."""

import os

import pytest
import yaml

from natsvalues.providers import names

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


@pytest.mark.parametrize("name", names())
def test_the_example_has_the_golden_shape(shaped, name):
    """The shape of a provider's example is the one on file, every field of it."""
    found = {key: list(value) if isinstance(value, tuple) else value for key, value in shaped(name)._asdict().items()}
    path = os.path.join(GOLDEN, f"{name}.yaml")
    if os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1":
        assert not os.environ.get("CI"), "golden files are never written in CI"
        with open(path, "w", encoding="utf-8") as stream:
            yaml.safe_dump(found, stream, sort_keys=False, width=1000, allow_unicode=True)

    with open(path, encoding="utf-8") as stream:
        assert found == yaml.safe_load(stream)


@pytest.mark.parametrize("name", names())
def test_the_example_is_without_errors(shaped, name):
    """A provider's example gives everything the provider requires."""
    assert shaped(name).errors == ()


def test_no_golden_file_is_left_over():
    """Every golden file belongs to a provider."""
    assert sorted(os.listdir(GOLDEN)) == [f"{name}.yaml" for name in names()]
