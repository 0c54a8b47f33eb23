"""Ask Go what a text means: nats-server's parser and Kubernetes' YAML readers, in one process (go/main.go)."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any, Self

import go_build

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = go_build.ROOT
CONF, YAML, STREAM = b"c", b"y", b"s"
"""The readers: nats.conf with its files and variables, one YAML document, a stream of documents."""
REFUSED = object()
"""What a text means that a reader refuses."""
STRICTER = object()
"""What it means where natsvalues refuses on purpose what Go reads, since it hardly reads it as it was meant."""
MEMORY = "/dev/shm"  # noqa: S108 - files of a moment, in a folder of our own
MODULE = os.path.join(ROOT, "scripts", "fuzzing", "go")
SERVER, KUBERNETES, YAML_PACKAGE = "github.com/nats-io/nats-server/v2", "k8s.io/apimachinery", "sigs.k8s.io/yaml"


def versions() -> dict[str, str]:
    """The versions of the readers, by module."""
    return {name: go_build.version_in(MODULE, name) for name in (SERVER, YAML_PACKAGE, KUBERNETES)}


def build() -> str:
    """Return the path of the program, building it first when it is not there. Raises go_build.BuildError."""
    sources = ("go.mod", "go.sum", "main.go")
    binaries = (go_build.Binary("judge", "."),)
    version = versions()[SERVER]
    module = go_build.Module("judge", "the judge of texts", version, MODULE, sources, binaries, "", "some seconds")
    return os.path.join(go_build.build(module), "judge")


class Judge:
    """The running program; leaving the `with` block ends it."""

    def __init__(self, program: str | None = None) -> None:
        self.folder = tempfile.TemporaryDirectory(
            prefix="natsvalues-judge-", dir=MEMORY if os.path.isdir(MEMORY) else None
        )
        command = [program or build()]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.folder.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.folder.cleanup()

    def answers(self, questions: Iterable[bytes]) -> list[Any]:
        """What each text means, or REFUSED; a question is a reader's letter and the text as UTF-8."""
        batch = b"".join(struct.pack(">I", len(question)) + question for question in questions)
        self.process.stdin.write(struct.pack(">I", len(batch)) + batch)
        self.process.stdin.flush()
        (length,) = struct.unpack(">I", self._read(4))
        reply = self._read(length)
        answers: list[Any] = []
        at = 0
        while at < length:
            (size,) = struct.unpack_from(">I", reply, at)
            answer = reply[at + 4 : at + 4 + size]
            answers.append(json.loads(answer[1:]) if answer[:1] == b"v" else REFUSED)
            at += 4 + size
        return answers

    def _read(self, length: int) -> bytes:
        content = self.process.stdout.read(length)
        if len(content) < length:
            raise EOFError(f"the judge ended with code {self.process.wait(timeout=60)}")
        return content
