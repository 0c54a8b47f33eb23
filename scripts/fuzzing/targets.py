"""All targets, by name."""

from __future__ import annotations

from fuzzing import configurations, edits, releases, yaml_texts

TARGETS = {
    target.name: target for target in (configurations.TARGET, yaml_texts.TARGET, *edits.TARGETS, *releases.TARGETS)
}
