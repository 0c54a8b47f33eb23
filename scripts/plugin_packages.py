"""Package the plugins for Helm 4, signed with a key of gpg: what `helm plugin verify` and `helm plugin install` take.

They are the plugins that `natsvalues plugin install` writes (natsvalues/outside/shims.py), but for its marker: helm
installs these, so helm removes them. They call the `natsvalues` that is on PATH. Helm 3 has no packages of plugins.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import NamedTuple

from binaries import fetch

from natsvalues.outside.helms import HELM_4
from natsvalues.outside.shims import EXECUTABLE, MARKER, SHIMS

KEYRING = "natsvalues-keys.gpg"
"""The public key in the format that helm reads, which is gpg's old one."""
_DATE = 315532800  # 1980-01-01: the package of the same files has the same bytes


class SigningError(Exception):
    """gpg or helm refused to sign; the message is theirs."""


class Key(NamedTuple):
    """A secret key of gpg's key store, by its name or fingerprint, and the file with its passphrase, if it has one."""

    name: str
    passphrase_file: str = ""

    @property
    def options(self) -> list[str]:
        """How gpg gets the passphrase; nothing asks on a terminal."""
        file = ["--passphrase-file", self.passphrase_file] if self.passphrase_file else ["--passphrase", ""]
        return ["gpg", "--batch", "--yes", "--quiet", "--pinentry-mode=loopback", *file]


def build(folder: str, key: Key | None) -> None:
    """Write the packages into a folder; with a key their provenance and the public key, too. Raises SigningError."""
    with tempfile.TemporaryDirectory() as scratch:  # for nobody else: the secret key is in it
        signing = ["--sign=false"]
        if key is not None:
            secret = os.path.join(scratch, "secret.gpg")
            signing = ["--key", _identity(key), "--keyring", secret]
            run([*key.options, "--output", secret, "--export-secret-keys", key.name])
            run([*key.options, "--output", os.path.join(folder, KEYRING), "--export", key.name])
            signing += ["--passphrase-file", key.passphrase_file] if key.passphrase_file else []
        for name, files in SHIMS[HELM_4].items():
            plugin = os.path.join(scratch, name)
            os.mkdir(plugin)
            for file, text in files.items():
                _write(os.path.join(plugin, file), text.removeprefix(f"{MARKER}\n"))
            os.utime(plugin, (_DATE, _DATE))
            environment = {**os.environ, "HELM_PLUGINS": os.path.join(scratch, "none")}
            run([fetch("helm4"), "plugin", "package", plugin, "-d", folder, *signing], environment)


def sign(path: str, key: Key) -> None:
    """Write the signature of a file beside it, as text. Raises SigningError."""
    run([*key.options, "--local-user", key.name, "--armor", "--output", f"{path}.asc", "--detach-sign", path])


def _identity(key: Key) -> str:
    """The first name and address of a key, by which helm finds it (4.3.1 does not look at fingerprints)."""
    listed = run([*key.options, "--with-colons", "--list-secret-keys", key.name], refused="")
    names = [line.split(":")[9] for line in listed.splitlines() if line.startswith("uid:")]
    if not names:
        raise SigningError(f"gpg has no secret key `{key.name}`; `gpg --list-secret-keys` shows which it has")
    return names[0].replace("\\x3a", ":")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.chmod(path, 0o755 if os.path.basename(path) in EXECUTABLE else 0o644)
    os.utime(path, (_DATE, _DATE))


def run(command: list[str], environment: dict[str, str] | None = None, refused: str | None = None) -> str:
    """What gpg or helm prints, or `refused` if it fails. Raises SigningError with what it says."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    except FileNotFoundError:
        raise SigningError(f"{command[0]} is not installed") from None
    if done.returncode and refused is None:
        raise SigningError(f"{os.path.basename(command[0])}: {done.stderr.strip()}")
    return done.stdout if not done.returncode else refused or ""
