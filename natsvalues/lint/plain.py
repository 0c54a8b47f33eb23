"""Plain nats.conf files as the servers of regions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.lint.subject import Subject, cluster_of
from natsvalues.manifests.plain import plain_release
from natsvalues.manifests.settings import cluster_name_of, gateway, settings

if TYPE_CHECKING:
    from natsvalues.lint.subject import Cluster
    from natsvalues.manifests.plain import Plain


def plain_subject(files: list[Plain], given: str | None = None, version: str | None = None) -> Subject:
    """The servers of these files: those with one gateway's or cluster's name are one region.

    A file that another one includes is no server. `given` is the region of a single file, `version` the servers'.
    """
    parts = {os.path.realpath(text.file) for plain in files for text in plain.included.values()}
    servers = {os.path.realpath(plain.file): plain for plain in files}
    regions: dict[str, list[Plain]] = {}
    for path, plain in servers.items():
        if path not in parts:
            regions.setdefault(given or _region(plain), []).append(plain)
    by_region = [[_cluster(name, plain, len(of), version) for plain in of] for name, of in regions.items()]
    texts = {text.file: text.text for plain in files for text in plain.texts}
    every = tuple(cluster for clusters in by_region for cluster in clusters)
    return Subject(None, {}, tuple(clusters[0] for clusters in by_region), texts, files=every)


def _region(plain: Plain) -> str:
    """The name of the server's region: the gateway's, else the cluster's, else the file's."""
    (nats,) = plain_release(plain, plain.file).plain
    conf = settings(nats)
    stem = os.path.splitext(os.path.basename(plain.file))[0]
    return str(gateway(conf).get("name") or cluster_name_of(nats, conf) or stem)


def _cluster(region: str, plain: Plain, servers: int, version: str | None) -> Cluster:
    release = plain_release(plain, os.path.basename(plain.file), servers, version)
    return cluster_of(region, release, release.plain[0], None)
