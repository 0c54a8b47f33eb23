"""Container images of local programs: one layer, the same bytes for the same program, for `ctr images import`."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def write_image(path: str, name: str, program: str, target: str) -> None:
    """Write an image (OCI, as a tar) of the file `program`, which runs as `target`, such as /usr/local/bin/nats-server.

    `name` is whole, with registry and tag: docker.io/library/nats:2.14.6-alpine.
    """
    with open(program, "rb") as file:
        layer = _layer(file.read(), target)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [target], "Env": [f"PATH={_PATH}"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    blobs = {_digest(layer): layer}
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _kept(blobs, json.dumps(config).encode(), _CONFIG),
        "layers": [_described(layer, _LAYER)],
    }
    entry = _kept(blobs, json.dumps(manifest).encode(), _MANIFEST)
    entry["annotations"] = {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [entry]}
    with tarfile.open(path, "w") as image:
        _add(image, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(image, "index.json", json.dumps(index).encode())
        for digest, data in blobs.items():
            _add(image, f"blobs/sha256/{digest.removeprefix('sha256:')}", data)


def _layer(data: bytes, target: str) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as layer:
        parts = target.strip("/").split("/")
        for folder in ["tmp", *("/".join(parts[:end]) for end in range(1, len(parts)))]:
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            layer.addfile(info)
        _add(layer, "/".join(parts), data, 0o755)
    return raw.getvalue()


def _add(archive: tarfile.TarFile, path: str, data: bytes, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), mode
    archive.addfile(info, io.BytesIO(data))


def _kept(blobs: dict[str, bytes], data: bytes, kind: str) -> dict[str, Any]:
    blobs[_digest(data)] = data
    return _described(data, kind)


def _described(data: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(data), "size": len(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
