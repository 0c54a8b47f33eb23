"""`natsvalues plugin` on a machine with Helm 3 and Helm 4, which read the same plugins directory."""

import os
import re
import sys

import pytest

pytestmark = pytest.mark.helm


@pytest.fixture
def own(isolated_env):
    """Return the directory of Helm 4's plugins beside the usual one."""
    return os.path.join(isolated_env["XDG_DATA_HOME"], "natsvalues", "helm4-plugins")


def setting(output):
    """Return the environment that an installation asks for."""
    name, _, value = output.splitlines()[-1].strip().partition("=")
    assert name == "HELM_PLUGINS"
    return {name: value}


def remedies(output):
    """Return the commands that status or an error tells to run."""
    marks = ("  do: ", "      ", "help: ")
    lines = [line for line in output.splitlines() if line.startswith(marks)]
    commands = [line.removeprefix("  do: ").removeprefix("help: ").strip() for line in lines]
    return [command for command in commands if not command.startswith("(")]


def test_helm_4_gets_a_directory_of_its_own(machine, own, plugins, run, works):
    """Helm 3 keeps its plugins; with the printed setting Helm 4 has ours, and others by the printed link."""
    machine(helm=4, helm3=3)
    done = run("natsvalues", "plugin", "install", check=True)
    assert os.listdir(plugins) == ["other"]
    env = setting(done.stdout)
    assert env == {"HELM_PLUGINS": own}
    works("helm", env)
    assert run("natsvalues", "plugin", "status", "--helm", "helm", env=env, check=True).stdout.count(": works\n") == 3
    run("/bin/sh", "-c", re.search(r"if it needs it: (ln -s .*)", done.stdout)[1], env={"PATH": "/bin"}, check=True)
    for helm, there in (("helm", env), ("helm3", {})):
        assert run(helm, "other", env=there, check=True).stdout == "other\n"
    run("natsvalues", "plugin", "status", "--helm", "helm", env=env, check=True)
    untold = run("natsvalues", "plugin", "status", "--helm", "helm")
    assert untold.returncode == 1
    assert f"do: run it with HELM_PLUGINS={env['HELM_PLUGINS']}\n" in untold.stdout


@pytest.mark.parametrize(("first", "second"), [("helm3", "helm4"), ("helm4", "helm3")])
def test_both_can_be_installed_in_either_order(first, machine, own, plugins, run, second, works):
    """Each major works, and uninstalling one leaves the other."""
    machine(helm3=3, helm4=4)
    run("natsvalues", "plugin", "install", "--helm", first, check=True)
    printed = run("natsvalues", "plugin", "install", "--helm", second, check=True).stdout
    works("helm3")
    works("helm4", {"HELM_PLUGINS": own})  # beside Helm 3's plugin of the same name it cannot be
    assert second == "helm3" or setting(printed) == {"HELM_PLUGINS": own}
    run("natsvalues", "plugin", "uninstall", "--helm", first, check=True)
    left = {"HELM_PLUGINS": own} if second == "helm4" else {}
    assert run(second, "natsvalues", "--version", env=left).returncode == 0
    run("natsvalues", "plugin", "uninstall", "--helm", second, check=True)
    assert os.listdir(plugins) == ["other"]
    assert not os.path.exists(own)


def test_a_helm_3_that_comes_later_is_seen_broken_and_mended(machine, plugins, run, works):
    """Status and install both name the one command that moves Helm 4's plugins out of Helm 3's way."""
    machine(helm=4)
    run("natsvalues", "plugin", "install", check=True)
    machine(helm3=3)
    assert run("helm3", "other").returncode == 1
    status = run("natsvalues", "plugin", "status", "--helm", "helm3")
    assert status.returncode == 1
    assert "wrong: Helm 3 loads no plugin at all beside a Helm 4 plugin: " in status.stdout
    of_doctor = run(sys.executable, "-c", "from natsvalues.outside.plugins import damage; print(damage())", check=True)
    assert "Helm 3 loads no plugin at all beside a Helm 4 plugin: " in of_doctor.stdout
    refused = run("natsvalues", "plugin", "install", "--helm", "helm3")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error[NV-G005]: ")
    [command] = remedies(status.stdout)
    assert remedies(refused.stderr) == [command]
    env = setting(run("/bin/sh", "-c", command, check=True).stdout)
    assert os.listdir(plugins) == ["other"]
    assert run("helm3", "other", check=True).stdout == "other\n"
    works("helm", env)
    run("natsvalues", "plugin", "install", "--helm", "helm3", check=True)
    works("helm3")


