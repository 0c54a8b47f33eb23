"""Rules for nats.conf as the server of that version reads it: keys, values, what they demand of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.chart_values import keys_of_setting
from natsvalues.supercluster.configuration import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.rule import Severity
    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.manifests.conf.check import By, Fault

_SEVERITY: dict[By, Severity] = {"nobody": "warning", "test": "note"}
_BY_OTHER_RULES = {
    *("names-differ", "name-with-spaces", "gateway-lacks-name-or-port", "remote-lacks-name-or-url", "domain-refused"),
    *("lame-duck-refused", "grace-period-too-long", "jetstream-without-server-name"),
}
"""Demands that a rule of its own reports."""


def demanded(cluster: Cluster, *names: str) -> Iterator[Problem]:
    """The demands of these names that are not met."""
    for fault in faults_of(cluster.state):
        if fault.demand in names:
            yield Problem(fault.message, (cluster.at_conf(*fault.path),), (cluster.region,))


def _problems(subject: Subject, *kinds: str) -> Iterator[Problem]:
    for cluster in subject.clusters:
        for fault in faults_of(cluster.state):
            if fault.kind in kinds and fault.demand not in _BY_OTHER_RULES:
                where = (cluster.at_conf(*fault.path), *_in_values(subject, fault))
                message = f"{fault.message}: {fault.remedy}"
                yield Problem(message, where, (cluster.region,), severity=_SEVERITY.get(fault.by))


def _in_values(subject: Subject, fault: Fault) -> Iterator[Where]:
    """The setting in the values files that the chart was rendered with; the last one counts."""
    for values in reversed(subject.values):
        keys = keys_of_setting(values.keys, fault.path)
        if keys:
            yield values.where(*keys)
            return


@rule(
    "NC001",
    "unknown-key",
    "error",
    "supercluster",
    needs="configuration",
    why="The server does not start with a key that it does not know, and refuses to reload it.",
    source="every key tested on nats-server 2.10.26 to 2.15.1 (configuration.md)",
    remedy="Correct the key in the chart's values; `natsvalues docs configuration` lists those of each block.",
    fails="conf: {pingg_interval: 20s}",
    passes="conf: {ping_interval: 20s}",
)
def unknown_key(subject: Subject) -> Iterator[Problem]:
    """No version of nats-server has this key in this block."""
    yield from _problems(subject, "unknown")


@rule(
    "NC002",
    "wrong-value",
    "error",
    "supercluster",
    needs="configuration",
    why='The server does not start with a value of another kind. In the chart\'s values 4MB becomes the text "4MB", '
    "and << 4MB >> the number.",
    source="every key tested on nats-server 2.10.26 to 2.15.1 (configuration.md)",
    remedy="Write the value as the message says.",
    fails="conf: {max_payload: 4MB}",
    passes="conf: {max_payload: 4194304}",
)
def wrong_value(subject: Subject) -> Iterator[Problem]:
    """A value is not of the kind that its key takes, or a block lacks a key that it needs."""
    yield from _problems(subject, "form", "missing", "number")


@rule(
    "NC003",
    "key-of-another-version",
    "error",
    "supercluster",
    needs="configuration",
    why="The server does not start with a key that its version does not have; an upgrade or downgrade stops there.",
    source="asked of the configuration parsers of the releases from 2.10.0 to 2.15.3 (configuration.md)",
    remedy="Remove the key, or use a version that knows it.",
    fails="{conf: {server_metadata: {zone: a}}, container: {image: 'nats:2.11.4-alpine'}}",
    passes="{conf: {server_metadata: {zone: a}}, container: {image: 'nats:2.12.8-alpine'}}",
)
def other_version(subject: Subject) -> Iterator[Problem]:
    """The server's version does not know this key; another version does."""
    yield from _problems(subject, "version")


@rule(
    "NC004",
    "settings-refused",
    "error",
    "supercluster",
    needs="configuration",
    why="Each setting is good by itself, and the server does not start with them together; `nats-server -t` accepts "
    "some of these.",
    source="every demand tested on nats-server 2.10.26 to 2.15.1 (configuration.md)",
    remedy="Change the settings as the message says.",
    fails="conf: {max_payload: 8388608, max_pending: 4194304}",
    passes="conf: {max_payload: 4194304, max_pending: 4194304}",
)
def settings_refused(subject: Subject) -> Iterator[Problem]:
    """A setting needs another one, or excludes it."""
    yield from _problems(subject, "demand")


@rule(
    "NC005",
    "variable-not-set",
    "error",
    "supercluster",
    why="The server does not start with a variable that is set nowhere.",
    source="run on nats-server 2.10.26 to 2.15.1",
    remedy="Set it in the chart's values, in container.env.",
    fails='text: {old: \'"pid_file": "/var/run/nats/nats.pid"\', new: \'"pid_file": $PID_FILE\'}',
    passes="""\
text: {old: '"pid_file": "/var/run/nats/nats.pid"', new: '"pid_file": $PID_FILE'}
container: {env: [{name: PID_FILE, value: /var/run/nats/nats.pid}]}""",
)
def variable_not_set(subject: Subject) -> Iterator[Problem]:
    """nats.conf refers to a variable that neither it nor the container's environment sets."""
    yield from _problems(subject, "variable")


RULES = (unknown_key, wrong_value, other_version, settings_refused, variable_not_set)
