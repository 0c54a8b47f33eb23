"""The pages of docs/tools: their files are written and their commands run, in the folder of the tool's example.

What needs a cluster or a tool that is not here is in tests/tools.
"""

import os
import re
import shutil

import pytest
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = ("argocd", "flux", "helmfile", "kustomize", "terraform")
SECTIONS = ("Install", "Use", "Caveats", "Upgrade", "Removal")


def read(*path):
    """A file's text."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def follow(examples, helm3, kustomize):
    """Follow a page where its example is: `follow("flux")` gives the examples and their folder."""

    def write_and_run(tool):
        here = examples(helm=helm3, kustomize=kustomize)
        page = here.page(f"tools/{tool}")
        here.write(page, tool)
        for text in page.marked("sh"):
            here.shell(text, tool)
        return here, os.path.join(here.folder, tool)

    return write_and_run


@pytest.fixture
def rendered(helm3, chart_repository, run):
    """Render the chart with values files, in a folder: `rendered(folder, "values.yaml")`."""

    def template(folder, *values):
        words = [helm3, "template", "nats", "nats", "--repo", chart_repository, "-n", "nats"]
        return run(*words, *(word for name in values for word in ("-f", name)), cwd=folder, check=True).stdout

    return template


@pytest.mark.parametrize("page", [*(f"tools/{tool}" for tool in TOOLS), "helm", "ci"])
def test_each_page_says_the_same_things(page):
    """A reader finds them in the same order on every page, and every example's tool has its page."""
    headings = re.findall(r"^## (.+)$", read(ROOT, "docs", f"{page}.md"), re.MULTILINE)

    assert [heading for heading in headings if heading in SECTIONS] == list(SECTIONS)


def test_the_pages_are_found_from_the_examples():
    """Each from the list of examples; the list of tools names all of them."""
    for tool in TOOLS:
        assert f"../docs/tools/{tool}.md" in read(ROOT, "examples", "README.md")
        assert f"({tool}.md)" in read(ROOT, "docs", "tools", "README.md")


@pytest.mark.helm
def test_flux_by_values(follow, rendered, wanted, same_but_declared):
    """What the HelmRelease finds in its ConfigMap makes of the chart what post-rendering makes of it."""
    _, folder = follow("flux")
    given = {value["kind"]: value for value in yaml.safe_load_all(read(folder, "by-values.yaml")) if value}
    [source] = given["HelmRelease"]["spec"]["valuesFrom"]
    configured = given["ConfigMap"]

    assert "postRenderers" not in given["HelmRelease"]["spec"]
    assert (source["kind"], source["name"]) == ("ConfigMap", configured["metadata"]["name"])
    assert configured["metadata"]["labels"]["reconcile.fluxcd.io/watch"] == "Enabled"
    with open(os.path.join(folder, "found.yaml"), "w", encoding="utf-8") as file:
        file.write(configured["data"][source["valuesKey"]])
    expected = wanted("us-east", os.path.join(folder, "base", "values.yaml"))
    same_but_declared(rendered(folder, "found.yaml"), expected)


@pytest.mark.helm
@pytest.mark.parametrize(("tool", "below"), [("helmfile", ""), ("argocd", "nats")])
def test_values_that_are_checked_in(tool, below, follow, rendered, wanted, same_but_declared):
    """The chart alone, with the file that was written."""
    _, folder = follow(tool)
    folder = os.path.join(folder, below)

    expected = wanted("us-east", os.path.join(folder, "values.yaml"))
    same_but_declared(rendered(folder, "us-east.values.yaml"), expected)


def test_terraform_says_the_same():
    """Its page writes the values as Helmfile's does, and has the provider's setting as main.tf has it."""
    page = read(ROOT, "docs", "tools", "terraform.md")
    [setting] = re.findall(r"^  experiments = .*$", page, re.MULTILINE)

    assert "".join(re.findall(r"^natsvalues values .*$", page, re.MULTILINE)) in read(
        ROOT, "docs", "tools", "helmfile.md"
    )
    assert setting in read(ROOT, "examples", "terraform", "main.tf")