def test_a_plugin_of_others_for_helm_4_is_not_moved(helm4_plugin, machine, plugins, run):
    """Helm 3 is broken already; what is in its way is named, and nothing is touched."""
    machine(helm=3)
    helm4_plugin("theirs", "/bin/cat")
    done = run("natsvalues", "plugin", "install")
    assert done.returncode == 1
    assert done.stderr.startswith("error[NV-G005]: ")
    assert f" --> {os.path.join(plugins, 'theirs', 'plugin.yaml')}\n" in done.stderr
    assert sorted(os.listdir(plugins)) == ["other", "theirs"]


def test_plugins_into_the_shared_directory_is_refused(machine, plugins, run):
    """Whoever names the directory that Helm 3 reads is told what would happen."""
    machine(helm=4, helm3=3)
    done = run("natsvalues", "plugin", "install", "--plugins", plugins)
    assert done.returncode == 1
    assert done.stderr.startswith("error[NV-G004]: Helm 3.19.0 reads this directory too")
    assert os.listdir(plugins) == ["other"]


@pytest.mark.usefixtures("plugins")
def test_a_setting_for_helm_4_that_helm_3_gets_too_is_reported(machine, own, run):
    """Exporting the printed HELM_PLUGINS for everything breaks Helm 3; status says that it must not get it."""
    machine(helm=4, helm3=3)
    env = setting(run("natsvalues", "plugin", "install", check=True).stdout)
    for verb in ("status", "install"):
        done = run("natsvalues", "plugin", verb, env=env)
        assert done.returncode == 1
        assert f"do: give HELM_PLUGINS with {own} to Helm 4 alone\n" in done.stdout


@pytest.mark.usefixtures("plugins")
def test_the_printed_setting_is_right_whatever_is_set(machine, own, run, tmp_path, works):
    """Installed again where HELM_PLUGINS is set to something else, there is nothing to change but that."""
    machine(helm=4, helm3=3)
    run("natsvalues", "plugin", "install", check=True)
    done = run("natsvalues", "plugin", "install", env={"HELM_PLUGINS": str(tmp_path / "another")}, check=True)
    assert done.stdout.startswith("nothing to change for Helm 4")
    assert setting(done.stdout) == {"HELM_PLUGINS": own}
    works("helm", setting(done.stdout))


def test_after_a_move_to_helm_4_the_old_plugin_is_replaced(machine, plugins, run, works):
    """Helm 3's shim is of no use to Helm 4, and two of one name would break both."""
    machine(helm=3)
    run("natsvalues", "plugin", "install", check=True)
    (machine() / "helm").unlink()
    machine(helm=4)
    run("natsvalues", "plugin", "install", check=True)
    assert sorted(os.listdir(plugins)) == ["natsvalues", "natsvalues-cli", "natsvalues-getter", "other"]
    works("helm")


# --- the same name twice ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("plugins")
def test_a_plugin_from_the_checkout_is_refused_with_the_commands_that_replace_it(checkout, machine, run, works):
    """Helm 4 has `helm natsvalues` by it, but no post-renderer; the printed commands give both."""
    machine(helm=4)
    run("helm", "plugin", "install", checkout, check=True)
    assert "has no post-renderer for Helm 4\n" in run("natsvalues", "plugin", "status").stdout
    done = run("natsvalues", "plugin", "install")
    assert done.returncode == 1
    assert done.stderr.startswith("error[NV-G009]: another plugin has the name `natsvalues`")
    assert run("helm", "natsvalues", "--version").returncode == 0
    for command in remedies(done.stderr):
        run("/bin/sh", "-c", command, check=True)
    works("helm")
    assert sorted(os.listdir(checkout)) == ["plugin.complete", "plugin.yaml"]


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("major", [3, 4])
def test_a_plugin_from_the_checkout_that_comes_later_is_undone(checkout, machine, major, run, works):
    """Two of one name break every plugin; status gives the commands that mend it."""
    machine(helm=major)
    run("natsvalues", "plugin", "install", check=True)
    run("helm", "plugin", "install", checkout)  # Helm 3 notices too late
    assert "other" not in run("helm", "other").stdout
    done = run("natsvalues", "plugin", "status")
    assert done.returncode == 1
    assert "wrong: two plugins have the name `natsvalues`, which breaks all: " in done.stdout
    for command in remedies(done.stdout):
        run("/bin/sh", "-c", command, check=True)
    works("helm")
    assert run("helm", "other", check=True).stdout == "other\n"


def test_helm_3_is_content_with_the_plugin_of_the_checkout(checkout, machine, plugins, run, works):
    """It does all that Helm 3 needs, so nothing is installed beside it."""
    machine(helm=3)
    run("helm", "plugin", "install", checkout, check=True)
    done = run("natsvalues", "plugin", "install", check=True)
    assert "note: `helm natsvalues` is installed already" in done.stdout
    assert sorted(os.listdir(plugins)) == ["checkout", "other"]
    works("helm")
