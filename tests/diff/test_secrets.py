"""No secret in anything a diff says, wherever it stands in a release: every format, errors, the state file."""

from __future__ import annotations

import base64
import json
import os
import re
from typing import NamedTuple
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from natsvalues.cli.diff.comparison import Sides, compare
from natsvalues.cli.diff.options import FORMATS, DiffOptions, Output
from natsvalues.cli.diff.reports import reports
from natsvalues.cli.phases import Phases
from natsvalues.diff.changes import About
from natsvalues.diff.drift import Upgrade, drift
from natsvalues.diff.sides import Side
from natsvalues.manifests.objects import entries
from natsvalues.manifests.release import Release

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BCRYPT = "$2a$11$" + "Zq3Wj8vLx0NcTr5YbHs6EuPkGd1MfAoI9eRwSaXtUyVnQhCzJlB7m"
SEED = "SUAGMJH5XLGZKQQWAWKRZJIGMOU4HPFUYLXJMXOO5NLFEO2OOQJ5LPRDPM"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5In0.eyJqdGkiOiJYWFgifQ.c2lnbmF0dXJlLW9mLXRoZS1qd3Q"
MARK = re.compile(r"\(redacted [a-z]+ [0-9a-f]{8}\)")


class Token(NamedTuple):
    """A secret: a core that no encoding changes (and whose base64 begins that of the whole), and a tail of any kind."""

    core: str
    tail: str

    def __str__(self):
        return self.core + self.tail

    @property
    def traces(self):
        """What must not be seen: the core, its base64, and what stands for it in a URL (the core again)."""
        return (self.core, b64(self.core))


def b64(text):
    """Base64 of a text."""
    return base64.b64encode(text.encode()).decode()


def userinfo(secret):
    """The secret as a password in a URL."""
    return f"nats://bob:{quote(str(secret), safe='')}@other.example.com:4222"


def conf(body):
    """A configuration file with something in it."""
    return f"port: 4222\n{body}\n"


def q(secret):
    """The secret as a string that every one of our languages reads."""
    return json.dumps(str(secret))


def u(secret):
    """A URL with it, in quotes."""
    return json.dumps(userinfo(secret))


def config_map(name, key, text):
    """A ConfigMap with one text."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {key: text}}


def secret_of(name, **fields):
    """A Secret."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, **fields}


def workload(name, annotations=None, **container):
    """A Deployment with one container."""
    pod = {"metadata": {"annotations": annotations or {}}, "spec": {"containers": [{"name": "a", **container}]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"template": pod}}


def hook(secret):
    """A hook that is given a secret on its command line."""
    metadata = {"name": "hook", "annotations": {"helm.sh/hook": "test"}}
    spec = {"containers": [{"name": "a", "args": ["sub", "--creds-secret", str(secret)]}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def custom(**spec):
    """An object of a kind that nobody knows."""
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "thing"}, "spec": spec}


def applied(secret):
    """The annotation in which kubectl keeps a whole object, here a Secret."""
    text = json.dumps(secret_of("applied", data={"harmless": b64(str(secret))}, stringData={"other": str(secret)}))
    key = "kubectl.kubernetes.io/last-applied-configuration"
    return {**secret_of("applied"), "metadata": {"name": "applied", "annotations": {key: text}}}


