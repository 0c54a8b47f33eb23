"""Parts of a tool's answer, whatever its shape: an answer of another form than expected is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.doctor.clouds.seen import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsvalues.outside.cloud_cli import Answer, Ask


class Asking:
    """Questions to one cloud: the answers, and a note of each command."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.commands: list[Command] = []

    def __call__(self, *commands: tuple[str, ...]) -> list[Answer]:
        """The answers to commands that run beside each other."""
        answers = self._ask(commands)
        self.commands += [Command(answer.command, answer.reason) for answer in answers]
        return answers


def entries(value: Any, *keys: str) -> list[dict[str, Any]]:
    """The mappings in the list at the end of the keys; empty if there is no list."""
    value = part(value, *keys)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def part(value: Any, *keys: str) -> Any:
    """The value at the end of the keys, whose letters' case does not matter; None without one."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key, next((item for name, item in value.items() if name.lower() == key.lower()), None))
    return value


def text(value: Any, *keys: str) -> str:
    """The text or number at the end of the keys; empty without one."""
    value = part(value, *keys)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int)) else ""


def number(value: Any, *keys: str) -> int | None:
    """The whole number at the end of the keys; None without one."""
    digits = text(value, *keys)
    return int(digits) if digits.isdecimal() else None


def last(link: str) -> str:
    """The last part of a path or link, such as the name in a resource's address."""
    return link.rstrip("/").rpartition("/")[2]


def first_reason(answers: Sequence[Answer]) -> str:
    """Why the first unanswered question has no answer; empty if all have one."""
    return next((f"`{answer.command}`: {answer.reason}" for answer in answers if answer.reason), "")
