"""Provider profiles as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.providers.load_balancer import CHOICES

if TYPE_CHECKING:
    from natsvalues.providers import Profile
    from natsvalues.providers.profile import Input


def listing(profiles: list[Profile]) -> str:
    """One line for each profile."""
    width = max(len(profile.id) for profile in profiles)
    return "".join(f"{profile.id:<{width}}  {profile.title}\n" for profile in profiles)


def details(profile: Profile) -> str:
    """A profile with its inputs, options, requirements and caveats."""
    lines = [f"{profile.id}: {profile.title}", f"verified: {profile.verified}"]
    lines += ["experimental: may change"] if profile.experimental else []
    lines += [f"health check: {profile.health.how}"] if profile.health else []
    for title, entries in (("loadBalancer fields", profile.inputs), ("loadBalancer.options", profile.options)):
        if entries:
            lines += [
                "",
                f"{title}:",
                *(f"  {name}: {entry.doc}{_values(name, entry)}" for name, entry in entries.items()),
            ]
    if profile.requires:
        lines += ["", "required:"]
        lines += [f"  {' or '.join(need.any_of)}: {need.why}" for need in profile.requires]
    for title, texts in (("caveats", profile.caveats), ("sources", profile.sources)):
        if texts:
            lines += ["", f"{title}:", *(f"  - {text}" for text in texts)]
    return "\n".join(lines) + "\n"


def _values(name: str, entry: Input) -> str:
    """What an input may be, and what it is if it is not set."""
    allowed = entry.one_of or CHOICES.get(name, ())
    words = [f"one of {', '.join(allowed)}"] if allowed else []
    words += [f"from {entry.low}"] if entry.low is not None else []
    words += [f"to {entry.high}"] if entry.high is not None else []
    words += [f"{entry.most} at most"] if entry.most is not None else []
    words += [f"default {entry.default}"] if entry.default else []
    return f" ({'; '.join(words)})" if words else ""