# Where a secret can stand, each as something in nats.conf, an object, or Helm values.
IN_CONF = {
    "token": lambda s: f"authorization {{ token: {q(s)} }}",
    "users": lambda s: f"accounts {{ A {{ users: [{{user: a, password: {q(s)}}}, {{user: b, pass: {q(s)}}}] }} }}",
    "a bcrypt beside": lambda s: f'websocket {{ token: {q(s)} }}\nmqtt {{ token: "{BCRYPT}" }}',
    "seeds and JWTs": lambda s: f"operator: {JWT}\nleafnodes {{ remotes: [{{url: {u(s)}, nkey: {SEED}}}] }}",
    "routes": lambda s: f"cluster {{ name: c, routes: [{u(s)}, nats://other:6222] }}",
    "gateways": lambda s: f"gateway {{ gateways: [{{name: r, urls: [{u(s)}]}}, {{name: t, url: {u(s)}}}] }}",
    "remotes by url": lambda s: f"leafnodes {{ remotes: [{{url: {u(s)}, account: A}}, {{url: nats://h:7422}}] }}",
    "preloaded accounts": lambda s: f"resolver_preload {{ ACC: {q(s)} }}",
    "the key of JetStream": lambda s: f"jetstream {{ store_dir: /data, cipher: aes, key: {q(s)} }}",
    "an authorization block": lambda s: f"cluster {{ authorization {{ user: r, password: {q(s)}, timeout: 2 }} }}",
    "a comment": lambda s: f"# password = {q(s)}\n# was {userinfo(s)}\nmax_payload: 1MB # token: {q(s)}",
    "a variable": lambda s: f"GATE_PASSWORD: {q(s)}\ngateway {{ authorization {{ password: $GATE_PASSWORD }} }}",
}  # fmt: skip
OBJECTS = {
    "data": lambda s: secret_of("data", data={"harmless": b64(str(s)), "same": b64("x")}),
    "stringData": lambda s: secret_of("string-data", stringData={"harmless": str(s), "file.conf": f"a: {s}"}),
    "a kept annotation": applied,
    "env": lambda s: workload("env", env=[{"name": "A_TOKEN", "value": str(s)}, {"name": "B", "value": userinfo(s)}]),
    "args apart": lambda s: workload("args", args=["serve", "--pass", str(s), "--port", "1"]),
    "args at the end": lambda s: workload("end", command=["serve", "--token", str(s)]),
    "args attached": lambda s: workload("attached", args=[f"--auth={s}", f"--url={userinfo(s)}"]),
    "a shell": lambda s: workload("shell", command=["sh", "-c", f"nats --password {s} sub x"]),
    "annotations": lambda s: workload("annotated", {"a/api-key": str(s), "b": f"token={s}", "c": userinfo(s)}),
    "a hook": hook,
    "a YAML text": lambda s: config_map("yaml", "app.yaml", f"db:\n  password:\n    {q(s)}\n"),
    "an XML text": lambda s: config_map("xml", "app.xml", f"<db><password>{quote(str(s))}</password></db>"),
    "a properties text": lambda s: config_map("properties", "a.properties", f"db.secret = {q(s)}\nurl={userinfo(s)}"),
    "a file of its own": lambda s: config_map("own", "other.conf", conf(f"authorization {{ token: {q(s)} }}")),
    "a broken file": lambda s: config_map("broken", "broken.conf", f"authorization {{ token: {q(s)}"),
    "binary data": lambda s: {**config_map("binary", "a", "b"), "binaryData": {"file.conf": b64(str(s))}},
    "a custom object": lambda s: custom(
        password=str(s), tokens=[str(s)], users=[{"name": "a", "secret": str(s)}], remotes=[{"url": userinfo(s)}]
    ),
    "deep below a telling name": lambda s: custom(credentials={"primary": {"contents": str(s)}}),
}  # fmt: skip
VALUES = {
    "a merge": lambda s: {"config": {"merge": {"authorization": {"password": str(s)}}}},
    "a key": lambda s: {"config": {"jetstream": {"merge": {"key": str(s)}}}},
    "credentials": lambda s: {"natsBox": {"contexts": {"default": {"creds": {"contents": str(s)}}}}},
    "a patch": lambda s: {"config": {"patch": [{"op": "add", "path": "/authorization/token", "value": str(s)}]}},
    "env": lambda s: {"container": {"env": {"DB_PASSWORD": str(s), "UP": userinfo(s)}}},
    "an object": lambda s: {"extraResources": [secret_of("extra", stringData={"harmless": str(s)})]},
}
PLACES = {
    **{f"nats.conf, {name}": ("conf", make) for name, make in IN_CONF.items()},
    **{f"object, {name}": ("object", make) for name, make in OBJECTS.items()},
    **{f"values, {name}": ("values", make) for name, make in VALUES.items()},
}


def tokens():
    """Secrets of any length and with any characters."""
    core = st.text("abcdefghijkmnpqrstuvwxyz0123456789", min_size=12, max_size=12).map(lambda text: f"can{text}")
    tail = st.text("aZ0+/=%@:&?#é ", max_size=24).map(str.strip)
    return st.builds(Token, core, tail)


def either_side():
    """A secret on the old side, on the new, on both, or the same on both."""
    one = tokens()
    return st.one_of(
        one.map(lambda s: (s, None)), one.map(lambda s: (None, s)), one.map(lambda s: (s, s)), st.tuples(one, one)
    )


@pytest.fixture(scope="module")
def said(renderings):
    """Everything that a diff says of secrets in places: every report by its format."""
    kinds = ("ConfigMap", "StatefulSet")  # those that make a NATS; the others only cost time
    base = [item for item in yaml.safe_load_all(renderings["ours"]) if item and item["kind"] in kinds]

    def side(name, placed, number):
        objects = json.loads(json.dumps(base))
        files = next(item for item in objects if item["kind"] == "ConfigMap")["data"]
        made_of = [(*PLACES[place], secret) for place, secret in placed]
        files["nats.conf"] = extended(files["nats.conf"], [make(s) for kind, make, s in made_of if kind == "conf"])
        objects += [make(secret) for kind, make, secret in made_of if kind == "object"]
        parts = [make(secret) for kind, make, secret in made_of if kind == "values"]
        values = {f"chart{index}": part for index, part in enumerate(parts)}
        objects.append(custom(number=number) | {"metadata": {"name": f"always-{number}"}})
        return Side(About(name, "nats", "ns"), Release(yaml.safe_dump_all(objects), name), values=values)

    def say(placed):
        sides = [
            side(name, [(place, pair[number]) for place, pair in placed.items() if pair[number] is not None], number)
            for number, name in enumerate(("old", "new"))
        ]
        return all_reports(*sides)

    return say


