"""Which kube context helm uses: that of its options, of HELM_KUBECONTEXT, or the current one of the kubeconfig."""

from __future__ import annotations

import os
import re

# In YAML, and in JSON, which is YAML, too.
_CURRENT = re.compile(r"""(?:^|[{,])[ ]*["']?current-context["']?:[ ]*["']?([^"'\s,}#]+)""", re.MULTILINE)


def context_of(words: list[str]) -> str:
    """The context that these words of a command line, and the environment, select; empty if none is stated.

    facts: of the files in KUBECONFIG the first that has a current context counts (documented by Kubernetes).
    """
    stated = _last(words, "--kube-context") or os.environ.get("HELM_KUBECONTEXT")
    if stated:
        return stated
    default = os.path.join(os.path.expanduser("~"), ".kube", "config")
    files = _last(words, "--kubeconfig") or os.environ.get("KUBECONFIG") or default
    return next(filter(None, map(_current, files.split(os.pathsep))), "")


def _last(words: list[str], option: str) -> str:
    """The last value of an option, attached or as the next word; empty without one."""
    last = ""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, attached, text = word.partition("=")
        if name == option:
            last = text if attached else following
    return last


def _current(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            match = _CURRENT.search(file.read())
    except (OSError, UnicodeDecodeError):
        return ""
    return match[1] if match else ""