@pytest.fixture
def argocd(examples, helm4, chart_repository, run):
    """Render an application by address as Argo CD's repo-server does: `argocd("natsvalues://us-east")`.

    facts: `helm template . --name-template NAME --namespace NS --kube-version V --values FILE... --include-crds` in the
    chart's folder, with the environment of the repo-server; Helm 4.2.1 is in its image (argo-cd 3.5.1,
    util/helm/cmd.go, hack/tool-versions.sh).
    """
    here = examples(helm=helm4)
    files = {name: yaml.safe_load(text) for name, text in here.page("tools/argocd").files.items()}
    application = files["application.yaml"]
    pod = files["repo-server-values.yaml"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    mounted = os.path.join(here.folder, "mounted")
    [name] = [item["value"] for item in container["env"] if item["name"] == "HELM_PLUGINS"]
    plugins = name.replace(container["volumeMounts"][0]["mountPath"], mounted)
    program, *words = pod["initContainers"][1]["command"]
    assert words[-1] == name
    run(os.path.basename(program), *words[:-1], plugins, "--helm", helm4, check=True)
    chart = os.path.join(os.path.dirname(here.folder), application["spec"]["source"]["path"])
    pull = [helm4, "pull", "nats", "--repo", chart_repository, "--untar", "-d", os.path.dirname(chart)]
    run(*pull, check=True)
    shutil.copyfile(os.path.join(here.folder, "argocd", "nats", "values.yaml"), os.path.join(chart, "platform.yaml"))

    def template(address=None, cwd=chart, **env):
        source = application["spec"]["source"]["helm"]
        *plain, written = source["valueFiles"]
        schemes = files["argocd-cm.yaml"]["data"]["helm.valuesFileSchemes"].split(", ")
        assert written.partition("://")[0] in schemes
        words = ["helm", "template", ".", "--name-template", source["releaseName"]]
        words += ["--namespace", application["spec"]["destination"]["namespace"], "--kube-version", "1.37.2"]
        values = [*(os.path.join(chart, file) for file in plain), address or written]
        words += [word for file in values for word in ("--values", file)]
        return run(*words, "--include-crds", cwd=cwd, env={"PATH": here.path, "HELM_PLUGINS": plugins, **env})

    return template, chart


@pytest.mark.helm
def test_argocd_by_address(argocd, wanted, same_but_declared, tmp_path):
    """The application of the page is what post-rendering gives; without its overlays or region there is no manifest."""
    template, chart = argocd
    expected = wanted("us-east", os.path.join(chart, "platform.yaml"))
    same_but_declared(template().stdout, expected)

    refused = template("natsvalues://us-eas")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "did you mean `us-east`?" in refused.stderr

    fetched = shutil.copytree(chart, tmp_path / "fetched")  # as a chart from a chart repository is
    alone = template(cwd=fetched)
    assert (alone.returncode, alone.stdout) == (1, "")
    assert "error[NV-O002]" in alone.stderr
    overlays = os.path.join(os.path.dirname(chart), "overlays")
    same_but_declared(template(cwd=fetched, NATSVALUES_OVERLAYS=overlays).stdout, expected)


@pytest.mark.helm
def test_the_package_for_kpt(follow):
    """The rendering without the chart's test hook, and a Kptfile that names the function."""
    _, folder = follow("kustomize")
    kinds = [value["kind"] for value in yaml.safe_load_all(read(folder, "kpt", "nats.yaml")) if value]
    [mutator] = yaml.safe_load(read(folder, "kpt", "Kptfile"))["pipeline"]["mutators"]

    assert "StatefulSet" in kinds
    assert "Pod" not in kinds
    assert mutator == {"exec": "natsvalues krm", "configMap": {"region": "us-east"}}
