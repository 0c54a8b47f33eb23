"""`natsvalues lint --server`: what the servers of the renderings' images say themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.outside.processes import scratch
from natsvalues.outside.server_binary import server_binary
from natsvalues.rehearsal.asking import Questioner, why_not

if TYPE_CHECKING:
    from natsvalues.lint.subject import Subject


def with_answers(subject: Subject) -> Subject:
    """The same, with the answer of a server for each rendered cluster.

    Raises NatsvaluesError without a rendering, and if a server is not available or gives no answer.
    """
    if not subject.clusters:
        raise NatsvaluesError(
            "NV-L031", "--server needs a rendering: overlays alone have no nats.conf that a server could read",
            hint="lint renderings, or --chart with its values",
        )  # fmt: skip
    states = [cluster.state for cluster in subject.servers]
    versions = sorted({str(state.version) for state in states if not why_not(state)})
    binaries = {version: server_binary(version) for version in versions}
    with scratch(None) as folder:
        questioner = Questioner(folder, binaries)
        return subject._replace(answers=tuple(questioner.ask(state) for state in states))
