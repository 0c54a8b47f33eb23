"""Temporary certificates: one authority for all regions of a rehearsal, one certificate for each server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.text.hosts import is_valid

if TYPE_CHECKING:
    from collections.abc import Iterable

CERTIFICATE, KEY, AUTHORITY = "tls.crt", "tls.key", "ca.crt"


class Authority:
    """Signs the certificates of one rehearsal; its key is never written."""

    def __init__(self) -> None:
        try:
            import trustme  # the optional extra, and heavy: only where a rendering has TLS
        except ImportError:
            raise missing_extra("TLS needs temporary certificates") from None
        self._authority = trustme.CA(organization_name="natsvalues rehearsal")

    def issue(self, folder: str, names: Iterable[str]) -> None:
        """Write tls.crt, tls.key and ca.crt for a server of these names and addresses, for server and client use.

        What is no name of DNS is left out: nothing can dial it.
        """
        os.makedirs(folder, exist_ok=True)
        issued = self._authority.issue_cert(
            *(name for name in dict.fromkeys(names) if is_valid(name.removeprefix("*.")))
        )
        with open(os.path.join(folder, CERTIFICATE), "wb") as file:
            file.writelines(part.bytes() for part in issued.cert_chain_pems)
        with open(os.open(os.path.join(folder, KEY), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(issued.private_key_pem.bytes())
        self._authority.cert_pem.write_to_path(os.path.join(folder, AUTHORITY))


def missing_extra(need: str) -> NatsvaluesError:
    """The error where the optional extra is not installed."""
    return NatsvaluesError(
        "NV-R024", f"{need}, and the extra `rehearse` is not installed",
        hint="pip install 'natsvalues[rehearse]'",
    )  # fmt: skip
