"""A power cut: lost is what lint and explain say can be lost, and a machine without disks for it says so."""

import os
import subprocess
import sys

import pytest

from natsvalues.rehearsal.reading import read_rendering
from natsvalues.supercluster.power_cuts import REMEDY, unwritten

slow = pytest.mark.slow
pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.timeout(280)]


@slow
@pytest.mark.usefixtures("with_disks")
@pytest.mark.parametrize("sync", ["", "sync: always\n"], ids=["default", "always"])
def test_what_is_lost_is_what_the_manifests_say(sync, cases, renderer, rehearse, tmp_path):
    """By default messages that were acknowledged are gone, with `always` none: the rehearsal and lint agree."""
    overlays = str(tmp_path / "overlays")
    cases.write_overlays(overlays, ("us-east",), stages={"us-east": "local"})
    with open(os.path.join(overlays, "us-east.yaml"), "a", encoding="utf-8") as file:
        file.write(sync)
    rendered = cases.ours(renderer, "2.14.2", overlays)
    interval = unwritten(read_rendering(rendered["us-east"], "us-east.yaml").state)
    expected = "lossy" if interval else "converged"

    done = rehearse(cases.write_renderings(str(tmp_path / "ours"), rendered), "power-cut", "--expect", expected)

    assert interval == ("" if sync else "2m")
    assert done.code == 0, done.told()
    [fate] = done.scenario["streams"]
    assert fate["acknowledged"] > 100
    assert (fate["lost"] > 0, fate["fate"] == "kept") == (bool(interval), not interval), done.told()
    assert done.scenario["remedy"] == (REMEDY if interval else "")
    assert any("sync_interval 2m" in note for note in done.scenario["notes"]) == bool(interval)


def without_rights(*command) -> subprocess.CompletedProcess:
    """Run a command that may not mount anything, whoever we are."""
    words = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin") if os.geteuid() == 0 else ()
    return subprocess.run([*words, *command], capture_output=True, text=True, check=False, timeout=60)


def test_without_rights_it_is_refused_by_name(our_folder):
    """Nothing runs, and the help says what it needs."""
    done = without_rights(
        sys.executable, "-m", "natsvalues", "rehearse", our_folder("2.14.2", "us-east"), "--scenario", "power-cut"
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "error[NV-R041]" in done.stderr
    assert "Operation not permitted" in done.stderr
    assert "root" in done.stderr


def test_without_rights_all_leaves_it_out_with_a_note():
    """The report says what it therefore does not show."""
    ask = (
        "from natsvalues.cli.rehearse import without_disks; print(without_disks(('all',))); without_disks(('rolling',))"
    )

    done = without_rights(sys.executable, "-c", ask)

    assert done.stdout.startswith("('power-cut was left out, so nothing here shows what a power cut loses: "), (
        done.stderr
    )
