"""Make everything that a user can fetch, in one new folder: `python scripts/release.py FOLDER --key NAME`.

In it are the wheel, the source archive, the single file for each machine (scripts/package.py), the packages of the
Helm 4 plugins with their provenance, the bill of materials, and SHA256SUMS with its signature. The key is an RSA key of
gpg's store, by its name or fingerprint; `--unsigned` leaves signatures out. The folder is there whole or not at all.
Nothing is published. The same checkout and locks give the same bytes, but for signatures.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import package
import plugin_packages
from binaries import BinaryError
from plugin_packages import Key, SigningError

from natsvalues import __version__

SUMS = "SHA256SUMS"


def make(folder: str, key: Key | None, machines: list[str]) -> None:
    """Fill a folder. Raises BinaryError without what is downloaded, SigningError if something cannot be signed."""
    plugin_packages.build(folder, key)  # first, because a wrong key is what goes wrong most
    import sbom  # its library takes a second

    built = package.distributions(folder, ("wheel", "sdist"))
    [wheel] = [path for path in built if path.endswith(".whl")]
    for machine in machines:
        package.build(folder, wheel, machine)
    if sbom.main(os.path.join(folder, f"natsvalues-{__version__}.cdx.json")):
        raise BinaryError("the bill of materials is not valid")
    sums = os.path.join(folder, SUMS)
    lines = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n")
    with open(sums, "w", encoding="utf-8") as file:
        file.writelines(lines)
    if key is not None:
        plugin_packages.sign(sums, key)


def main() -> int:
    """Make the folder, and list what is in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("folder", help="a folder that does not exist")
    signing = parser.add_mutually_exclusive_group(required=True)
    signing.add_argument("--key", help="name or fingerprint of the key in gpg's store that signs")
    signing.add_argument("--unsigned", action="store_true", help="sign nothing")
    parser.add_argument("--passphrase-file", default="", help="file with the key's passphrase")
    parser.add_argument(
        "--machine", action="append", choices=package.MACHINES, help="only for this machine; can be repeated"
    )
    given = parser.parse_args()
    if os.path.lexists(given.folder):
        parser.error(f"{given.folder}: it exists; name a new folder")
    folder = os.path.abspath(given.folder)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    new = tempfile.mkdtemp(dir=os.path.dirname(folder), prefix=".release-")
    try:
        make(new, Key(given.key, given.passphrase_file) if given.key else None, given.machine or [*package.MACHINES])
        os.chmod(new, 0o755)  # noqa: S103 - mkdtemp keeps others out
        os.rename(new, folder)
    except (BinaryError, SigningError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"release: {error.cmd[2]}: {error.stderr}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(new, ignore_errors=True)
    for name in sorted(os.listdir(folder)):
        print(f"{os.path.getsize(os.path.join(folder, name)):>12,}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
