"""Completion in shells, and through helm."""

import os
import pty
import subprocess

import pytest

VERBS = ["post-render", "explain", "last", "schema", "providers", "docs", "init", "overlay", "plugin", "completion"]


@pytest.mark.helm
@pytest.mark.parametrize("major", [3, 4])
def test_helm_completes_our_verbs_and_options(machine, major, run):
    """Helm asks the plugin, and gets candidates with descriptions; where there are none, the shell offers files."""
    machine(helm=major)
    run("natsvalues", "plugin", "install", check=True)
    lines = run("helm", "__complete", "natsvalues", "", check=True).stdout.splitlines()
    assert set(VERBS) <= {line.partition("\t")[0] for line in lines}
    assert lines[-1] == ":4"
    lines = run("helm", "__complete", "natsvalues", "plugin", "un", check=True).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["uninstall", ":4"]
    lines = run("helm", "__complete", "natsvalues", "post-render", "--o", check=True).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["--overlays", ":4"]
    assert run("helm", "__complete", "natsvalues", "explain", "", check=True).stdout == ":0\n"


@pytest.mark.helm
@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("major", [3, 4])
def test_helm_completes_for_a_plugin_from_the_checkout(checkout, machine, major, run):
    """The executable in the root does it there."""
    machine(helm=major)
    run("helm", "plugin", "install", checkout, check=True)
    lines = run("helm", "__complete", "natsvalues", "over", check=True).stdout.splitlines()
    assert lines == ["overlay\tList the regions, or show an overlay.", ":4"]


@pytest.mark.parametrize("words", [["it's", ""], ["post-render", "--region", "a b"], ["--"], ["no-such-verb", "x"]])
def test_no_word_confuses_it(run, words):
    """Quotes, blanks and wrong verbs are words like any other: no error, and a directive at the end."""
    done = run("natsvalues", "completion", "helm", "--", *words, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in {":0", ":4"}


def test_every_candidate_is_one_line(run):
    """A long description is not wrapped (helm would take its lines for candidates), and keeps its brackets."""
    done = run("natsvalues", "completion", "helm", "--", "post-render", "--", check=True)
    assert all(line.startswith("--") for line in done.stdout.splitlines()[:-1])
    assert "release:[NAMESPACE/]NAME[@REVISION]" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(run, shell):
    """The script calls `natsvalues` for candidates."""
    done = run("natsvalues", "completion", shell, check=True)
    assert done.stderr == ""
    assert f"_NATSVALUES_COMPLETE=complete_{shell}" in done.stdout


def test_another_shell_is_refused_with_the_names(run):
    """What is not there is an error that names what is."""
    done = run("natsvalues", "completion", "tcsh")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error[NV-G010]: no completion for `tcsh`\nhelp: one of: bash, zsh, fish\n"


def test_the_script_completes_in_a_real_bash(isolated_env):
    """On a terminal, as a person uses it: the verbs that start with what is typed."""
    script = (
        'eval "$(natsvalues completion bash)"; COMP_WORDS=(natsvalues pl); COMP_CWORD=1; '
        '_natsvalues_completion natsvalues pl natsvalues; echo "${COMPREPLY[@]}"'
    )
    outer, inner = pty.openpty()
    try:
        done = subprocess.run(
            ["bash", "--norc", "-c", script],
            env=isolated_env, stdin=inner, capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    finally:
        os.close(outer)
        os.close(inner)
    assert done.stdout == "plan plugin\n"
