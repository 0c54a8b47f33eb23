"""Helm's own options among ours: which take a value, which decide the rendering, which name the cluster.

facts: from `helm upgrade --help` and `helm template --help` of 3.19.0 and 4.3.1; a test compares. An option that
is in no list is looked up in `helm --help`.
"""

from __future__ import annotations

import re

from natsvalues.records import NamedTuple

FLAGS = frozenset(
    [
        "atomic",
        "cleanup-on-fail",
        "create-namespace",
        "debug",
        "dependency-update",
        "devel",
        "disable-openapi-validation",
        "dry-run",
        "enable-dns",
        "force",
        "force-conflicts",
        "force-replace",
        "help",
        "hide-notes",
        "hide-secret",
        "insecure-skip-tls-verify",
        "install",
        "kube-insecure-skip-tls-verify",
        "no-hooks",
        "pass-credentials",
        "plain-http",
        "render-subchart-notes",
        "reset-then-reuse-values",
        "reset-values",
        "reuse-values",
        "rollback-on-failure",
        "skip-crds",
        "skip-schema-validation",
        "take-ownership",
        "verify",
        "wait",
        "wait-for-jobs",
        "include-crds",
        "is-upgrade",
        "release-name",
        "replace",
        "skip-tests",
        "validate",
        "generate-name",
    ]
)
"""Options without a value; `dry-run` and `wait` may have one attached."""
VALUED = frozenset(
    [
        "burst-limit",
        "ca-file",
        "cert-file",
        "color",
        "colour",
        "content-cache",
        "description",
        "history-max",
        "key-file",
        "keyring",
        "kube-apiserver",
        "kube-as-group",
        "kube-as-user",
        "kube-ca-file",
        "kube-context",
        "kube-tls-server-name",
        "kube-token",
        "kubeconfig",
        "labels",
        "namespace",
        "output",
        "password",
        "post-renderer",
        "post-renderer-args",
        "qps",
        "registry-config",
        "repo",
        "repository-cache",
        "repository-config",
        "server-side",
        "set",
        "set-file",
        "set-json",
        "set-literal",
        "set-string",
        "timeout",
        "username",
        "values",
        "version",
        "api-versions",
        "kube-version",
        "name-template",
        "output-dir",
        "show-only",
    ]
)
SHORT = {"f": "values", "n": "namespace", "l": "labels", "i": "install", "a": "api-versions", "s": "show-only",
         "g": "generate-name", "h": "help"}  # fmt: skip
CLUSTER = frozenset(
    [
        "burst-limit",
        "kube-apiserver",
        "kube-as-group",
        "kube-as-user",
        "kube-ca-file",
        "kube-context",
        "kube-insecure-skip-tls-verify",
        "kube-tls-server-name",
        "kube-token",
        "kubeconfig",
        "namespace",
        "qps",
    ]
)
"""Options that say which cluster, namespace and user: for every call of helm."""
UPGRADE_ONLY = frozenset(
    [
        "cleanup-on-fail",
        "hide-notes",
        "hide-secret",
        "history-max",
        "install",
        "render-subchart-notes",
        "reset-then-reuse-values",
        "reset-values",
        "reuse-values",
        "atomic",
        "force",
        "force-conflicts",
        "force-replace",
        "rollback-on-failure",
        "take-ownership",
        "wait",
        "wait-for-jobs",
        "timeout",
        "description",
        "labels",
        "create-namespace",
        "server-side",
        "dry-run",
        "debug",
        "color",
        "colour",
        "output",
        "output-dir",
    ]
)
"""Options of an upgrade that change nothing in what is rendered, or that a rendering to compare must not have."""
CHART = frozenset(
    [
        "ca-file",
        "cert-file",
        "devel",
        "insecure-skip-tls-verify",
        "key-file",
        "keyring",
        "pass-credentials",
        "password",
        "plain-http",
        "registry-config",
        "repo",
        "repository-cache",
        "repository-config",
        "username",
        "verify",
        "version",
    ]
)
"""Options that say which chart, and where it is."""
VALUES = frozenset(("values", "set", "set-file", "set-json", "set-literal", "set-string"))


class HelmWords(NamedTuple):
    """A command line for helm, sorted: what stands alone, and the options with their values as words."""

    positional: tuple[str, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...]
    """Each option by its long name, with the words that say it."""

    def words(self, *names: str) -> list[str]:
        """The words of these options."""
        return [word for name, words in self.options if name in names for word in words]

    def has(self, *names: str) -> bool:
        """Whether one of these options is there."""
        return any(name in names for name, _ in self.options)

    @property
    def cluster(self) -> list[str]:
        """The words that say which cluster."""
        return self.words(*CLUSTER)

    @property
    def rendering(self) -> list[str]:
        """The words that decide what is rendered, in the order in which they were given."""
        return [word for name, words in self.options if name not in UPGRADE_ONLY for word in words]

    def value(self, name: str) -> str | None:
        """The last value of an option."""
        given = [words for option, words in self.options if option == name]
        if not given:
            return None
        return given[-1][1] if len(given[-1]) > 1 else attached_value(given[-1][0])


def sort(words: list[str], *, takes_value: dict[str, bool] | None = None) -> HelmWords | list[str]:
    """The words, sorted; or the names of options of which it is not known whether they take a value."""
    known = takes_value or {}
    positional: list[str] = []
    options: list[tuple[str, tuple[str, ...]]] = []
    unknown: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            positional += left
            break
        if not word.startswith("-") or word == "-":
            positional.append(word)
            continue
        name, attached = _option_of(word)
        if name not in FLAGS | VALUED | known.keys() and not attached and left and not left[0].startswith("-"):
            unknown.append(name)
        valued = name in VALUED or known.get(name, False)
        if valued and not attached and left:
            options.append((name, (word, left.pop(0))))
        else:
            options.append((name, (word,)))
    return unknown or HelmWords(tuple(positional), tuple(options))


def attached_value(word: str) -> str:
    """The value of an option in one word: `--values=FILE`, `-fFILE`, `-f=FILE`; empty without one."""
    return word.partition("=")[2] if word.startswith("--") else word[2:].removeprefix("=")


def _option_of(word: str) -> tuple[str, bool]:
    """An option's long name, and whether its value is attached."""
    if word.startswith("--"):
        name, attached, _ = word[2:].partition("=")
        return name, bool(attached)
    name = SHORT.get(word[1], word[1:])
    return name, len(word) > 2 and name in VALUED  # noqa: PLR2004 - a dash and a letter


def from_help(text: str) -> dict[str, bool]:
    """The options in the text of `helm … --help`: whether each takes a value that has to be the next word."""
    takes_value = {}
    for line in text.splitlines():
        match = re.match(r"\s+(?:-\w, )?--([\w-]+)(?: ([^\s\[]+)(\[=\S*\])?)?\s{2,}", line)
        if match:
            takes_value[match[1]] = bool(match[2]) and not match[3]
    return takes_value
