"""No secret in anything that any verb says, in any format: hundreds of needles, new ones in each run."""

from __future__ import annotations

import io
import json
import os
import random
import shutil

import pytest
import yaml

from natsvalues.cli.app import run as run_app
from natsvalues.cli.diff.command import diff
from natsvalues.cli.diff.options import FORMATS as DIFF_FORMATS
from natsvalues.cli.krm import krm
from natsvalues.cli.light import PostRenderOptions
from natsvalues.cli.lint import FORMATS as LINT_FORMATS
from natsvalues.cli.post_render import post_render
from natsvalues.cli.state import state_file
from natsvalues.cli.topology import FORMATS as TOPOLOGY_FORMATS

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("NATSVALUES_SEED") or random.SystemRandom().randrange(2**32))
"""Of this run; NATSVALUES_SEED repeats one."""
SHORTEST = 12
"""Characters of the shortest needle."""
TOGETHER = 20
"""Needles in one object."""
CONF = """\
port: 4222
http_port: 8222
server_name: $SERVER_NAME
cluster { name: us-east, port: 6222, routes: [nats://nats-0:6222] }
gateway { name: us-east, port: 7222, advertise: "us.example.com:7222", OF_GATEWAY }
jetstream { store_dir: /data }
"""


@pytest.fixture(scope="session")
def needles(load_module):
    """The module with the places and forms."""
    return load_module(os.path.join(HERE, "needles.py"))


@pytest.fixture
def say(tmp_path, monkeypatch, capsysbinary):
    """Run a verb in this process: what it says, standard output among it if `output`, and files that it writes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    said: dict[str, str] = {}

    def call(name, verb, stdin="", *, output=True, codes=(0,)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = verb()
        out, error = (text.decode() for text in capsysbinary.readouterr())
        said[f"{name}: standard error"] = error
        if output:
            said[f"{name}: standard output"] = out
        if os.path.exists(state_file()):
            shutil.copy(state_file(), tmp_path / "reports")
        for file in (tmp_path / "reports").glob("*"):
            said[f"{name}: {file.name}"] = file.read_text(encoding="utf-8")
            file.unlink()
        assert code in codes, error
        return out

    def app(*words):
        def verb():
            monkeypatch.setattr("sys.argv", ["natsvalues", *words])
            return run_app()

        return verb

    (tmp_path / "reports").mkdir()
    call.said, call.app = said, app
    return call


def made(needles, seed):
    """All needles of a seed: known names in every place, random names, options and formats."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets that anybody keeps
    names = [f"{needles.word(chance, 4)}_{chance.choice(needles.NAMES)}" for _ in range(12)]
    found = [*needles.by_name([*needles.NAMES, *names], chance), *needles.by_option(chance)]
    return [*found, *needles.by_format(chance)]


