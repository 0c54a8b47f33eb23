"""Where the chart keeps things: found by what they are, among decoys that look alike."""

from __future__ import annotations

import copy

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import all_nats, config_path, find_nats
from natsvalues.manifests.release import Release
from natsvalues.manifests.services import services_of


def other_statefulset():
    """A StatefulSet that is no NATS, but watches port 8222 and mounts a nats.conf."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "nats-watcher"},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "watcher",
                            "image": "example.com/nats-watcher:2.14.2",
                            "args": ["--config", "/etc/watcher/nats.conf"],
                            "ports": [{"containerPort": 8222, "name": "monitor"}],
                            "startupProbe": {"httpGet": {"path": "/healthz", "port": 8222}},
                            "volumeMounts": [{"mountPath": "/etc/watcher", "name": "config"}],
                        }
                    ],
                    "volumes": [{"name": "config", "configMap": {"name": "watched"}}],
                }
            }
        },
    }


def other_config_map(name):
    """A ConfigMap with a nats.conf that no server reads."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"nats.conf": "port: 1\n"}}


def found(text):
    """The StatefulSet and ConfigMap of every NATS, by name."""
    return [(nats.name, nats.config_map.key.name) for nats in all_nats(Release(text))]


def test_the_server_is_found_among_decoys(stream, statefulset, config_map):
    """Neither a StatefulSet with a probe on 8222 nor a ConfigMap nats.conf of somebody else is taken for one."""
    decoys = (other_config_map("watched"), other_config_map("nats"), other_statefulset())
    nats = find_nats(Release(stream(*decoys, config_map, statefulset)))

    assert (nats.name, nats.namespace, nats.container, nats.config_key) == ("nats", "", "nats", "nats.conf")
    assert nats.config_map.key.name == "nats-config"
    assert nats.conf == config_map["data"]["nats.conf"]
    assert nats.pod_labels == {"app": "nats"}
    assert nats.container_value == statefulset["spec"]["template"]["spec"]["containers"][0]
    assert str(nats.version) == "2.14.2"


def test_names_do_not_matter(stream, statefulset, config_map, container):
    """Another container name, another file and other objects: the image, the port and the mount tell."""
    container.update(name="bus", image="registry.example.com:5000/mirror/nats", command=["nats-server"])
    container["args"] = ["-c=/etc/bus/server.conf"]
    container["volumeMounts"] = [{"mountPath": "/data", "name": "data"}, {"mountPath": "/etc/bus", "name": "config"}]
    container["ports"] = [{"containerPort": 4222}]
    statefulset["metadata"]["name"] = "plat-bus"
    config_map["data"] = {"server.conf": "port: 4222\n"}
    nats = find_nats(Release(stream(config_map, statefulset)))

    assert (nats.name, nats.container, nats.config_key, nats.conf) == ("plat-bus", "bus", "server.conf", "port: 4222\n")
    assert not nats.version.known


def test_a_container_called_nats_may_have_any_image(stream, statefulset, config_map, container):
    """Private images have names of their own, and ports have names, too."""
    container.update(image="example.com/base@sha256:0123", ports=[{"containerPort": 14222, "name": "nats"}])

    assert found(stream(statefulset, config_map)) == [("nats", "nats-config")]


LACKING = {
    "another kind": lambda item: item.update(kind="Deployment"),
    "no client port": lambda item: first(item).update(ports=[{"containerPort": 8222, "name": "monitor"}]),
    "ports null": lambda item: first(item).update(ports=None),
    "no configuration file named": lambda item: first(item).update(args=["--js"]),
    "an option without its file": lambda item: first(item).update(args=["--config"]),
    "nothing mounted": lambda item: first(item).pop("volumeMounts"),
    "mounted elsewhere": lambda item: first(item).update(volumeMounts=[{"mountPath": "/etc", "name": "config"}]),
    "from a Secret": lambda item: pod(item).update(volumes=[{"name": "config", "secret": {"secretName": "x"}}]),
    "from a ConfigMap of another release": lambda item: pod(item).update(
        volumes=[{"name": "config", "configMap": {"name": "elsewhere"}}]
    ),
    "in another namespace": lambda item: item["metadata"].update(namespace="other"),
    "no containers": lambda item: pod(item).update(containers=None),
}


def pod(statefulset):
    """The specification of its pods."""
    return statefulset["spec"]["template"]["spec"]


def first(statefulset):
    """Its first container."""
    return pod(statefulset)["containers"][0]


@pytest.mark.parametrize("lack", LACKING)
def test_what_lacks_a_part_is_no_server(stream, statefulset, config_map, lack):
    """It is told with code, place and what the release has instead; nothing is guessed."""
    LACKING[lack](statefulset)
    with pytest.raises(NatsvaluesError) as error:
        find_nats(Release(stream(config_map, statefulset)))

    assert error.value.code == "NV-I003"
    assert error.value.hint.startswith(f"found: 1 ConfigMap, 1 {statefulset['kind']}\n")
    assert [place.file for place in error.value.where] == ["standard input"]


