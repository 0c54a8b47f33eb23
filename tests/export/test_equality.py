"""Every delivery gives the objects that post-rendering gives: real kustomize judges, and what differs is declared.

For the shipped overlays in every stage and both scopes, of the tests' chart by Helm 3 and Helm 4, and of every stored
rendering where a clone has them.
"""

import os

import pytest
import yaml

from natsvalues.delivery import flux, helmfile, kustomize
from natsvalues.delivery.patches import export
from natsvalues.manifests.accounts import has_users
from natsvalues.manifests.chart import all_nats
from natsvalues.manifests.release import FILENAME_ANNOTATION, Release
from natsvalues.manifests.settings import configured_names, other_prefix
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.text.natsconf import read, symbolic
from natsvalues.text.yamledit import same

REGIONS = ("us-east", "eu-west", "ap-south")
STAGED = [(stage, scope) for scope in ("supercluster", "region") for stage in ("local", "expose", "join")]
FUNCTION = """\
apiVersion: natsvalues.io/v1
kind: NatsValues
metadata:
  name: natsvalues
  annotations:
    config.kubernetes.io/function: |
      exec: {path: natsvalues, args: [krm]}
spec:
  region: %s
  overlays: overlays
"""

# What may differ from post-rendering, and why. Each is a delivery, the path in an object, and a reason.
DIFFERENCES = {
    ("export", ("metadata", "annotations", FILENAME_ANNOTATION)): (
        "Helm 4 shows it to post-renderers only, and the new Service is no part of a Helm release"
    ),
    ("flux", ("metadata", "annotations", FILENAME_ANNOTATION)): "the same",
    ("flux", ("metadata", "annotations", "helm.sh/resource-policy")): (
        "Helm must not delete the Service when it leaves a release"
    ),
    ("flux", ("metadata", "annotations", "kustomize.toolkit.fluxcd.io/prune")): (
        "a Kustomization must not delete it when it leaves that"
    ),
    ("flux", ("metadata", "labels", "app.kubernetes.io/managed-by")): "it is not Helm that manages it",
}


def without(value, path):
    """The value without what stands at a path."""
    first, *rest = path
    if not isinstance(value, dict) or first not in value:
        return value
    if rest:
        return value | {first: without(value[first], rest)}
    return {key: item for key, item in value.items() if key != first}


def check(found, wanted, delivery):
    """Fail unless two sets of objects are equal, but for what is declared for the delivery."""
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        theirs, ours = found[key], value
        for name, path in DIFFERENCES:
            if name == delivery:
                theirs, ours = without(theirs, path), without(ours, path)
        assert same(theirs, ours), key


def write(folder, files):
    """Write files into a folder of their own."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


class Deliveries:
    """All deliveries of one rendering for one region, made in a folder and judged by real programs."""

    def __init__(self, folder, text, overlays, region, run):
        self.folder = folder
        self.text = text
        self.overlays = overlays
        self.region = region
        self.run = run
        self.plan = plan(load(overlays), region)

    def wanted(self):
        """What post-rendering gives."""
        return render(Release(self.text), self.plan).release.text()

    def built(self, program, files, kustomization, *options):
        """What a kustomize makes of a base with the rendering and of these files."""
        write(self.folder, files | {"base.yaml": self.text, "kustomization.yaml": kustomization})
        return self.run(*program, *options, ".", cwd=self.folder, check=True).stdout

    def component(self, *program):
        """What the exported component makes."""
        files = kustomize.files(export(Release(self.text), self.plan), self.region)
        inside = {f"component/{name}": text for name, text in files.items()}
        return self.built(program, inside, "resources: [base.yaml]\ncomponents: [component]\n")

    def function(self, *program):
        """What the KRM function makes."""
        overlays = {f"overlays/{name}": open_text(self.overlays, name) for name in os.listdir(self.overlays)}
        files = {"function.yaml": FUNCTION % self.region, **overlays}
        options = ("--enable-alpha-plugins", "--enable-exec")
        return self.built(program, files, "resources: [base.yaml]\ntransformers: [function.yaml]\n", *options)

    def post_renderers(self, *program):
        """What Flux' post-renderers make: their patches by kustomize, and the new objects from their own file."""
        files = flux.files(export(Release(self.text), self.plan), self.region, "nats")
        fragment = yaml.safe_load(files[flux.RELEASE])
        [renderer] = fragment["spec"]["postRenderers"]
        return self.built(program, {}, yaml.safe_dump({"resources": ["base.yaml"], **renderer["kustomize"]})) + (
            "---\n" + files["gateway.yaml"] if "gateway.yaml" in files else ""
        )

    def helmfile(self, helm, *program):
        """What Helmfile's patches make, as chartify hands them to kustomize; the new objects by real helm."""
        files = helmfile.files(export(Release(self.text), self.plan), self.region, "exported")
        [template] = yaml.safe_load(files["template.yaml"])["templates"].values()
        patches = [
            {"target": patch["target"], "patch": yaml.safe_dump(patch["patch"])} for patch in template["jsonPatches"]
        ]
        patches += [{"patch": yaml.safe_dump(patch)} for patch in template["strategicMergePatches"]]
        added = ""
        if "dependencies" in template:
            write(self.folder / "exported", files)
            [dependency] = template["dependencies"]
            added = self.run(helm, "template", "nats", dependency["chart"], cwd=self.folder, check=True).stdout
        return self.built(program, {}, yaml.safe_dump({"resources": ["base.yaml"], "patches": patches})) + added


