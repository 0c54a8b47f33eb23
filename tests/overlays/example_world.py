"""Regions of the example supercluster, rendered for tests, and tried on real servers."""

from __future__ import annotations

import json
import socket

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.release import Release
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.text.natsconf import ConfOp, edit, read, symbolic
from natsvalues.text.paths import Op


class World:
    """The example supercluster of a test, with what differs from it."""

    def __init__(self, regions, renderings, trial, nats_server, folder):
        self.regions, self.renderings, self.trial, self.folder = regions, renderings, trial, folder
        self.nats_server = nats_server

    def given(self, **parts) -> Release:
        """The chart's rendering, with the parts of an example."""
        files = parts.pop("files", {})
        appended = parts.pop("appended", "")
        release = self.regions.changed(Release(self.renderings.plain), parts)
        nats = find_nats(release)
        data = {**nats.config_map.value["data"], **files}
        if appended:
            data["nats.conf"] = appended.replace("REST", data["nats.conf"].strip()[1:-1])
        return release.with_changed(nats.config_map.edited((Op("replace", ("data",), data),)))

    def rendered(self, release: Release, region="us-east", scope="supercluster", supercluster=(), **overlay):
        """What post-render makes of it; a second pass changes nothing."""
        parts = {"supercluster": {"jetstream": {"scope": scope}, **dict(supercluster)}, region: {"overlay": overlay}}
        planned = plan(self.regions.write_overlays(parts, self.folder), region)
        result = render(Release(release.text()), planned)
        again = render(Release(result.release.text()), planned)
        assert again.release.text() == result.release.text()
        assert not again.receipts
        return result

    def refused(self, *arguments, **overlay) -> NatsvaluesError:
        """The error of a post-rendering."""
        with pytest.raises(NatsvaluesError) as caught:
            self.rendered(*arguments, **overlay)
        return caught.value

    def said(self, nats, version, *, without=(), visit=None) -> str:
        """What a real server says against a configuration; empty if it starts."""
        trial = self.trial.trial_of(nats)
        conf = edit(trial.conf, [ConfOp("remove", (key,)) for key in without])
        return self.trial.checked(self.nats_server(version), trial._replace(conf=conf), self.folder, visit)

    def shown(self, nats, version) -> dict:
        """What /varz of a real server says."""
        pages = []
        assert self.said(nats, version, visit=lambda folder: pages.append(self.trial.monitoring(folder, "varz"))) == ""
        return pages[0]

    def conf_of(self, result) -> dict:
        """The value of nats.conf."""
        return symbolic(read(result.nats.conf))

    def answer(self, port: int, login: dict, request: str = "") -> str:
        """What a client without a library hears: OK, the error, or the first line of a response to a request."""
        with socket.create_connection(("127.0.0.1", port), 5) as connection, connection.makefile("rb") as lines:
            lines.readline()
            options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, **login}
            connection.sendall(f"CONNECT {json.dumps(options)}\r\nPING\r\n".encode())
            first = lines.readline().decode().strip()
            if first != "PONG" or not request:
                return "OK" if first == "PONG" else first
            connection.sendall(f"SUB inbox 1\r\nPUB {request} inbox 0\r\n\r\n".encode())
            return lines.readline().decode().split()[0]