def test_the_last_config_map_of_a_name_counts(stream, statefulset, config_map):
    """Applied one after another, the last one wins; one without the file does not."""
    last = copy.deepcopy(config_map)
    last["data"]["nats.conf"] = "port: 4333\n"
    without = {**other_config_map("nats-config"), "data": {"other.conf": ""}}

    assert find_nats(Release(stream(config_map, last, statefulset, without))).conf == "port: 4333\n"


def test_several_servers_need_a_choice(stream, statefulset, config_map):
    """Without one all are named with their lines; with a name, or a namespace, that one is taken."""
    other, other_map = copy.deepcopy(statefulset), copy.deepcopy(config_map)
    other["metadata"] = {"name": "audit", "namespace": "logs"}
    other_map["metadata"]["namespace"] = "logs"
    release = Release(stream(config_map, statefulset, other_map, other))
    with pytest.raises(NatsvaluesError) as several:
        find_nats(release)
    with pytest.raises(NatsvaluesError) as wrong:
        find_nats(release, "bus", "logs")

    assert (several.value.code, several.value.message) == (
        "NV-I004",
        "the release has 2 NATS servers: nats, logs/audit",
    )
    lines = [nats.statefulset.line for nats in all_nats(release)]
    assert [place.line for place in several.value.where] == lines
    assert several.value.hint.endswith("nats: {name: nats}")
    assert (wrong.value.code, wrong.value.message) == (
        "NV-I005",
        "the release has no NATS named `bus` in namespace `logs`",
    )
    assert wrong.value.hint == "there is: nats, logs/audit; correct `nats` in the region's overlay"
    assert find_nats(release, "audit").config_map.key.namespace == "logs"
    assert find_nats(release, None, "logs").name == "audit"
    assert find_nats(release, "nats", "").name == "nats"


@pytest.mark.parametrize("text", ["", "\n", "---\n", "\ufeff---\n---\n", " \t\r\n---\r\n"])
def test_an_empty_stream_is_reported_from_one_without_nats(text):
    """Markers, white space and a byte order mark are nothing."""
    with pytest.raises(NatsvaluesError) as error:
        find_nats(Release(text))

    assert error.value.code == "NV-I001"


def test_a_stream_that_is_no_yaml_is_reported_with_its_line():
    """The place counts from the start of the stream, not of the document."""
    with pytest.raises(NatsvaluesError) as error:
        find_nats(Release("---\nkind: A\n---\nkind: [\n"))

    assert (error.value.code, error.value.where[0].line) == ("NV-I002", 5)


@pytest.mark.parametrize(
    ("container", "path"),
    [
        ({"args": ["--config", "/a/b.conf"]}, "/a/b.conf"),
        ({"args": ["-c", "/a/b.conf", "--js"]}, "/a/b.conf"),
        ({"args": ["-config=/a/b.conf"]}, "/a/b.conf"),
        ({"command": ["nats-server", "--config=/a/b.conf"], "args": ["--js"]}, "/a/b.conf"),
        ({"command": ["nats-server", "-c"], "args": ["/a/b.conf"]}, "/a/b.conf"),
        ({"command": ["nats-server", "-c", "/z.conf"], "args": ["--config", "/a/b.conf"]}, "/a/b.conf"),
        ({"args": ["--js", 4222]}, None),
        ({"args": None}, None),
        ({}, None),
        ({"args": ["-c"]}, None),
    ],
)
def test_the_configuration_file_is_read_from_the_command_line(container, path):
    """In every spelling that nats-server takes, over command and args together."""
    assert config_path(container) == path


def service(name, selector, port=4222, **metadata):
    """A Service with one port."""
    spec = {"selector": selector, "ports": [{"name": "p", "port": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, **metadata}, "spec": spec}


def test_only_services_of_the_gateway_are_given(stream, statefulset, config_map):
    """The headless one, and those with the gateway's port or name that select these pods; nobody else's."""
    mine = {"app": "nats"}
    release = Release(
        stream(
            config_map,
            statefulset,
            service("nats-headless", mine),
            service("nats", mine),
            service("nats-gateway", mine, 5000),
            service("lb", {**mine, "statefulset.kubernetes.io/pod-name": "nats-0"}, 7222),
            service("decoy-gateway", {"app": "other"}, 7222),
            service("decoy-more", {**mine, "tier": "x"}, 7222),
            service("decoy-none", None, 7222),
            service("decoy-empty", {}, 7222),
            service("decoy-elsewhere", mine, 7222, namespace="other"),
        )
    )
    given = services_of(release, find_nats(release), "gateway", "7222", "nats-headless")

    assert [item.key.name for item in given] == ["nats-headless", "nats-gateway", "lb"]
