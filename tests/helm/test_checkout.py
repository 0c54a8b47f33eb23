"""`helm plugin install <checkout>`: the plugin.yaml in the root, for both majors."""

import os

import pytest

from natsvalues import __version__
from natsvalues.outside import shims

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text(name):
    """Return a file of the checkout's root."""
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


@pytest.mark.helm
@pytest.mark.parametrize(("helm", "other"), [("helm3", "helm4"), ("helm4", "helm3")])
def test_it_gives_the_command_to_both_majors_and_breaks_nothing(checkout, helm, machine, other, plugins, run):
    """Whichever helm installs it, `helm natsvalues` works in both, and so does every other plugin."""
    machine(helm3=3, helm4=4)
    done = run(helm, "plugin", "install", checkout, check=True)
    assert "Installed plugin: natsvalues\n" in done.stdout
    assert sorted(os.listdir(plugins)) == ["checkout", "other"]
    for program in (helm, other):
        listed = run(program, "plugin", "list")
        assert (listed.returncode, listed.stderr) == (0, "")
        assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == ["natsvalues", "other"]
        assert run(program, "natsvalues", "--version", check=True).stdout == f"natsvalues {__version__}\n"
        assert run(program, "other", check=True).stdout == "other\n"
    run(other, "plugin", "uninstall", "natsvalues", check=True)
    assert sorted(os.listdir(checkout)) == ["plugin.complete", "plugin.yaml"]


def test_it_is_the_same_plugin_that_natsvalues_installs():
    """But for the marker, by which `natsvalues plugin uninstall` would take it, and for the getter.

    Helm 4 would take a plugin of this format with a getter for a getter only. Installing it runs nothing.
    """
    lines = [line for line in text("plugin.yaml").splitlines() if not line.startswith("#")]
    without_getter = shims.HELM3.partition("downloaders:\n")[0].splitlines()
    assert lines == [line for line in without_getter if line != shims.MARKER]
    assert f"version: {__version__}" in lines
    assert "ooks" not in "".join(lines)
    assert text("plugin.complete") == shims.COMPLETION
    assert os.access(os.path.join(ROOT, "plugin.complete"), os.X_OK)
