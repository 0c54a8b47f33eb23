"""What the chart does with its values where natsvalues relies on it: merge, patch, placeholders, includes, checksum.

The same holds for the upstream chart (`NATSVALUES_CHART`), so what the stand-in shows is what users get.
"""

import json

import pytest
import yaml

CONF = ("ConfigMap", "nats-config")
STATEFULSET = ("StatefulSet", "nats")
SERVICE = ("Service", "nats")

# The values, an object, a path in it, what stands there; nats.conf is asked in its text.
OBJECTS = {
    "merge puts a map into a map": (
        "service: {merge: {metadata: {annotations: {a: b}}}}",
        SERVICE, ("metadata", "annotations"), {"a": "b"},
    ),
    "merge replaces a list": (
        "service: {merge: {spec: {ports: [{name: x, port: 1}]}}}",
        SERVICE, ("spec", "ports"), [{"name": "x", "port": 1}],
    ),
    "merge replaces by what is empty": (
        "service: {merge: {spec: {selector: '', type: ClusterIP}}}",
        SERVICE, ("spec", "selector"), "",
    ),
    "a null in a merge is written, not a removal": (
        "service: {merge: {spec: {selector: null}}}",
        SERVICE, ("spec",), lambda spec: "selector" in spec and spec["selector"] is None,
    ),
    "a patch removes": (
        "service: {patch: [{op: remove, path: /spec/selector}]}",
        SERVICE, ("spec",), lambda spec: "selector" not in spec,
    ),
    "a patch goes over a merge": (
        "service: {merge: {metadata: {labels: {a: b}}}, patch: [{op: replace, path: /metadata/labels/a, value: c}]}",
        SERVICE, ("metadata", "labels", "a"), "c",
    ),
    "a patch escapes a slash and appends to a list": (
        "podTemplate: {patch: [{op: add, path: /metadata/annotations, value: {x/y: z}}, "
        "{op: replace, path: /metadata/annotations/x~1y, value: w}]}",
        STATEFULSET, ("spec", "template", "metadata", "annotations", "x/y"), "w",
    ),
    "a patch appends to a list": (
        "container: {patch: [{op: add, path: /args/-, value: -V}]}",
        STATEFULSET, ("spec", "template", "spec", "containers", 0, "args", -1), "-V",
    ),
    "a value is a template": (
        'service: {merge: {metadata: {annotations: {of: {$tplYaml: "{{ .Release.Name }}-{{ .Values.config.nats.port }}"}}}}}',
        SERVICE, ("metadata", "annotations", "of"), "nats-4222",
    ),
    "a template may be spread over a list": (
        'service: {merge: {spec: {externalIPs: [a, {$tplYamlSpread: "[b, c]"}]}}}',
        SERVICE, ("spec", "externalIPs"), ["a", "b", "c"],
    ),
    "an extra resource is rendered as it is written": (
        "extraResources: [{apiVersion: v1, kind: Service, metadata: {name: more}, spec: {ports: [{port: 7222}]}}]",
        ("Service", "more"), ("spec",), {"ports": [{"port": 7222}]},
    ),
    "an extra resource may be templated": (
        'extraResources: [{apiVersion: v1, kind: ConfigMap, metadata: {name: {$tplYaml: "{{ .Release.Name }}-more"}}}]',
        ("ConfigMap", "nats-more"), ("kind",), "ConfigMap",
    ),
    "the server's name has the prefix before that of the pod": (
        "config: {serverNamePrefix: east-}",
        STATEFULSET, ("spec", "template", "spec", "containers", 0, "env"),
        lambda env: {"name": "SERVER_NAME", "value": "east-$(POD_NAME)"} in env,
    ),
    "no checksum unless it is asked for": (
        "podTemplate: {configChecksumAnnotation: false}",
        STATEFULSET, ("spec", "template", "metadata"), lambda metadata: "checksum/config" not in str(metadata),
    ),
    "a checksum of the configuration": (
        "podTemplate: {configChecksumAnnotation: true}",
        STATEFULSET, ("spec", "template", "metadata", "annotations", "checksum/config"), lambda text: len(text) == 64,
    ),
}  # fmt: skip

CONFIGURATIONS = {
    "a merge into the configuration": ("config: {merge: {max_payload: 1}}", '"max_payload": 1'),
    "a text in angle brackets comes without quotes": (
        'config: {merge: {max_payload: "<< 8MB >>", token: "<< $TOKEN >>"}}', '"max_payload": 8MB',
    ),
    "any other text in quotes": ("config: {merge: {max_payload: 8MB}}", '"max_payload": "8MB"'),
    "an include": ("config: {merge: {$include: ./more.conf}}", "include ./more.conf"),
    "an include with a name to sort by": ("config: {merge: {10$include: ./more.conf}}", "include ./more.conf"),
    "a merge into the cluster": ("config: {cluster: {enabled: true, merge: {name: east}}}", '"name": "east"'),
    "a merge into the gateway": (
        "config: {gateway: {enabled: true, merge: {advertise: 'gw:7222', reject_unknown_cluster: true}}}",
        '"reject_unknown_cluster": true',
    ),
    "a patch of the configuration": (
        "config: {patch: [{op: add, path: /lame_duck_duration, value: 30s}]}", '"lame_duck_duration": "30s"',
    ),
}  # fmt: skip


@pytest.fixture(params=["helm3", "helm4"])
def rendered_with(request, nats_chart, run, tmp_path):
    """Render the chart with values: `rendered_with(text)` gives the objects by kind and name."""
    helm = request.getfixturevalue(request.param)

    def render(values):
        path = tmp_path / "values.yaml"
        path.write_text(values)
        done = run(helm, "template", "nats", nats_chart, "-n", "nats", "-f", path, check=True)
        documents = [document for document in yaml.safe_load_all(done.stdout) if document]
        return {(document["kind"], document["metadata"]["name"]): document for document in documents}

    return render


@pytest.mark.helm
@pytest.mark.parametrize("case", OBJECTS)
def test_what_values_do_to_an_object(case, rendered_with):
    """By both majors of helm."""
    values, key, path, wanted = OBJECTS[case]
    found = rendered_with(values)[key]
    for step in path:
        found = found[step]

    assert wanted(found) if callable(wanted) else found == wanted, json.dumps(found)


@pytest.mark.helm
@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_what_values_do_to_the_configuration(case, rendered_with):
    """In the words of nats.conf."""
    values, wanted = CONFIGURATIONS[case]

    assert wanted in rendered_with(values)[CONF]["data"]["nats.conf"]
