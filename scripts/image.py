"""Build the image of the Dockerfile with buildah, on Debian's Python, and post-render in it: `python scripts/image.py`.

For a machine without an image registry: mmdebstrap makes the base image from packages of this machine's Debian. It
needs root, buildah and mmdebstrap (Debian's packages of these names), and Debian's archive, and takes minutes; CI does
not run it.
`--release FOLDER` takes the single file of a release, otherwise it is built. `--output FILE` keeps the image as an OCI
archive. Nothing else is left.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import package
from binaries import ROOT

NEEDED = ("buildah", "mmdebstrap")
BASE = "localhost/debian-python"
IMAGE = "localhost/natsvalues"
CASE = os.path.join(ROOT, "tests", "golden", "stage-join-seed")
PROGRAM = os.path.join(os.path.dirname(sys.executable), "natsvalues")


class Buildah:
    """buildah with a store of its own below a folder. It isolates by chroot alone, which works in containers, too."""

    def __init__(self, folder: str) -> None:
        store = [f"--root={folder}/root", f"--runroot={folder}/run", "--storage-driver=vfs"]
        self.command = ["buildah", *store]

    def __call__(self, verb: str, *words: str, stdin: str | None = None) -> str:
        """What a command prints. Raises CalledProcessError."""
        command = [*self.command, verb, *words]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, input=stdin).stdout.strip()


def build(buildah: Buildah, folder: str, release: str) -> None:
    """Make the base image and the image."""
    rootfs = os.path.join(folder, "rootfs.tar")
    debian = platform.freedesktop_os_release()["VERSION_CODENAME"]
    command = ["mmdebstrap", "--quiet", "--variant=essential", "--include=python3", debian, rootfs]
    subprocess.run(command, check=True)
    container = buildah("from", "scratch")
    buildah("add", container, rootfs, "/")
    buildah("commit", "--quiet", "--rm", container, BASE)
    words = [f"--build-arg=PYTHON={BASE}", f"--build-arg=MACHINE={platform.machine()}", "--pull-never"]
    buildah("build", "--quiet", "--isolation=chroot", *words, f"--file={ROOT}/Dockerfile", f"--tag={IMAGE}", release)


def check(buildah: Buildah) -> None:
    """Post-render in a container, as nobody, and compare with the installed program. Raises AssertionError."""
    container = buildah("from", "--pull-never", IMAGE)
    with open(os.path.join(CASE, "input.yaml"), encoding="utf-8") as file:
        rendering = file.read()
    words = ["post-render", "--region=us-east", "--overlays"]
    inside = ["natsvalues", *words, "/overlays"]
    mount = f"--volume={CASE}/overlays:/overlays:ro"
    given = buildah("run", "--isolation=chroot", mount, container, "--", *inside, stdin=rendering)
    outside = [PROGRAM, *words, os.path.join(CASE, "overlays")]
    wanted = subprocess.run(outside, check=True, stdout=subprocess.PIPE, text=True, input=rendering).stdout.strip()
    user = buildah("run", "--isolation=chroot", container, "--", "id", "-u")
    if (given, user) != (wanted, "65534"):
        raise AssertionError(f"the image post-renders differently, or as the user {user}")


def main() -> int:
    """Build, check, and perhaps keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--release", help="folder of a release")
    parser.add_argument("--output", help="file for the image, as an OCI archive")
    given = parser.parse_args()
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or os.geteuid():
        print(f"image: needs root and {' and '.join(NEEDED)}; missing: {', '.join(missing) or 'root'}", file=sys.stderr)
        return 1
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="natsvalues-image-") as folder:
        release = given.release
        if release is None:
            release = os.path.join(folder, "release")
            os.mkdir(release)
            [wheel] = package.distributions(release)
            package.build(release, wheel, platform.machine())
        buildah = Buildah(folder)
        try:
            build(buildah, folder, os.path.abspath(release))
            check(buildah)
            if given.output:
                buildah("push", "--quiet", IMAGE, f"oci-archive:{os.path.abspath(given.output)}")
        except subprocess.CalledProcessError as error:
            print(f"image: {error.cmd[0]} failed, and said why above", file=sys.stderr)
            return 1
        finally:
            buildah("rm", "--all")
            buildah("rmi", "--all", "--force")
    print(f"image: built and checked in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
