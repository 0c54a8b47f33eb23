"""`natsvalues plugin` on a machine with one Helm."""

import os

import pytest

from natsvalues import __version__

pytestmark = pytest.mark.helm

OURS = {3: ["natsvalues"], 4: ["natsvalues", "natsvalues-cli", "natsvalues-getter"]}


@pytest.fixture(params=[3, 4])
def major(request, machine):
    """Return the major of the one helm of the machine."""
    machine(helm=request.param)
    return request.param


def test_install_makes_everything_work_and_uninstall_takes_it_away(major, plugins, run, works):
    """Before, status says what to do; that does it; afterwards nothing of natsvalues and all of others is left."""
    before = run("natsvalues", "plugin", "status")
    assert before.returncode == 1
    [remedy] = [line.removeprefix("  do: ") for line in before.stdout.splitlines() if line.startswith("  do: ")]
    done = run("/bin/sh", "-c", remedy, check=True)
    assert f"in {plugins}\n" in done.stdout
    assert ("`natsvalues last` has the reason" in done.stdout) == (major == 4)
    listed = works("helm")
    assert f"natsvalues\t{__version__}" in listed.replace(" ", "")
    assert run("helm", "other", check=True).stdout == "other\n"
    assert sorted(os.listdir(plugins)) == [*OURS[major], "other"]
    after = run("natsvalues", "plugin", "status", check=True).stdout
    assert after.count(": works\n") == 3
    assert run("helm", "natsvalues", "plugin", "status", check=True).stdout.count(": works\n") == 3
    gone = run("natsvalues", "plugin", "uninstall", check=True)
    assert gone.stdout.splitlines() == [
        f"removed {os.path.join(plugins, name)}" for name in sorted(OURS[major], key=lambda name: name + "/")
    ]
    assert os.listdir(plugins) == ["other"]
    assert run("helm", "other", check=True).stdout == "other\n"


@pytest.fixture
def only_helm_4(machine):
    """Have Helm 4 where the major makes no difference."""
    machine(helm=4)


@pytest.mark.usefixtures("only_helm_4")
def test_a_second_install_changes_nothing_and_an_old_shim_is_renewed(plugins, run):
    """What is there and current stays; what another version wrote is replaced as a whole."""
    run("natsvalues", "plugin", "install", check=True)
    manifest = os.path.join(plugins, "natsvalues", "plugin.yaml")
    before = os.stat(manifest)
    assert run("natsvalues", "plugin", "install", check=True).stdout.startswith("nothing to change for Helm")
    assert os.stat(manifest) == before
    with open(manifest, "a", encoding="utf-8") as file:
        file.write("# of an older version\n")
    assert run("natsvalues", "plugin", "install", check=True).stdout.startswith("installed for Helm")
    with open(manifest, encoding="utf-8") as file:
        assert "older" not in file.read()


@pytest.mark.usefixtures("only_helm_4")
def test_of_several_directories_the_first_is_taken_as_helm_does(plugins, run, tmp_path, works):
    """HELM_PLUGINS may be a list, with spaces in it, of directories that are not there yet."""
    first = tmp_path / "my plugins"
    env = {"HELM_PLUGINS": f"{first}{os.pathsep}{plugins}"}
    run("natsvalues", "plugin", "install", env=env, check=True)
    works("helm", env)
    assert os.listdir(plugins) == ["other"]
    assert run("helm", "other", env=env, check=True).stdout == "other\n"
    run("natsvalues", "plugin", "uninstall", env=env, check=True)
    assert os.listdir(first) == []


@pytest.mark.usefixtures("only_helm_4", "plugins")
def test_a_directory_that_helm_does_not_read_comes_with_the_setting(run, tmp_path, works):
    """With --plugins, the HELM_PLUGINS that is needed is printed, and it is right as printed."""
    done = run("natsvalues", "plugin", "install", "--plugins", tmp_path / "mine", check=True)
    name, _, value = done.stdout.splitlines()[-1].strip().partition("=")
    works("helm", {name: value})
    run("natsvalues", "plugin", "status", "--plugins", value, check=True)
    run("natsvalues", "plugin", "uninstall", "--plugins", tmp_path / "mine", check=True)
    assert os.listdir(tmp_path / "mine") == []


@pytest.mark.usefixtures("only_helm_4")
def test_nothing_that_others_wrote_is_overwritten_or_removed(plugins, run):
    """A folder in the way and a file of the user's inside a shim are errors that name them."""
    os.makedirs(os.path.join(plugins, "natsvalues"))
    done = run("natsvalues", "plugin", "install")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-G006]: ")
    assert os.listdir(os.path.join(plugins, "natsvalues")) == []
    os.rmdir(os.path.join(plugins, "natsvalues"))
    run("natsvalues", "plugin", "install", check=True)
    notes = os.path.join(plugins, "natsvalues", "notes")
    with open(notes, "w", encoding="utf-8"):
        pass
    done = run("natsvalues", "plugin", "uninstall")
    assert done.returncode == 1
    assert done.stderr.startswith("error[NV-G007]: ")
    assert notes in done.stderr
    assert os.path.exists(os.path.join(plugins, "natsvalues", "plugin.yaml"))


@pytest.mark.usefixtures("only_helm_4", "plugins")
def test_a_plugins_directory_that_cannot_be_written_is_an_error(run, tmp_path):
    """The directory and a way out are named, and nothing is left behind."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run("natsvalues", "plugin", "install", "--plugins", tmp_path / "file")
    assert done.returncode == 1
    assert done.stderr.startswith("error[NV-G008]: ")
    assert f" --> {tmp_path / 'file'}\n" in done.stderr


@pytest.mark.usefixtures("major")
def test_a_natsvalues_that_helm_cannot_find_is_reported(machine, run):
    """Installed in a virtual environment that is not active: install warns, and status fails, saying why."""
    command = os.path.realpath(machine() / "natsvalues")
    (machine() / "natsvalues").unlink()
    done = run(command, "plugin", "install", check=True)
    assert "warning: `natsvalues` is not on PATH" in done.stdout
    assert os.path.dirname(command) in done.stdout
    done = run(command, "plugin", "status")
    assert done.returncode == 1
    assert "--post-renderer natsvalues: does not work\n  helm natsvalues: does not work\n" in done.stdout
    assert "wrong: `natsvalues` is not on PATH" in done.stdout


def test_no_helm_or_another_program_of_that_name_is_an_error(machine, run):
    """Without a helm the message says how to name one; a helm under another name is offered."""
    done = run("natsvalues", "plugin", "install")
    assert done.returncode == 1
    assert done.stderr == ("error[NV-G002]: there is no `helm` on PATH\nhelp: install helm, or name it with --helm\n")
    folder = machine(helm3=3)
    assert f"help: name one with --helm: {folder / 'helm3'}\n" in run("natsvalues", "plugin", "install").stderr
    (folder / "helm").symlink_to("/bin/echo")
    done = run("natsvalues", "plugin", "install")
    assert done.stderr.startswith("error[NV-G003]: not Helm 3 or 4: `version` prints 'version --short'\n")
    assert run("natsvalues", "plugin", "install", "--helm", "helm3", check=True).stdout.startswith("installed")
    assert run("natsvalues", "plugin", "status", check=True).stdout.startswith("Helm 3.")
