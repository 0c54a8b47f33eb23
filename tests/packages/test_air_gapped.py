"""docs/air-gapped.md, followed on a machine without a network whose Python has no packages."""

import os
import re
import shutil
import sys

import pytest

from natsvalues import __version__

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INSTALLED = os.path.join(os.path.dirname(sys.executable), "natsvalues")
pytestmark = pytest.mark.timeout(400)  # the first test of a run makes the release


@pytest.fixture
def page():
    """The page's blocks of commands with their kinds, in order."""
    with open(os.path.join(ROOT, "docs", "air-gapped.md"), encoding="utf-8") as file:
        return re.findall(r"^```(sh[^\n]*)\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def carried(offline, release, tmp_path):
    """A copy of the release on the machine, where `~/.local/bin` is on PATH; what runs the commands there."""
    folder = tmp_path / "carried"
    shutil.copytree(release, folder)
    offline.env["PATH"] = os.pathsep.join([os.path.join(offline.env["HOME"], ".local", "bin"), offline.env["PATH"]])
    return lambda text, **more: offline.run("sh", "-euc", text, cwd=folder, **more)


@pytest.mark.helm
@pytest.mark.parametrize(("helm", "kind"), [("helm3", "plugins"), ("helm4", "packages")])
def test_the_page(carried, helm, kind, offline, page, post_rendering, request, run, tmp_path):
    """Each block, with the plugins in one of the two ways; then helm post-renders as with the installed program."""
    os.makedirs(tmp_path / "helm")
    os.symlink(request.getfixturevalue(helm), tmp_path / "helm" / "helm")
    words, release = post_rendering
    installed = run(INSTALLED, *words, stdin=release, check=True)
    offline.env["PATH"] += os.pathsep + str(tmp_path / "helm")
    by_pip = [text for mark, text in page if "pip install" in text]
    assert len(by_pip) == 1
    blocks = [text for mark, text in page if mark in {"sh", f"sh {kind}"} and text not in by_pip]
    assert len(blocks) == 3

    printed = "".join(carried(text, check=True).stdout for text in blocks)
    assert f"natsvalues {__version__}\n" in printed
    assert printed.count(": works\n") == 3
    done = carried("natsvalues " + " ".join(words), stdin=release, check=True)
    assert done.stdout == installed.stdout
    chart = os.path.join(ROOT, "tests", "charts", "nats")
    values = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
    rendered = carried(
        f"helm template nats {chart} --set {values} --post-renderer natsvalues --post-renderer-args --region=us-east"
        f" --post-renderer-args --overlays={ROOT}/charts/overlays",
        check=True,
    )
    assert rendered.stdout.count("/natsvalues/gateway-service.yaml\n") == 1


def test_by_pip(carried, page):
    """The wheels that the single file carries are all that pip needs."""
    [block] = [text for mark, text in page if "pip install" in text]
    done = carried(
        block, env={"PIP_NO_COMPILE": "1"}, check=True, timeout=110
    )  # what is not imported need not be compiled
    assert done.stdout.endswith(f"natsvalues {__version__}\n")


def test_a_changed_file_fails_the_check(carried, page):
    """The sums, and the signature of the sums."""
    check = page[0][1]
    carried("for file in natsvalues-cli-*.tgz; do printf x >>$file; done", check=True)
    done = carried(check)
    assert done.returncode != 0
    assert "FAILED" in done.stdout
    carried("sha256sum natsvalues* >SHA256SUMS", check=True)
    done = carried(check)
    assert done.returncode != 0
    assert "BAD signature" in done.stderr
