"""`--prior`: refuse a render that would cost a region its JetStream, compared with the release before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.streams import read_stream
from natsvalues.errors import NatsvaluesError, Where, raise_all
from natsvalues.manifests.release import Release
from natsvalues.overlays.identity import losses

if TYPE_CHECKING:
    from natsvalues.overlays.pipeline import Result

RELEASE = "release:"


def refuse_lost_identity(prior: str, allow: tuple[str, ...], result: Result) -> None:
    """Raise for every loss that is not allowed by name. `prior` is a file, or `release:[NAMESPACE/]NAME[@REVISION]`."""
    if prior.startswith(RELEASE):
        from natsvalues.outside.helm import manifest_of  # starts a process; only when asked for

        text = manifest_of(prior.removeprefix(RELEASE), result.nats.namespace or None)
    else:
        text = read_stream(prior)
    release = Release(text, prior)
    if release.is_empty:
        raise NatsvaluesError(
            "NV-P002",
            "the prior release is empty, so it can show nothing",
            where=(Where(prior),),
            hint="for a first installation leave --prior out",
        )
    found = losses(release, result)
    raise_all(
        [
            NatsvaluesError(
                "NV-P001",
                loss.message,
                where=(result.plan.where(*loss.field),),
                hint=f"{loss.hint}\nif that is what you want: --allow {loss.name}",
            )
            for loss in found
            if loss.name not in allow
        ]
    )
