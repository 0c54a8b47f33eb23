"""Where the names of gateways lead, asked from here and of the clusters' DNS servers, and who answers there."""

from __future__ import annotations

import asyncio
import contextlib
import posixpath
from typing import TYPE_CHECKING

from natsvalues.doctor.rules.gateways import hosts_of
from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import mappings
from natsvalues.manifests.services import DEFAULT_GATEWAY_PORT
from natsvalues.outside.api_server import PortForward
from natsvalues.outside.dialling import greeting, resolved
from natsvalues.outside.dns_query import ask
from natsvalues.rehearsal.cluster_objects import address_of, is_ready
from natsvalues.text.endpoints import read_endpoint
from natsvalues.text.hosts import is_address
from natsvalues.text.x509 import read_certificate

if TYPE_CHECKING:
    from natsvalues.doctor.live import Live
    from natsvalues.doctor.seen import Object
    from natsvalues.outside.api_server import ApiServer

HERE, CLUSTER = "here", "cluster"
_DNS_PODS = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns"
_DNS_PORT = 53


async def reach(live: Live, api: ApiServer, values: dict[str, dict[str, bytes]]) -> None:
    """Add names and gateways to the record of a region. `values` are those of its Secrets, for the authorities."""
    seen = live.seen
    balancers = [address_of(live.object_of("services", item.key.name)) for item in live.cluster.balancers]
    hosts = [host for host in dict.fromkeys([*hosts_of(live), *filter(None, balancers)]) if not is_address(host)]
    for host in hosts:
        seen.names[host] = {}
    await asyncio.gather(*(_here(host, seen.names[host]) for host in hosts), _in_cluster(live, api, hosts))
    for host in hosts_of(live):
        if is_address(host):
            seen.names[host] = {HERE: {"addresses": [host]}}
    authorities = _authorities(live, values)
    endpoints = [
        (endpoint.host, endpoint.port or DEFAULT_GATEWAY_PORT)
        for url in [
            *(url for remote in live.cluster.state.remotes for url in remote.urls),
            *map(str, live.cluster.advertised),
        ]
        if (endpoint := read_endpoint(url)) is not None
    ]
    await asyncio.gather(*(_dial(live, host, port, authorities) for host, port in dict.fromkeys(endpoints)))


async def _here(host: str, said: Object) -> None:
    addresses, fault = await resolved(host)
    said[HERE] = {"addresses": list(addresses)} if addresses else {"fault": fault}


async def _in_cluster(live: Live, api: ApiServer, hosts: list[str]) -> None:
    """Ask the cluster's DNS server what it tells pods, through a port that kubectl forwards."""
    unseen, question = live.seen.unseen, "names in the cluster"
    forward: PortForward | None = None
    try:
        pods = mappings((await api.read(_DNS_PODS) or {}).get("items"))
        ready = next((pod["metadata"]["name"] for pod in pods if is_ready(pod)), None)
        if ready is None:
            unseen[question] = "kube-system has no ready pod of its DNS server (label k8s-app=kube-dns)"
            return
        forward = PortForward([*api.words, "--namespace=kube-system"], ready, _DNS_PORT)
        if not await forward.opened():
            unseen[question] = "no port could be forwarded to the DNS server"
            return
        address, _, port = forward.listener.rpartition(":")
        for host in hosts:
            answer = await ask(address, int(port), host)
            live.seen.names[host][CLUSTER] = {
                "addresses": list(answer.addresses), "fault": answer.fault, "kept": answer.kept,
            }  # fmt: skip
    except NatsvaluesError as error:
        unseen[question] = error.message
    except OSError as error:
        unseen[question] = f"the DNS server did not answer: {error}"
    finally:
        if forward is not None:
            await forward.close()


async def _dial(live: Live, host: str, port: int, authorities: str) -> None:
    said = live.seen.names.get(host, {})
    addresses = [address for asker in (HERE, CLUSTER) for address in said.get(asker, {}).get("addresses", ())]
    key = f"{host}:{port}"
    if not addresses:
        live.seen.gateways[key] = {"fault": "the name does not resolve"}
        return
    secure = isinstance(live.cluster.gateway.get("tls"), dict)
    answer = await greeting(addresses[0], port, host, secure=secure, authorities=authorities)
    certificate = read_certificate(answer.certificate) if answer.certificate else None
    live.seen.gateways[key] = {
        "address": addresses[0],
        "fault": answer.fault,
        "server": answer.server,
        "gateway": answer.gateway,
        "certificate": {**certificate._asdict(), "names": list(certificate.names)} if certificate is not None else None,
        "distrust": answer.distrust,
    }


def _authorities(live: Live, values: dict[str, dict[str, bytes]]) -> str:
    """The authorities that the region's gateway trusts, as PEM, where they are in a Secret that was read."""
    tls = live.cluster.gateway.get("tls")
    name = posixpath.basename(str(tls.get("ca_file") or "")) if isinstance(tls, dict) else ""
    for of_secret in values.values():
        if name and name in of_secret:
            with contextlib.suppress(UnicodeDecodeError):
                return of_secret[name].decode("ascii")
    return ""
