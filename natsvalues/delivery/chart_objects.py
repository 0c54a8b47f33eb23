"""The objects that the chart makes of its values, as far as natsvalues looks at them; a rendering without Helm.

The StatefulSet, the ConfigMap with nats.conf, the Services, and what the user adds in `extraResources`. What only
Helm knows stands as a placeholder (`templates`). Tests compare all of it with what Helm renders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.delivery.chart_config import LISTENERS, Chartlike, listens, text
from natsvalues.delivery.chart_values import copied
from natsvalues.delivery.templates import FULLNAME, LABELS, SELECTOR
from natsvalues.errors import NatsvaluesError
from natsvalues.text.yamlwrite import block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.delivery.chart_values import Places

Values = dict[str, Any]
CONFIG_FILE = "nats.conf"


Role = tuple[str | int, ...]
"""Where the values speak of an object: `("configMap",)`, or `("extraResources", 0)`."""
CONFIG_MAP: Role = ("configMap",)
HEADLESS: Role = ("headlessService",)
SERVICE: Role = ("service",)
STATEFUL_SET: Role = ("statefulSet",)
INSTANCE = "app.kubernetes.io/instance"
"""The label that names the release."""


def stream(objects: dict[Role, Values]) -> str:
    """The objects as a stream of documents."""
    return "".join("---\n" + "\n".join(block(item)) + "\n" for item in objects.values())


def objects(values: Values, places: Places, fullname: str = FULLNAME) -> dict[Role, Values]:
    """What the chart renders for values that are completed with its defaults, in the order that Helm has.

    `fullname` is what the chart calls its objects unless the values say otherwise. Raises NatsvaluesError for a patch
    in the values that does not fit.
    """
    return _Chart(values, places, fullname).objects()


def fullname(release: str, values: Values) -> str:
    """What the chart calls its objects in a release of this name; the chart's own name is in it once."""
    name = str(values.get("nameOverride") or "nats")
    return (release if name in release else f"{release}-{name}")[:63].rstrip("-")


