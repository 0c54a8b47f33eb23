"""What tests need is built before the first one: no test's timeout should have to cover minutes of compiling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

LEFT_OUT = "LEFT OUT:"
ABSENT = "not in this clone:"


def build_for(
    session: pytest.Session,
    fixture: str,
    key: pytest.StashKey[Any],
    build: Callable[[], Any],
    impossible: tuple[type[Exception], ...],
    what: str,
) -> None:
    """Stash what `build` returns if a test wants the fixture; where it is `impossible`, leave out all that want it."""
    wanted = [item for item in session.items if fixture in getattr(item, "fixturenames", ())]
    if not wanted or session.config.option.collectonly:
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # minutes of silence look like a hang
        try:
            session.config.stash[key] = build()
        except impossible as error:
            for item in wanted:
                item.add_marker(pytest.mark.skip(reason=f"{LEFT_OUT} {what}. {error}"))
