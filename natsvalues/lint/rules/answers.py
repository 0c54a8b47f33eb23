"""What the servers said themselves (`--server`): one that was asked counts more than any rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import Where
from natsvalues.lint.places import in_conf
from natsvalues.lint.rule import Problem, rule
from natsvalues.overlays.server_conf import offset_of
from natsvalues.text.natsconf import read
from natsvalues.text.paths import dotted
from natsvalues.text.spans import line_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.rule import Severity
    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.manifests.conf.answer import Answer, Refusal


@rule(
    "NC006",
    "server-refuses",
    "error",
    "server",
    needs="configuration",
    why="The pods' server does not start with this configuration, and refuses to reload it.",
    source="`nats-server -t` of the image's version, run on the rendering with --server",
    versions="the server versions of the images",
    remedy="Correct what the server names in the chart's values.",
    fails="""asked: 'nats-server: FILE:1:1: unknown field "pingg_interval"'""",
    passes="asked: ''",
)
def server_refuses(subject: Subject) -> Iterator[Problem]:
    """The server of the image's version refuses the configuration, or could not be asked: then it is a note."""
    answers = {(answer.file, answer.region): answer for answer in subject.answers}
    for cluster in subject.servers:
        answer = answers.get((cluster.release.file, cluster.region))
        if answer is None:
            continue
        if answer.why:
            message = f"no nats-server was asked: {answer.why}"
            yield Problem(message, (cluster.at_version(),), (cluster.region,), severity="note")
        for refusal in answer.refusals:
            severity: Severity | None = "note" if refusal.guessed or refusal.by == "test" else None
            where = (_place(cluster, refusal),)
            yield Problem(_message(answer, refusal), where, (cluster.region,), severity=severity)


def _message(answer: Answer, refusal: Refusal) -> str:
    near = f", the nearest to {answer.version}," if answer.asked != answer.version else ""
    server = f"nats-server {answer.asked}{near}"
    if refusal.guessed:
        unseen = "Secrets, or files outside of the ConfigMap"
        return f"{server} was asked without what only a pod has ({unseen}), and says: {refusal.words}"
    if refusal.by == "test":
        return f"{server} starts with a warning, and with -t refuses: {refusal.words}"
    return f"{server} refuses: {refusal.words}"


def _place(cluster: Cluster, refusal: Refusal) -> Where:
    if not refusal.file:
        return cluster.at_container("args")
    plain = cluster.nats.plain
    if plain is not None:
        text = plain.included.get(refusal.file) or plain.texts[0]
        spot = line_column(text.text, offset_of(read(text.text), refusal.path))
        return Where(text.file, *spot, dotted(refusal.path) or None)
    nats = cluster.nats._replace(config_key=refusal.file)
    return in_conf(cluster.release, nats, read(nats.conf), *refusal.path)


RULES = (server_refuses,)