class _Chart(Chartlike):
    """One rendering."""

    def __init__(self, values: Values, places: Places, fullname: str) -> None:
        super().__init__(values, places)
        self.config: Values = values["config"]
        full = str(values["fullnameOverride"] or fullname)
        self.name = str(values["statefulSet"]["name"] or full)
        self.headless = str(values["headlessService"]["name"] or f"{full}-headless")
        self.service = str(values["service"]["name"] or full)
        self.config_map = str(values["configMap"]["name"] or f"{full}-config")
        self.account = str(values["serviceAccount"]["name"] or full)
        self.full = full

    def objects(self) -> dict[Role, Values]:
        """All of them."""
        conf = self.settings(self.name, self.headless)
        made = {CONFIG_MAP: self._config_map(conf), HEADLESS: self._headless()}
        if self.values["service"]["enabled"]:
            made[SERVICE] = self._client_service()
        for number, item in enumerate(self.values["extraResources"]):
            if not isinstance(item, dict):
                where = (self.places.where(("extraResources", number)),)
                raise NatsvaluesError("NV-V002", "an extra resource that is no object", where=where)
            made["extraResources", number] = self._selecting(copied(item))
        made[STATEFUL_SET] = self._stateful_set(conf)
        return made

    def _selecting(self, item: Values) -> Values:
        """A Service of the user's that names the release: who installs under that name means these pods."""
        selector = (item.get("spec") or {}).get("selector") if item.get("kind") == "Service" else None
        if isinstance(selector, dict) and selector.get("app.kubernetes.io/component") == "nats":
            if selector.get("app.kubernetes.io/name") == (self.values["nameOverride"] or "nats"):
                selector["app.kubernetes.io/name"] = SELECTOR["app.kubernetes.io/name"]
            if isinstance(selector.get(INSTANCE), str):
                selector[INSTANCE] = SELECTOR[INSTANCE]
        return item

    def _metadata(self, name: str) -> Values:
        metadata: Values = {"labels": self._labels(), "name": name}
        if self.values["namespaceOverride"]:
            metadata["namespace"] = str(self.values["namespaceOverride"])
        return metadata

    def _labels(self) -> Values:
        return {**self.values["global"]["labels"], **LABELS}

    def _config_map(self, conf: Values) -> Values:
        made = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": self._metadata(self.config_map),
            "data": {CONFIG_FILE: text(conf)},
        }
        changed: Values = self.changed(made, self.values["configMap"], "configMap")
        return changed

    # --- Services -----------------------------------------------------------------------------------------

    def _headless(self) -> Values:
        made = self._service(self.headless, [self._service_port(listener, {}) for listener in self._listening()])
        made["spec"] |= {"clusterIP": "None", "publishNotReadyAddresses": True}
        changed: Values = self.changed(made, self.values["headlessService"], "headlessService")
        return changed

    def _client_service(self) -> Values:
        section = self.values["service"]
        shown = [listener for listener in self._listening() if section["ports"].get(listener, {}).get("enabled")]
        ports = [self._service_port(listener, section["ports"][listener]) for listener in shown]
        changed: Values = self.changed(self._service(self.service, ports), section, "service")
        return changed

    def _listening(self) -> list[str]:
        return [listener for listener in LISTENERS if listens(self.config, listener)]

    def _service(self, name: str, ports: list[Values]) -> Values:
        spec = {"selector": dict(SELECTOR), "ports": ports or None}
        return {"apiVersion": "v1", "kind": "Service", "metadata": self._metadata(name), "spec": spec}

    def _service_port(self, listener: str, given: Values) -> Values:
        secure = bool((self.config[listener].get("tls") or {}).get("enabled"))
        by_http = listener in ("websocket", "monitor")
        return {
            "port": self.config[listener]["port"],
            **{key: item for key, item in given.items() if key != "enabled"},
            "name": listener,
            "targetPort": listener,
            "appProtocol": ("https" if secure else "http") if by_http else ("tls" if secure else "tcp"),
        }

    # --- the StatefulSet ----------------------------------------------------------------------------------

    def _stateful_set(self, conf: Values) -> Values:
        cluster = self.config["cluster"]
        claims = [self._claim(*claim) for claim in self._claimed()]
        made = {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": self._metadata(self.name),
            "spec": {
                "serviceName": self.headless,
                "podManagementPolicy": "Parallel",
                "replicas": cluster["replicas"] if cluster["enabled"] else 1,
                "selector": {"matchLabels": dict(SELECTOR)},
                "template": self._pod(conf),
                "volumeClaimTemplates": claims or None,
            },
        }
        changed: Values = self.changed(made, self.values["statefulSet"], "statefulSet")
        return changed

    def _claimed(self) -> Iterator[tuple[str, Values, str, tuple[str, ...]]]:
        """Name, values, mount path and place of each volume claim."""
        store = self.config["jetstream"]["fileStore"]
        if self.config["jetstream"]["enabled"] and store["enabled"] and store["pvc"]["enabled"]:
            place = ("config", "jetstream", "fileStore", "pvc")
            yield str(store["pvc"]["name"] or f"{self.full}-js"), store["pvc"], store["dir"], place
        resolver = self.config["resolver"]
        if resolver["enabled"] and resolver["pvc"]["enabled"]:
            name = str(resolver["pvc"]["name"] or f"{self.full}-resolver")
            yield name, resolver["pvc"], resolver["dir"], ("config", "resolver", "pvc")

    def _claim(self, name: str, given: Values, _: str, place: tuple[str, ...]) -> Values:
        spec: Values = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": str(given["size"])}}}
        if given["storageClassName"]:
            spec["storageClassName"] = given["storageClassName"]
        changed: Values = self.changed({"metadata": {"name": name}, "spec": spec}, given, *place)
        return changed

    def _pod(self, conf: Values) -> Values:
        given, reloads = self.values["podTemplate"], self.values["reloader"]["enabled"]
        server = self._server()
        containers = [server]
        if reloads:
            containers.append(self._reloader(conf, server))
        if self.values["promExporter"].get("enabled") and self.config["monitor"]["enabled"]:
            containers.append({"name": "prom-exporter"})  # named, so that whoever patches by number counts right
        spec: Values = {
            "containers": containers,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": given["terminationGracePeriodSeconds"],
            "volumes": self._volumes(),
        }
        if self.values["global"]["image"]["pullSecretNames"]:
            spec["imagePullSecrets"] = [{"name": name} for name in self.values["global"]["image"]["pullSecretNames"]]
        if given["topologySpreadConstraints"]:
            spec["topologySpreadConstraints"] = [
                {**(item or {}), "topologyKey": key, "labelSelector": {"matchLabels": dict(SELECTOR)}}
                for key, item in sorted(given["topologySpreadConstraints"].items())
            ]
        if self.values["serviceAccount"]["enabled"]:
            spec["serviceAccountName"] = self.account
        if reloads:
            spec["shareProcessNamespace"] = True
        made = {"metadata": {"labels": self._labels(), "annotations": None}, "spec": spec}
        changed: Values = self.changed(made, given, "podTemplate")
        return changed

    def _certified(self) -> list[str]:
        """The listeners whose certificates are mounted."""
        ours = (name for name in LISTENERS if name not in ("monitor", "profiling") and listens(self.config, name))
        return [name for name in ours if self.config[name]["tls"]["enabled"] and self.config[name]["tls"]["secretName"]]

    def _volumes(self) -> list[Values]:
        authority = self.values["tlsCA"]
        volumes: list[Values] = [{"name": "config", "configMap": {"name": self.config_map}}]
        if self.values["reloader"]["enabled"]:
            volumes.append({"name": "pid", "emptyDir": {}})
        if authority["enabled"] and authority["configMapName"]:
            volumes.append({"name": "tls-ca", "configMap": {"name": authority["configMapName"]}})
        elif authority["enabled"] and authority["secretName"]:
            volumes.append({"name": "tls-ca", "secret": {"secretName": authority["secretName"]}})
        for listener in self._certified():
            secret = {"secretName": str(self.config[listener]["tls"]["secretName"])}
            volumes.append({"name": f"{listener}-tls", "secret": secret})
        return volumes

    def _server(self) -> Values:
        given, config = self.values["container"], self.config
        reloads, authority = self.values["reloader"]["enabled"], self.values["tlsCA"]
        mounts = [{"name": "config", "mountPath": "/etc/nats-config"}]
        mounts += [{"name": "pid", "mountPath": "/var/run/nats"}] if reloads else []
        mounts += [{"name": name, "mountPath": folder} for name, _, folder, _ in self._claimed()]
        if authority["enabled"] and (authority["configMapName"] or authority["secretName"]):
            mounts.append({"name": "tls-ca", "mountPath": authority["dir"]})
        mounts += [{"name": f"{name}-tls", "mountPath": config[name]["tls"]["dir"]} for name in self._certified()]
        pid = "/var/run/nats/nats.pid" if reloads else "/var/run/nats.pid"
        made: Values = {
            "name": "nats",
            **_image(given["image"], self.values["global"]["image"]),
            "ports": [
                {"containerPort": config[name]["port"], **(given["ports"].get(name) or {}), "name": name}
                for name in self._listening()
            ],
            "args": ["--config", f"/etc/nats-config/{CONFIG_FILE}"],
            "env": [
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "SERVER_NAME", "value": f"{config['serverNamePrefix']}$(POD_NAME)"},
                *self._env(given["env"]),
            ],
            "lifecycle": {"preStop": {"exec": {"command": ["nats-server", f"-sl=ldm={pid}"]}}},
            "resources": given["resources"],
            "volumeMounts": mounts,
        }
        if config["monitor"]["enabled"]:
            made["startupProbe"] = self._probe("/healthz", 10, 90)
            made["readinessProbe"] = self._probe("/healthz?js-server-only=true", 10, 3)
            made["livenessProbe"] = self._probe("/healthz?js-enabled-only=true", 30, 3)
        changed: Values = self.changed(made, given, "container")
        return changed

    def _env(self, given: Values) -> Iterator[Values]:
        for name, value in sorted(given.items()):
            if not isinstance(value, (str, dict)):
                where = (self.places.where(("container", "env", name)),)
                hint = "quote it; the chart refuses anything but a text or a mapping such as {valueFrom: …}"
                raise NatsvaluesError("NV-V002", "an environment variable that is no text", where=where, hint=hint)
            yield {"name": name, **(value if isinstance(value, dict) else {"value": value})}

    def _probe(self, path: str, period: int, failures: int) -> Values:
        get: Values = {"path": path, "port": "monitor"}
        if self.config["monitor"]["tls"]["enabled"]:
            get["scheme"] = "HTTPS"
        times = {"initialDelaySeconds": 10, "timeoutSeconds": 5, "periodSeconds": period}
        return {"httpGet": get, **times, "successThreshold": 1, "failureThreshold": failures}

    def _reloader(self, conf: Values, server: Values) -> Values:
        given = self.values["reloader"]
        args = ["-pid", "/var/run/nats/nats.pid", "-config", f"/etc/nats-config/{CONFIG_FILE}"]
        for file in _watched(conf):
            args += ["-config", file]
        shared = [
            mount
            for mount in server.get("volumeMounts") or []
            if str(mount.get("mountPath")).startswith(tuple(given["natsVolumeMountPrefixes"]))
        ]
        made = {
            "name": "reloader",
            **_image(given["image"], self.values["global"]["image"]),
            "args": args,
            "volumeMounts": [{"name": "pid", "mountPath": "/var/run/nats"}, *copied(shared)],
        }
        changed: Values = self.changed(made, given, "reloader")
        return changed


def _image(given: Values, shared: Values) -> Values:
    image = f"{given['repository']}@{given['digest']}" if given["digest"] else f"{given['repository']}:{given['tag']}"
    registry = given["registry"] or shared["registry"]
    policy = given["pullPolicy"] or shared["pullPolicy"]
    named = given["fullImageName"] or (f"{registry}/{image}" if registry else image)
    return {"image": str(named), **({"imagePullPolicy": policy} if policy else {})}


def _watched(conf: Any) -> Iterator[str]:
    """The files that the reloader watches beside nats.conf, by sorted key."""
    for key, value in sorted(conf.items()) if isinstance(conf, dict) else ():
        if key in ("cert_file", "key_file", "ca_file"):
            yield str(value)
        elif key.endswith("$include"):
            yield "/etc/nats-config/" + str(value).removeprefix("./")
        else:
            yield from _watched(value)
