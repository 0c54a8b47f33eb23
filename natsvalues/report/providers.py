"""Provider profiles as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsvalues.providers import Profile


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
            lines += ["", f"{title}:", *(f"  {name}: {entry.doc}" for name, entry in entries.items())]
    if profile.requires:
        lines += ["", "required:"]
        lines += [f"  {' or '.join(need.any_of)}: {need.why}" for need in profile.requires]
    for title, texts in (("caveats", profile.caveats), ("sources", profile.sources)):
        if texts:
            lines += ["", f"{title}:", *(f"  - {text}" for text in texts)]
    return "\n".join(lines) + "\n"