def open_text(folder, name):
    """A file's text."""
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


@pytest.mark.helm
@pytest.mark.kubectl
@pytest.mark.parametrize("major", [3, 4])
@pytest.mark.parametrize(("stage", "scope"), STAGED)
def test_the_chart_of_the_tests(major, stage, scope, renderings, overlays_in, objects, kustomize, kubectl, helm3, run,
                                tmp_path):  # fmt: skip
    """Component, function, Flux' and Helmfile's patches: one set of edits; kubectl's kustomize agrees."""
    text = renderings(major).text
    for region in REGIONS:
        made = Deliveries(tmp_path / region, text, overlays_in(stage, scope), region, run)
        wanted = objects(made.wanted())

        component = made.component(kustomize, "build")
        check(objects(component), wanted, "export")
        assert made.component(kubectl, "kustomize") == component
        check(objects(made.function(kustomize, "build")), wanted, "krm")
        check(objects(made.post_renderers(kustomize, "build")), wanted, "flux")
        check(objects(made.helmfile(helm3, kustomize, "build")), wanted, "export")


@pytest.mark.helm
def test_a_build_that_leaves_the_function_out_shows(renderings, overlays_in, objects, kustomize, run, tmp_path):
    """Without --enable-exec kustomize says nothing; there is no stamp, and lint asks for it."""
    made = Deliveries(tmp_path, renderings(3).text, overlays_in(), "us-east", run)
    made.function(kustomize, "build")
    built = {}
    for name, options in {"without": (), "with": ("--enable-exec",)}.items():
        done = run(kustomize, "build", "--enable-alpha-plugins", *options, ".", cwd=tmp_path, check=True)
        assert done.stderr == ""
        built[name] = {key.kind for key, value in objects(done.stdout).items() if stamp(value)}
        (tmp_path / name).mkdir()
        (tmp_path / name / "us-east.yaml").write_text(done.stdout)
    assert built == {"without": set(), "with": {"ConfigMap", "Service", "StatefulSet"}}

    linted = {name: run("natsvalues", "lint", name, "--overlays", "overlays", cwd=tmp_path) for name in built}
    assert {name: "error[HS001]" in done.stdout for name, done in linted.items()} == {"without": True, "with": False}
    assert "--enable-exec" in linted["without"].stdout


def stamp(value):
    """The region that natsvalues left on an object."""
    return at(value, ("metadata", "annotations", "natsvalues.io/region"))


STORED = ("nats-1.2.11", "nats-1.3.16", "nats-2.14.2", "nats-2.14.2-helm4", "umbrella")


@pytest.mark.slow
@pytest.mark.parametrize("folder", STORED)
def test_stored_renderings(folder, rendered, overlays_in, objects, kustomize, run, tmp_path):
    """Every NATS of every file, in every stage and scope, the regions in turn; by the function in one stage each."""
    turn = 0
    for name in sorted(os.listdir(os.path.join(rendered, folder))):
        text = open_text(os.path.join(rendered, folder), name)
        for nats in all_nats(Release(text)):
            conf = symbolic(read(nats.conf))
            account = str(conf.get("system_account", "$SYS"))
            for stage, scope in STAGED:
                named = other_prefix(configured_names(nats, conf), "")  # another region's prefix would be refused
                region = named.rstrip("-") or REGIONS[turn % 3]
                kept = {region: account} if has_users(conf, account) else {}  # leaving its users is refused
                overlays = overlays_in(stage, scope, f'"{nats.name}"', kept)
                made = Deliveries(tmp_path / f"{turn}", text, overlays, region, run)
                wanted = objects(made.wanted())
                check(objects(made.component(kustomize, "build")), wanted, "export")
                if turn % 3 == 2:
                    check(objects(made.function(kustomize, "build")), wanted, "krm")
                turn += 1


def test_what_is_declared_does_differ(renderings, overlays_in, objects, kustomize, run, tmp_path):
    """A difference that is none any more goes from the list."""
    for major in (3, 4):
        made = Deliveries(tmp_path / f"{major}", renderings(major).text, overlays_in(), "us-east", run)
        wanted = objects(made.wanted())
        found = {
            "krm": objects(made.function(kustomize, "build")),
            "export": objects(made.component(kustomize, "build")),
            "flux": objects(made.post_renderers(kustomize, "build")),
        }
        differing = {
            (delivery, path)
            for delivery, path in DIFFERENCES
            for key, value in wanted.items()
            if at(found[delivery][key], path) != at(value, path)
        }
        of_helm_4 = {key for key in DIFFERENCES if key[1][-1] == FILENAME_ANNOTATION}
        assert differing == set(DIFFERENCES) - (of_helm_4 if major == 3 else set())


def at(value, path):
    """What stands at a path; None where it leads nowhere."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
