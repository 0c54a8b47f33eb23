"""Error messages of other programs, such as helm and kubectl, with only the secrets taken out."""

from __future__ import annotations

import bisect
import re

from natsvalues.text.secrets import HIDDEN, without_formats, without_secrets

# What Kubernetes and Helm say of Secrets as objects: `secrets is forbidden` assigns nothing to a name.
# facts: seen with kube-apiserver 1.37, helm 3.19.0 and 4.3.1, kubectl 1.37.1.
_KIND = r"(?i:secrets?)(?:\.v1)?"
_OF_OBJECTS = re.compile(
    rf'{_KIND}(?: "[\w.-]+")? (?:is forbidden: User "[^"]*" cannot \w+ resource "\w+" in API group "[\w.]*"'
    r'(?: in the namespace "[\w-]*"| at the cluster scope)?|not found|already exists)|'
    rf'{_KIND} "[\w.-]+" in namespace "[\w-]*"'
)


def message_without_secrets(message: str) -> str:
    """A message up to the first value that could be a secret, and the names of the objects and rights that it is about.

    Nothing behind such a value is shown: where it ends is unknown.
    """
    words = re.split(rf"((?:{_OF_OBJECTS.pattern})|\s+)", message)

    def tells(count: int) -> bool:
        text = _OF_OBJECTS.sub("object", "".join(words[:count]))
        return without_secrets(text) != without_formats(text)

    clean = bisect.bisect_left(range(len(words)), 1, key=lambda count: int(tells(count + 1)))
    shown = without_formats("".join(words[:clean]))
    return shown if clean == len(words) else f"{shown}{HIDDEN}"