def in_conf(needles, chance):
    """A nats.conf with secrets of its own, the file that it includes, the container's variables, and the secrets."""
    secrets = [needles.word(chance) for _ in range(24)]
    users = [f"{{user: a, {name}: '{secrets.pop()}'}}" for name in ("password", "pass", "signing_key", "'X-Auth'")]
    kept = secrets[:]
    main = f"""
authorization {{ timeout: 2, bearer: "{kept[0]}", other: [{kept[1]}] }}
accounts {{ A {{ users: [{", ".join(users)}, {{user: v, password: $GW_LOGIN}}, {{user: w, pass: $OF_INCLUDE}}] }}
  B {{ LOCAL: {kept[2]}, users: [{{user: x, password: $LOCAL}}] }}
  C {{ users: [{{user: y, password: $OF_POD}}, {{user: z, password: $INDIRECT}}] }} }}
GW_LOGIN: "{kept[3]}"
INDIRECT: $BEHIND
BEHIND: {kept[4]}
include "./more.conf"
websocket {{ port: 8080, no_tls: true, headers: {{ "X-Any": "{kept[5]}" }} }}
leafnodes {{ remotes: [{{url: "nats://u:{kept[6]}@hub:7422"}}, {{urls: ["tls://{kept[7]}@hub:7422"]}}] }}
mqtt {{ port: 1883, authorization {{ token: {kept[8]} }} }}
# the password was {kept[9]}
debug: no # token = {kept[10]}
"""
    conf = (
        CONF.replace("store_dir: /data", f"store_dir: /data, cipher: aes, key: {kept[11]}, prev_ek: {kept[12]}") + main
    )
    peers = f"""gateways: [{{name: eu-west, url: "nats://g:{kept[15]}@eu:7222"}}, {{name: x, urls: ["tls://{kept[16]}@x:7222"]}}]
  authorization {{ user: g, password: "{kept[17]}" }}"""
    conf = conf.replace("OF_GATEWAY", peers)
    of_pod = {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    env = [of_pod, {"name": "SERVER_NAME", "value": "$(POD_NAME)"}, {"name": "OF_POD", "value": kept[13]}]
    everything = [*kept[:18], *(user.split("'")[-2] for user in users)]
    return conf, f"OF_INCLUDE: '{kept[14]}'\n", env, everything


def release(needles, seed):
    """A release with all needles of a seed, each as a value of its own, and every trace that it has by its label."""
    chance = random.Random(seed + 1)  # noqa: S311
    conf, more, env, secrets = in_conf(needles, chance)
    container = {"name": "nats", "image": "nats:2.14.2", "args": ["--config", "/etc/nats-config/nats.conf"], "env": env}
    container["ports"] = [{"containerPort": 4222, "name": "nats"}, {"containerPort": 8222, "name": "monitor"}]
    container["volumeMounts"] = [{"mountPath": "/etc/nats-config", "name": "config"}]
    pod = {"containers": [container], "volumes": [{"name": "config", "configMap": {"name": "nats-config"}}]}
    template = {"metadata": {"labels": {"app": "nats"}}, "spec": pod}
    spec = {"replicas": 3, "serviceName": "nats-headless", "template": template}
    secret = needles.word(chance)
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nats-config"},
         "data": {"nats.conf": conf, "more.conf": more}},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "nats"}, "spec": spec},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"a.conf": f"b: {secret}\n"},
         "data": {"c": needles.b64(secret)}},
    ]  # fmt: skip
    traces = {f"nats.conf {number}": (text,) for number, text in enumerate(secrets)}
    traces["Secret"] = (secret, needles.b64(secret)[:12])
    everything = made(needles, seed)
    for number in range(0, len(everything), TOGETHER):
        some = everything[number : number + TOGETHER]
        spec = {f"n{index}": needle.value for index, needle in enumerate(some)}
        metadata = {"name": f"thing-{number}"}
        objects.append({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": metadata, "spec": spec})
        traces |= {needle.label: needle.traces for needle in some}
    return "---\n".join(json.dumps(item) + "\n" for item in objects), traces


def leaks(said, traces):
    """Where something of a needle is said: what, where and the text around it."""
    starts = {trace[:SHORTEST]: (trace, label) for label, every in traces.items() for trace in every}
    return [
        (label, where, text[max(0, at - 90) : at + 60])
        for where, text in said.items()
        for at in range(len(text) - SHORTEST)
        for trace, label in [starts.get(text[at : at + SHORTEST], ("", ""))]
        if trace and text.startswith(trace, at)
    ]


def test_no_verb_says_a_secret(needles, say, overlays, tmp_path):
    """Every needle is in the release, and in nothing that is said of it."""
    (old, first), (new, second) = release(needles, SEED), release(needles, SEED + 2)
    traces = {**{f"old {label}": trace for label, trace in first.items()}, **second}
    assert len(traces) > 2000
    assert [label for label, every in traces.items() if not any(trace in old + new for trace in every)] == []
    (tmp_path / "old.yaml").write_text(old)
    (tmp_path / "new.yaml").write_text(new)
    (tmp_path / "us-east.yaml").write_text(new)
    overlays()
    outputs = [f"--output={name}=reports/diff.{name}" for name in DIFF_FORMATS]

    say("diff", lambda: diff(["old.yaml", "new.yaml", *outputs]))
    options = PostRenderOptions(overlays="overlays", prior="old.yaml", report="reports/prior.html", allow=("store",))
    assert "thing-20" in say("post-render", lambda: post_render(options), new, output=False)
    for words in (("last",), ("last", "--json")):
        say(" ".join(words), say.app(*words))
    for words in (("explain", "new.yaml"), ("explain", "--json", "new.yaml")):
        say(" ".join(words), say.app(*words, "--overlays", "overlays"))
    outputs = [f"--output={name}=reports/lint.{name}" for name in LINT_FORMATS]
    say("lint", say.app("lint", "us-east.yaml", "--overlays", "overlays", *outputs), codes=(4,))
    outputs = [f"--output={name}=reports/topology.{name}" for name in TOPOLOGY_FORMATS]
    say("topology", say.app("topology", "us-east.yaml", "--overlays", "overlays", *outputs))
    assert f"seed {SEED}: {leaks(say.said, traces)}" == f"seed {SEED}: []"


def patched(needles, chance):
    """The user's own patches with needles of each sort in a release, in nats.conf, and beside them; and the traces."""
    some = chance.sample(made(needles, SEED + 3), 120)
    ops = [{"op": "add", "path": f"/spec/more{index}", "value": item.value} for index, item in enumerate(some)]
    kept = [needles.word(chance) for _ in range(4)]
    of_conf = [
        {"op": "add", "path": "/accounts/P", "value": {"users": [{"user": "p", "password": kept[0]}]}},
        {"op": "add", "path": "/GW_LOGIN", "value": kept[1]},
        {"op": "replace", "path": "/mqtt/authorization/token", "value": kept[2]},
    ]
    pod = {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "OF_POD", "value": kept[3]}}
    patches = [
        {"target": {"kind": "Thing", "name": "thing-20"}, "ops": ops},
        {"target": {"file": "nats.conf"}, "ops": of_conf},
        {"target": {"kind": "StatefulSet", "name": "nats"}, "ops": [pod]},
    ]
    return patches, {**{item.label: item.traces for item in some}, **{text: (text,) for text in kept}}


def test_no_patch_tells(needles, say, overlays, tmp_path):
    """What the user's own patches put into a release is said by no verb that applies them."""
    chance = random.Random(SEED)  # noqa: S311
    patches, traces = patched(needles, chance)
    text, of_release = release(needles, SEED)
    overlays(patches=patches)
    (tmp_path / "input.yaml").write_text(text)
    items = [json.loads(document) for document in text.split("---\n")]
    config = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "f"},
        "data": {"overlays": "overlays", "results": "all"},
    }
    kind = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList"}

    released = say("post-render", lambda: post_render(PostRenderOptions(overlays="overlays")), text, output=False)
    assert all(any(trace in released for trace in every) for every in traces.values())
    traces |= of_release
    for words in (("last",), ("last", "--json"), ("overlay", "show", "us-east", "--overlays", "overlays")):
        say(" ".join(words), say.app(*words))
    for words in (("explain", "input.yaml"), ("explain", "--json", "input.yaml")):
        say(" ".join(words), say.app(*words, "--overlays", "overlays"))
    listed = say("krm", krm, json.dumps({**kind, "items": items, "functionConfig": config}), output=False)
    say.said["krm: results"] = listed[listed.index("results:") :]
    for form in ("kustomize", "flux", "helmfile"):
        say(form, say.app("export", form, "us-east", "input.yaml", "-o", f"out-{form}", "--overlays", "overlays"))
    assert f"seed {SEED}: {leaks(say.said, traces)}" == f"seed {SEED}: []"


