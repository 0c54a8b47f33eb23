"""TLS and authorization of the gateways: certificates and passwords stay in Secrets, nats.conf refers to them.

facts: a gateway dials with TLS first and checks the remote certificate against the host it dialled; without
user information in its url it presents the user and password of its own gateway block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.overlays.patches import appended
from natsvalues.overlays.scene import Scene, overlay_error
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import Item, Op, Path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.model import Authorization, Tls
    from natsvalues.overlays.patches import Outcome

RULE = "credentials"
CERTIFICATES = "/etc/nats-certs/gateway"
AUTHORITY = "/etc/nats-certs/gateway-ca"
PASSWORD_VARIABLE = "GATEWAY_PASSWORD"  # noqa: S105   # the name of a variable


def credentials(scene: Scene) -> Iterator[Outcome]:
    """Configure TLS and authorization between gateways as the supercluster's overlay says."""
    if scene.plan.region.stage == "local":
        return
    gateway = scene.plan.supercluster.gateway
    if gateway.tls is not None:
        yield from _tls(scene, gateway.tls)
    if gateway.authorization is not None:
        yield from _authorization(scene, gateway.authorization)


def _tls(scene: Scene, tls: Tls) -> Iterator[Outcome]:
    settings: dict[str, Any] = {
        "cert_file": f"{CERTIFICATES}/{tls.cert}",
        "key_file": f"{CERTIFICATES}/{tls.key}",
        "verify": tls.verify,
    }
    if tls.ca is not None:
        settings["ca_file"] = f"{AUTHORITY if tls.ca.secret else CERTIFICATES}/{tls.ca.key}"
    if tls.timeout is not None:
        settings["timeout"] = tls.timeout
    block = scene.conf["gateway"].get("tls")
    why = "gateways use TLS with the certificates from the Secret in the supercluster's overlay"
    if isinstance(block, dict):
        yield scene.in_conf(RULE, why, *(Op("add", ("gateway", "tls", key), item) for key, item in settings.items()))
    else:
        yield scene.in_conf(RULE, why, Op("add", ("gateway", "tls"), settings))
    yield from _mounted(scene, "gateway-tls", tls.secret, CERTIFICATES, why)
    files = [settings["cert_file"], settings["key_file"]]
    if tls.ca is not None and tls.ca.secret:
        yield from _mounted(scene, "gateway-ca", tls.ca.secret, AUTHORITY, why)
    if tls.ca is not None:
        files.append(settings["ca_file"])
    yield from _watched(scene, files)


def _pod(scene: Scene) -> dict[str, Any]:
    spec: dict[str, Any] = scene.nats.statefulset.value["spec"]["template"]["spec"]
    return spec


def _reloader(scene: Scene) -> dict[str, Any] | None:
    containers = [item for item in _pod(scene)["containers"] if isinstance(item, dict)]
    return next((item for item in containers if "config-reloader" in str(item.get("image"))), None)


def _mounted(scene: Scene, volume: str, secret: str, folder: str, why: str) -> Iterator[Outcome]:
    """Mount a Secret into the server's container and into the reloader, through one volume."""
    mounted = next(
        (
            item["name"]
            for item in scene.nats.container_value.get("volumeMounts") or []
            if item.get("mountPath") == folder
        ),
        None,
    )
    name = mounted or volume
    volumes = _pod(scene).get("volumes") or []
    present = next((item for item in volumes if isinstance(item, dict) and item.get("name") == name), None)
    at: Path = ("spec", "template", "spec")
    if present is None:
        item = {"name": name, "secret": {"secretName": secret}}
        yield scene.in_statefulset(RULE, why, *appended(volumes, (*at, "volumes"), item))
    elif (present.get("secret") or {}).get("secretName") != secret:
        path = (*at, "volumes", Item("name", str(name)))
        yield scene.in_statefulset(RULE, why, Op("replace", path, {"name": name, "secret": {"secretName": secret}}))
    for container in (scene.nats.container_value, _reloader(scene)):
        if container is None:
            continue
        mounts = container.get("volumeMounts") or []
        if not any(isinstance(mount, dict) and mount.get("mountPath") == folder for mount in mounts):
            here = (*at, "containers", Item("name", str(container["name"])), "volumeMounts")
            entry = {"mountPath": folder, "name": name}
            yield scene.in_statefulset(RULE, why, *appended(mounts, here, entry))


def _watched(scene: Scene, files: list[str]) -> Iterator[Outcome]:
    """Let the chart's reloader watch the certificates: they are the only gateway setting that reloads."""
    reloader = _reloader(scene)
    if reloader is None or not isinstance(reloader.get("args"), list):
        return
    missing = [file for file in files if file not in reloader["args"]]
    path = ("spec", "template", "spec", "containers", Item("name", str(reloader["name"])), "args", "-")
    ops = tuple(Op("add", path, word) for file in missing for word in ("-config", file))
    if ops:
        yield scene.in_statefulset(RULE, "the reloader watches the gateway's certificates", *ops)


def _authorization(scene: Scene, given: Authorization) -> Iterator[Outcome]:
    password = given.password
    if (password.variable is None) == (password.secret is None) or bool(password.secret) != bool(password.key):
        raise overlay_error(
            "NV-O017",
            "gateway.authorization.password needs a secret and its key, or a variable",
            scene.plan,
            *("gateway", "authorization", "password"),
            hint="password: {secret: nats-gateway, key: password}, or password: {variable: GATEWAY_PASSWORD}\n"
            "in supercluster.yaml; never the password itself",
        )
    name = password.variable or PASSWORD_VARIABLE
    why = "gateways send and require the same user; the password is not in nats.conf"
    present = scene.conf["gateway"].get("authorization")
    wanted = {"user": given.user, "password": Variable(name)}
    if isinstance(present, dict):
        ops = (Op("add", ("gateway", "authorization", key), item) for key, item in wanted.items())
        yield scene.in_conf(RULE, why, *ops)
    else:
        yield scene.in_conf(RULE, why, Op("add", ("gateway", "authorization"), wanted))
    if password.secret is None:
        known = any(item.get("name") == name for item in scene.nats.env)
        if not known and not scene.nats.container_value.get("envFrom"):
            raise overlay_error(
                "NV-T030",
                f"the container has no variable `{name}` for the gateways' password",
                scene.plan,
                *("gateway", "authorization", "password", "variable"),
                hint="set it in the chart's container.env, or name a secret and key in the supercluster overlay",
            )
        return
    entry = {"name": name, "valueFrom": {"secretKeyRef": {"key": password.key, "name": password.secret}}}
    yield scene.with_variables(RULE, why, entry)