def extended(text, bodies):
    """A JSON-like nats.conf with settings of its own behind; of settings of one name only the first."""
    lines = json.loads(re.sub(r": (\$\w+|\d+Gi)", r': "\1"', text))
    kept: list[str] = []
    used: set[str] = set()
    for body in bodies:
        names = set(re.findall(r"^([A-Za-z_]+)", body, re.MULTILINE))
        if not names & used:
            kept.append(body)
            used |= names
    return "\n".join([*(f"{key}: {json.dumps(value)}" for key, value in lines.items() if key not in used), *kept, ""])


def all_reports(old, new):
    """All reports of one diff, with drift: the cluster has what the new side says."""
    found = compare(Sides(old, new), [], Phases())
    stated = list(entries(old.release, old.release.numbers()))
    live = [entry.value for entry in entries(new.release, new.release.numbers())]
    drifted = tuple(drift(old.release, stated, live, "ns", Upgrade(stated, meets_conflicts=True)))
    everything = (found._replace(region="a", drift=drifted), found._replace(region="b"))
    options = DiffOptions(outputs=tuple(Output(name, f"{name}.out") for name in FORMATS), color="always")
    return {report.file: report.text for report in reports(everything, options)}


def leaks(texts, secrets):
    """Where something of a secret is said."""
    shapes = [BCRYPT, SEED, JWT.rpartition(".")[2]]
    return [
        (where, text[max(0, text.index(trace) - 120) : text.index(trace) + 60])
        for where, text in texts.items()
        for trace in [*(trace for secret in secrets for trace in secret.traces), *shapes]
        if trace in text
    ]


SOME = Token("canary0123abcde", "+/ =é")
OTHER = Token("canary4567fghij", "")


@pytest.mark.parametrize("place", PLACES)
def test_each_place_keeps_its_secret(place, said):
    """One place at a time, on either side, unchanged and changed, so that a failure names it."""
    for pair in ((SOME, None), (None, SOME), (SOME, SOME), (SOME, OTHER)):
        texts = said({place: pair})
        assert "always-1" in texts["text.out"]
        assert leaks(texts, [SOME, OTHER]) == [], pair
        if pair == (SOME, OTHER) and place != "nats.conf, a comment":  # which is no setting
            assert MARK.search(texts["text.out"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(sorted(PLACES)), either_side(), min_size=2, max_size=12))
def test_no_report_has_a_secret(said, placed):
    """Many places together, with secrets of any kind: nothing of them in any format."""
    texts = said(placed)
    secrets = [secret for pair in placed.values() for secret in pair if secret is not None]
    assert leaks(texts, secrets) == []


def test_marks_tell_what_is_the_same_and_nothing_else(said):
    """Equal secrets have one digest in every report of a run, others another, of one length whatever they are."""
    long = Token("canary0123abcde", "x" * 300)
    texts = said({"object, data": (SOME, long), "object, args at the end": (SOME, long), "values, env": (SOME, OTHER)})
    marks = {name: set(MARK.findall(text)) for name, text in texts.items()}
    assert marks["text.out"] <= marks["html.out"] <= marks["json.out"]  # the shorter ones leave equal parts out
    found = {}
    for region in json.loads(texts["json.out"])["regions"][:1]:
        for change in [*(change for item in region["objects"] for change in item["changes"]), *region["values"]]:
            if MARK.fullmatch(str(change["before"])):
                found[change["path"]] = (change["before"], change["after"])
    env = found["chart0.container.env.DB_PASSWORD"]
    command = found["spec.template.spec.containers[name=a].command[2]"]
    assert (env[0], command[0]) == tuple(f"(redacted {kind} {digest(env[0])}" for kind in ("password", "token"))
    assert all({*env, *command} <= marks[f"{name}.out"] for name in ("text", "html", "json", "markdown"))
    seen = {digest(mark) for mark in (*env, *command, *found["data.harmless"])}
    assert len(seen) == 5  # as base64 it is another text
    assert {len(digest(mark)) for pair in found.values() for mark in pair} == {len("01234567)")}


def digest(mark):
    """The end of a mark, which depends on the secret only."""
    return mark.split()[-1]


def test_an_unreadable_configuration_is_quoted_nowhere(objects, tell):
    """The note says where it cannot be read, and the file is hidden whole."""
    new = objects.copy()
    new["ConfigMap", "nats-config"]["data"]["nats.conf"] = f"authorization {{ token: {SOME.core} {q(SOME)} ]"
    judged = tell(objects, new)
    assert any("cannot be read" in note.message for note in judged.notes)
    options = DiffOptions(outputs=tuple(Output(name, f"{name}.out") for name in FORMATS))
    texts = {report.file: report.text for report in reports((judged.diff,), options)}
    assert leaks(texts, [SOME]) == []