def test_no_plain_file_tells(needles, say, tmp_path):
    """Plain nats.conf files with what they include, whose lines the findings quote."""
    chance = random.Random(SEED)  # noqa: S311
    traces = {}
    for name in ("old", "new"):
        conf, more, _, secrets = in_conf(needles, chance)
        text = conf.replace("$OF_POD", f"$OF_INCLUDE\n unknown_{name}: 1\n")
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.conf").write_text(f"wrong_1: 1\n{text}".replace("\n", "\nwrong: 1\n"))
        (tmp_path / name / "more.conf").write_text(f"wrong_2: 1\n{more}")
        traces |= {f"{name} {number}": (text,) for number, text in enumerate(secrets) if number != 13}
    outputs = [f"--output={name}=reports/diff.{name}" for name in DIFF_FORMATS]
    say("diff", lambda: diff(["old/a.conf", "new/a.conf", *outputs]))
    outputs = [f"--output={name}=reports/lint.{name}" for name in LINT_FORMATS]
    say("lint", say.app("lint", "new/a.conf", *outputs), codes=(4,))
    text, more_traces = release(needles, SEED)
    objects = [json.loads(document) for document in text.split("---\n")]
    (tmp_path / "us-east.yaml").write_text(yaml.dump_all(objects, sort_keys=False, default_style="|"))
    say("lint of YAML", say.app("lint", "us-east.yaml", "--region", "us-east"), codes=(4,))
    traces |= more_traces
    assert "(redacted)" in say.said["lint: lint.text"]
    assert f"seed {SEED}: {leaks(say.said, traces)}" == f"seed {SEED}: []"


