"""What a server demands of its connections: urls, TLS, compression. Of variables nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.conf.demand import demand
from natsvalues.manifests.conf.usual import is_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.conf.usual import Path, Settings


_MODES = "on enabled true disabled off false accept auto s2_auto fast s2_fast better s2_better best s2_best".split()  # noqa: SIM905 - as in the server


@demand(
    "compression-unknown",
    "start",
    "use accept, s2_auto, s2_fast or off",
    fails="cluster {name: a, port: -1, compression: zip}",
    passes="cluster {name: a, port: -1, compression: s2_fast}",
)
def compression(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Compression has a mode that the server knows."""
    blocks: list[tuple[Path, dict[str, Any]]] = [((name,), settings.block(name)) for name in ("cluster", "leafnodes")]
    for around, block in (*blocks, *settings.blocks("leafnodes", "remotes")):
        path, value = (*around, "compression"), block.get("compression")
        mode, at = (value.get("mode"), (*path, "mode")) if isinstance(value, dict) else (value, path)
        if isinstance(mode, str) and mode and mode.lower() not in (*_MODES, "not supported", "not_supported"):
            yield at, f"compression `{mode}`: the modes are {', '.join(_MODES)}"


def _tls_blocks(settings: Settings) -> Iterator[tuple[Path, dict[str, Any]]]:
    places: list[tuple[Path, Any]] = [(("tls",), settings.at("tls")), (("resolver_tls",), settings.at("resolver_tls"))]
    blocks = ("cluster", "gateway", "leafnodes", "websocket", "mqtt")
    places += [((name, "tls"), settings.at(name, "tls")) for name in blocks]
    for name, key in (("gateway", "gateways"), ("leafnodes", "remotes")):
        places += [((*path, "tls"), remote.get("tls")) for path, remote in settings.blocks(name, key)]
    yield from ((path, block) for path, block in places if isinstance(block, dict))


@demand(
    "tls-incomplete",
    "parser",
    "set cert_file and key_file, and no certs beside them",
    fails='tls {cert_file: "/x"}',
    passes="tls {handshake_first: true}",
)
def pairs(settings: Settings) -> Iterator[tuple[Path, str]]:
    """TLS has a certificate with its key, and no empty lists."""
    for path, block in _tls_blocks(settings):
        lacks = [key for key in ("cert_file", "key_file") if not is_set(block.get(key))]
        if len(lacks) == 1:
            yield path, f"tls has no {lacks[0]}"
        if is_set(block.get("certs")) and is_set(block.get("cert_file")):
            yield path, "tls has both cert_file and certs"
        for key in ("cipher_suites", "curve_preferences"):
            if block.get(key) == []:
                yield (*path, key), f"{key} is empty"


@demand(
    "known-urls-elsewhere",
    "parser",
    "remove verify_cert_and_check_known_urls",
    fails="tls {verify_cert_and_check_known_urls: true}",
    passes="cluster {name: a, port: -1, tls {verify_cert_and_check_known_urls: true, insecure: false}}",
)
def known_urls(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Only clusters and gateways check certificates against known urls."""
    for path, block in _tls_blocks(settings):
        if block.get("verify_cert_and_check_known_urls") is True and path[0] not in ("cluster", "gateway"):
            yield (*path, "verify_cert_and_check_known_urls"), "only clusters and gateways can check known urls"


@demand(
    "proxy-tls-without-https",
    "parser",
    "write an https url, or remove tls",
    fails='leafnodes {remotes: [{url: "ws://127.0.0.1:1", proxy {url: "http://127.0.0.1:1", tls {}}}]}',
    passes='leafnodes {remotes: [{url: "ws://127.0.0.1:1", proxy {url: "https://127.0.0.1:1", tls {}}}]}',
    since=(2, 15, 1),
)
def proxy_tls(settings: Settings) -> Iterator[tuple[Path, str]]:
    """TLS to a leaf node's proxy needs an https url."""
    for path, remote in settings.blocks("leafnodes", "remotes"):
        proxy = remote.get("proxy")
        url = proxy.get("url") if isinstance(proxy, dict) and "tls" in proxy else None
        if isinstance(url, str) and not url.startswith("https:"):
            yield (*path, "proxy", "tls"), "the proxy has tls, and no https url"


@demand(
    "url-twice",
    "test",
    "remove one of them",
    fails='cluster {name: a, port: -1, routes: ["nats://127.0.0.1:1", "nats://127.0.0.1:1"]}',
    passes='cluster {name: a, port: -1, routes: ["nats://127.0.0.1:1", "nats://127.0.0.1:2"]}',
)
def url_twice(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A route, and a url of a remote, is listed once; the server ignores the second."""
    lists: list[tuple[Path, Any]] = [(("cluster", "routes"), settings.at("cluster", "routes"))]
    lists += [((*path, "urls"), remote.get("urls")) for path, remote in settings.blocks("gateway", "gateways")]
    leaf_nodes = settings.blocks("leafnodes", "remotes")
    lists += [((*path, key), remote.get(key)) for path, remote in leaf_nodes for key in ("url", "urls")]
    for path, listed in lists:
        texts = [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []
        if len(set(texts)) < len(texts):
            yield path, "a url is listed twice"


@demand(
    "leaf-remote-twice",
    "parser",
    "remove one of them, or give it another account",
    fails='leafnodes {remotes: [{url: "nats://127.0.0.1:1"}, {url: "nats://127.0.0.1:1"}]}',
    passes='leafnodes {remotes: [{url: "nats://127.0.0.1:1"}, {url: "nats://127.0.0.1:2"}]}',
    since=(2, 14, 0),
)
def leaf_remote_twice(settings: Settings) -> Iterator[tuple[Path, str]]:
    """A leaf node's remotes differ in their urls, their account or their credentials."""
    seen: list[tuple[Any, ...]] = []
    for path, remote in settings.blocks("leafnodes", "remotes"):
        given = [remote.get(key) for key in ("url", "urls")]
        urls = [url for item in given for url in (item if isinstance(item, list) else [item]) if url]
        login = remote.get("credentials") or remote.get("nkey")
        identity = (urls, remote.get("account") or "$G", login)
        if identity in seen:
            yield path, "a remote is listed twice"
        seen.append(identity)


CONNECTIONS = (
    leaf_remote_twice,
    url_twice,
    known_urls,
    proxy_tls,
    compression,
    pairs,
)
