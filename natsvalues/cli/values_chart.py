"""The user's chart, as `values` and the getter let helm render it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.outside.helm import templated

if TYPE_CHECKING:
    from natsvalues.delivery.rendering import Render, Values


def renderer(chart: str, options: list[str]) -> Render:
    """Give what renders a chart by its path, with more options for `helm template`."""

    def render(values: Values, release: str) -> str:
        return templated(release, chart, "--values", "-", *options, stdin=json.dumps(values))

    return render


def no_chart(hint: str, *where: Where) -> NatsvaluesError:
    """The error where nothing names the chart; `hint` names the option."""
    return NatsvaluesError("NV-V007", "the chart is required: helm renders it with your values", where=where, hint=hint)