def test_no_error_tells(needles, say, overlays, tmp_path):
    """Overlays with a secret where it does not belong, and files that cannot be read."""
    chance = random.Random(SEED)  # noqa: S311
    text, traces = release(needles, SEED)
    for label, fields in needles.WRONG.items():
        secret = needles.word(chance)
        traces[label] = (secret,)
        overlays(**json.loads(json.dumps(fields).replace("%", secret)))
        say(label, lambda: post_render(PostRenderOptions(overlays="overlays")), text, codes=(1,))
        say(f"{label}, last", say.app("last"))
        (tmp_path / "us-east.yaml").write_text(text)
        say(f"{label}, lint", say.app("lint", "us-east.yaml", "--overlays", "overlays"), codes=(1, 4))
    overlays()
    for line in needles.BROKEN:
        secret = needles.word(chance)
        traces[line] = (secret,)
        broken = text.replace("authorization {", f"authorization {{ {line.replace('%', secret)}", 1)
        for name in ("broken.yaml", "broken.yaml.txt", "us-east.yaml"):
            (tmp_path / name).write_text(broken if name != "broken.yaml.txt" else f"password: [{secret}\n: {{")
        (tmp_path / "broken.conf").write_text(f"authorization {{ {line.replace('%', secret)}")
        say(
            line,
            lambda: post_render(PostRenderOptions(overlays="overlays")),
            broken,
            codes=(0, 1),
            output=False,
        )
        say(f"{line}, diff", lambda: diff(["broken.yaml", "us-east.yaml"]), codes=(0, 1))
        for words in (("last",), ("lint", "us-east.yaml", "--overlays", "overlays"), ("lint", "broken.conf"),
                      ("explain", "broken.yaml.txt", "--overlays", "overlays")):  # fmt: skip
            say(f"{line}, {' '.join(words)}", say.app(*words), codes=(0, 1, 4))
    assert f"seed {SEED}: {leaks(say.said, traces)}" == f"seed {SEED}: []"


@pytest.mark.helm
def test_no_report_of_values_tells(needles, say, overlays, tmp_path, helm3, nats_chart, monkeypatch):
    """The report of `values` shows what it sets in place of the user's own, and what the chart ignores."""
    chance = random.Random(SEED)  # noqa: S311
    kept = [needles.word(chance) for _ in range(6)]
    traces = {f"values {number}": (text,) for number, text in enumerate(kept)}
    own = {
        "authorization": {"user": "u", "password": kept[0]},
        "gateways": [{"name": "x", "url": f"nats://u:{kept[1]}@h"}],
    }
    merge = {"GW_LOGIN": kept[2], "accounts": {"A": {"users": [{"user": "u", "password": "<< $GW_LOGIN >>"}]}}}
    values = {
        "config": {"cluster": {"enabled": True}, "gateway": {"enabled": True, "merge": own}, "merge": merge},
        "container": {
            "env": {"API_TOKEN": kept[3]},
            "merge": {"args": ["--config", "/etc/nats-config/nats.conf", "--auth", kept[4]]},
        },
        "natsBoxx": {"password": kept[5]},
    }
    (tmp_path / "values.yaml").write_text(json.dumps(values))
    overlays()
    monkeypatch.setenv("HELM_BIN", helm3)
    words = ("us-east", "-f", "values.yaml", "--chart", nats_chart, "--overlays", "overlays")
    made_of = say("values", say.app("values", *words), output=False)
    assert kept[2] in made_of
    assert "(redacted password)" in say.said["values: standard error"]
    assert f"seed {SEED}: {leaks(say.said, traces)}" == f"seed {SEED}: []"
