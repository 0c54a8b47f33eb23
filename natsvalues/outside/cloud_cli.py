"""Ask a cloud through the user's own command-line tool: only commands that read, each bounded in time.

What a cloud does not answer is no error: the reason stands in the answer. Credentials stay with the tool, which finds
them itself; of what it prints, only JSON is kept, and of its errors a reason without secrets.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from natsvalues.errors import InternalError, NatsvaluesError
from natsvalues.outside.commands import patience, run
from natsvalues.records import NamedTuple
from natsvalues.text.messages import message_without_secrets

_EACH = 1 / 3
"""How much of the time for all questions one command may take."""
_AT_ONCE = 4
_REASON = 300
"""How many characters of a tool's error are shown."""
_ENVIRONMENT = {
    "AWS_PAGER": "",
    "AWS_CLI_AUTO_PROMPT": "off",
    "AWS_MAX_ATTEMPTS": "2",
    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    "AZURE_CORE_COLLECT_TELEMETRY": "false",
}
"""No pager, no question to a person, few retries."""
_READING = {
    "aws": r"(elbv2|elb|ec2) describe-[a-z-]+|sts get-caller-identity",
    "gcloud": r"compute [a-z-]+ (list|describe|get-health)",
    "az": r"network (lb|public-ip) list|monitor metrics list",
    "oc": r"get",
}
"""The commands that read, for each tool: nothing else is run."""
_CREDENTIALS = (
    r"Unable to locate credentials|Expired|InvalidClientTokenId|UnrecognizedClient|AuthFailure|NoCredentials"
    r"|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|[Tt]oken has expired|SSO session|config profile"
    r"|active account selected|[Rr]eauthentication|auth tokens|invalid_grant|default credentials|az login|AADSTS"
    r"|must be logged in|Unauthorized\b"
)
_RIGHTS = (
    r"AccessDenied|UnauthorizedOperation|not authorized|AuthorizationFailed|PERMISSION_DENIED"
    r"|Required '[\w.]+' permission|does not have permission|[Ff]orbidden"
)
_NETWORK = (
    r"Could not connect|onnect timeout|Unable to connect|Connection (was|refused|error)|resolve|Max retries|timed out"
    r"|EndpointConnectionError"
)
_ABSENT = "the cloud does not have it"
_CAUSES = (
    ("there are no valid credentials", _CREDENTIALS),
    ("the right to do this is missing", _RIGHTS),
    ("no region is set", r"specify a region|region .* not (found|valid)|\[region\] .*required"),
    ("no project or subscription is set", r"\[project\]|SubscriptionNotFound|subscription of"),
    ("the cloud cannot be reached", _NETWORK),
    (_ABSENT, r"NotFound|was not found|not found|does not exist"),
)
_AWS_ERROR = re.compile(r"An error occurred \((\w[\w.]*)\)[^:]* when calling the (\w+) operation")


class Answer(NamedTuple):
    """What a tool answered to one command, as a person would type it: JSON, or the reason why there is none."""

    command: str
    value: Any
    reason: str

    @property
    def is_missing(self) -> bool:
        """Whether the cloud answered that the object does not exist."""
        return self.reason.startswith(_ABSENT)


Ask = Callable[[Sequence[tuple[str, ...]]], list[Answer]]
"""Runs several commands beside each other, and gives their answers in the same order."""


class CloudCli:
    """The tools on PATH, with one time limit for all questions. A command is run once, however often it is asked.

    `seconds` for all commands are those that helm and kubectl have, if not given; one command has a third of them.
    """

    def __init__(self, seconds: float | None = None, each: float | None = None) -> None:
        seconds = seconds or patience()
        self._end = time.monotonic() + seconds
        self._each = each or seconds * _EACH
        self._answers: dict[tuple[str, ...], Answer] = {}

    def ask(self, commands: Sequence[tuple[str, ...]]) -> list[Answer]:
        """Run the commands, and give their answers in this order. Raises InternalError for one that could write."""
        new = [words for words in dict.fromkeys(commands) if words not in self._answers]
        for words in new:
            if not is_reading(words):
                raise InternalError("NV-X006", f"`{shown(words)}` is not a command that only reads")
        if new:
            with ThreadPoolExecutor(min(_AT_ONCE, len(new))) as pool:
                self._answers.update(zip(new, pool.map(self._run, new), strict=True))
        return [self._answers[words] for words in commands]

    def _run(self, words: tuple[str, ...]) -> Answer:
        command = shown(words)
        program = shutil.which(words[0])
        if program is None:
            return Answer(command, None, f"`{words[0]}` is not on PATH")
        seconds = min(self._each, self._end - time.monotonic())
        if seconds <= 0:
            return Answer(command, None, "the time for questions to the cloud was over")
        try:
            done = run([program, *words[1:]], seconds=seconds, env=os.environ | _ENVIRONMENT)
        except TimeoutError:
            return Answer(command, None, f"no answer within {seconds:.0f} s")
        except (NatsvaluesError, FileNotFoundError) as error:
            return Answer(command, None, f"`{words[0]}` does not start: {error.args[0] if error.args else 'no reason'}")
        if done.code:
            return Answer(command, None, reason_of(done.err or done.out))
        try:
            return Answer(command, json.loads(done.out), "")
        except (ValueError, RecursionError):
            return Answer(command, None, f"`{words[0]}` printed no JSON")


def is_reading(words: tuple[str, ...]) -> bool:
    """Whether a command only reads."""
    pattern = _READING.get(words[0])
    return pattern is not None and re.match(rf"(?:{pattern})(?: |\Z)", " ".join(words[1:])) is not None


def shown(words: tuple[str, ...]) -> str:
    """A command as a person would type it."""
    return shlex.join(words)


def reason_of(printed: str) -> str:
    """Why a tool failed, in words of ours, with as much of its message as is no secret."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    line = next((line for line in lines if re.search(r"error|denied|forbidden|unable", line, re.IGNORECASE)), "")
    line = (line or (lines[-1] if lines else "it printed nothing"))[:_REASON]
    cause = next((words for words, pattern in _CAUSES if re.search(pattern, printed)), "the command failed")
    error = _AWS_ERROR.search(line)
    return f"{cause}: {f'{error[1]} for {error[2]}' if error else message_without_secrets(line)}"
