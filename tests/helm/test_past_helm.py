"""What a person sees of a post-renderer's messages: helm hides them, so they are written where helm writes its own."""

import fcntl
import os
import pty
import subprocess
import termios

import pytest

SWITCHES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
UNKNOWN = "error[NV-O003]: unknown region `mars`"
UNTAGGED = "warning: the image's tag has no version"


@pytest.fixture
def command(machine, nats_chart, overlays, request, run):
    """Return the words of `helm template` with natsvalues and more options, for the major of the test."""
    machine(helm=request.param)
    run("natsvalues", "plugin", "install", check=True)
    post = ["--post-renderer", "natsvalues", f"--post-renderer-args=--overlays={overlays('join')}"]
    return lambda *more: ["helm", "template", "nats", nats_chart, "--set", SWITCHES, *post, *more]


@pytest.fixture
def on_terminal(isolated_env, tmp_path):
    """Return `on_terminal(words, stderr=None)`: what a terminal shows while the words run with it as their own."""

    def shown(words, stderr=None, env=None, stdin=subprocess.DEVNULL):
        outer, inner = pty.openpty()
        try:
            subprocess.run(
                words, env=isolated_env | (env or {}), cwd=tmp_path, stdin=stdin, stdout=subprocess.PIPE,
                stderr=inner if stderr is None else stderr, start_new_session=True, check=False, timeout=60,
                preexec_fn=lambda: fcntl.ioctl(inner, termios.TIOCSCTTY, 0),
            )  # fmt: skip
            os.set_blocking(outer, False)
            return os.read(outer, 1_000_000).decode()
        except BlockingIOError:
            return ""
        finally:
            os.close(outer)
            os.close(inner)

    return shown


@pytest.mark.helm
@pytest.mark.parametrize("command", [3, 4], indirect=True)
def test_an_error_is_seen_once_on_a_terminal_and_in_a_log(command, on_terminal, run):
    """Helm 3 shows it itself; Helm 4 alone would say `exited with error`, and nothing more."""
    words = command("--post-renderer-args=--region=mars")
    for text in (on_terminal(words), run(*words).stderr):
        assert text.count(UNKNOWN) == 1
        assert "help: regions here: ap-south, eu-west, us-east" in text


@pytest.mark.helm
@pytest.mark.parametrize("command", [3, 4], indirect=True)
def test_a_warning_is_seen_on_a_terminal_and_not_in_a_pipe(command, on_terminal, run):
    """Both majors drop it; a tool that reads what helm writes gets helm's messages only."""
    words = command("--post-renderer-args=--region=us-east", "--set", "container.image.tag=latest")
    assert on_terminal(words).count(UNTAGGED) == 1
    assert UNTAGGED not in run(*words, check=True).stderr


@pytest.mark.helm
@pytest.mark.parametrize("command", [4], indirect=True)
def test_a_file_has_helm_s_own_words_whole(command, on_terminal, tmp_path):
    """Helm writes at its own place of the file: what is added to it there would be overwritten in part."""
    with open(tmp_path / "log", "wb") as log:
        on_terminal(command("--post-renderer-args=--region=mars"), stderr=log)
    assert (tmp_path / "log").read_text(encoding="utf-8").startswith("Error: error while running post render")


def test_without_a_helm_in_sight_helm_4_s_plugin_uses_the_terminal(on_terminal, tmp_path):
    """As where the system does not show who called; a pipe of the user's keeps standard error for itself."""
    words = ["natsvalues", "post-render", "--region=mars", f"--overlays={tmp_path}"]
    plugin = {"HELM_PLUGIN_NAME": "natsvalues"}
    assert "error[NV-O001]" in on_terminal(words, stderr=subprocess.PIPE, env=plugin)
    assert on_terminal(words, stderr=subprocess.PIPE) == ""
