"""Ask a real nats-server about a region's configuration as a pod would see it, with `-t`: no server is started."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.conf.answer import Answer, Guesses, Read, refusals
from natsvalues.outside.certificates import Authority
from natsvalues.outside.commands import Done, run
from natsvalues.rehearsal.addresses import Layout, Map
from natsvalues.rehearsal.moving import CERTIFICATES, pod_files
from natsvalues.rehearsal.reading import configured
from natsvalues.rehearsal.rendering import made_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from natsvalues.outside.server_binary import Binary
    from natsvalues.rehearsal.moving import Moved
    from natsvalues.supercluster.region_state import RegionState

SECONDS = 30.0
_VALID = " is valid"
_ENDS = (0, 1, 2)
"""The exit codes of an answer: also of an unknown option (0, with the usage), and of a panic (2)."""
_NET, _KEY = 1, "region"  # any: nothing listens, and there is one region


class Questioner:
    """Asks about one region after the other, in a folder of its own for each below `folder`."""

    def __init__(self, folder: str, binaries: Mapping[str, Binary]) -> None:
        self._folder = folder
        self._binaries = binaries
        self._authority: Authority | None = None

    def ask(self, state: RegionState) -> Answer:
        """The answer of the server of the region's image, about its first pod; why there is none.

        Raises NatsvaluesError if the server cannot be started or gives no answer, or the configuration cannot be moved.
        """
        reason = why_not(state)
        if reason:
            return Answer(state.release.file, state.name, str(state.version), "", reason)
        binary = self._binaries[str(state.version)]
        rendering = configured(state)
        layout = Layout(Map(_NET, (_KEY,)), {_KEY: rendering}, {_KEY: ()})
        root = os.path.join(self._folder, str(len(os.listdir(self._folder))))
        moved = pod_files(layout, _KEY, 0, root)
        moved.write(root)
        if moved.needs_certificate:
            self._authority = self._authority or Authority()
            self._authority.issue(os.path.join(root, CERTIFICATES), moved.names)
        done = _run_test(moved, binary, root, state)
        if done.code == 0 and _VALID in done.err + done.out:
            return Answer(state.release.file, state.name, str(state.version), binary.version)
        folder = posixpath.dirname(moved.config_file)
        read = {posixpath.relpath(os.path.join(root, path), folder): text for path, text in moved.files.items()}
        files = {name: read[name] for name in rendering.configurations}
        guesses = Guesses(made_up(rendering), frozenset(read) - frozenset(rendering.files))
        faults = refusals(done.err or done.out, Read(root, moved.config_file, files), guesses)
        return Answer(state.release.file, state.name, str(state.version), binary.version, refusals=faults)


def why_not(state: RegionState) -> str:
    """Why no server can be asked about a region; empty if one can."""
    if not state.version.known and state.nats.plain is not None:
        return "--nats-version does not state the version of the servers"
    if not state.version.known:
        return f"the image `{state.container.get('image')}` does not state the version of its server"
    return "" if state.pods else f"StatefulSet `{state.nats.name}` has no replicas"


def _run_test(moved: Moved, binary: Binary, root: str, state: RegionState) -> Done:
    """What the server did with its configuration."""
    command = [binary.path, *moved.arguments, "-t"]
    where = (Where(state.release.file), Where(binary.path))
    try:
        done = run(command, seconds=SECONDS, env=moved.environment, folder=root)
    except TimeoutError:
        reason = f"it took longer than {SECONDS:g} s"
    # ValueError: a word or a variable that no process can have.
    except (FileNotFoundError, ValueError, NatsvaluesError) as error:
        cause = str(error) if isinstance(error, ValueError) else getattr(error, "message", "it is not there")
        raise NatsvaluesError(
            "NV-L033", f"nats-server {binary.version} cannot be started: {cause}",
            where=where, hint="is it for this machine, and executable? Delete it from the cache to fetch it again",
        ) from None  # fmt: skip
    else:
        if done.code in _ENDS:
            return done
        reason = f"it ended with exit code {done.code}"
    raise NatsvaluesError(
        "NV-L032", f"nats-server {binary.version} gave no answer about `{state.name}`: {reason}",
        where=where, hint="run it again on a quieter machine; `natsvalues lint` without --server needs no server",
    )  # fmt: skip
