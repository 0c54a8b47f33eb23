"""kpt with the page's package and natsvalues as its function, applied to the API server."""

import os

import pytest

pytestmark = pytest.mark.timeout(300)


def read(*path):
    """A file's text."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def package(here, program):
    """The page followed up to the package; gives the examples with kpt on PATH, the page, and the package's folder."""
    walkthrough = here(3)
    os.symlink(program("kpt"), os.path.join(walkthrough.path.partition(os.pathsep)[0], "kpt"))
    page = walkthrough.page("tools/kustomize")
    walkthrough.write(page, "kustomize")
    for text in page.marked("sh"):
        walkthrough.shell(text, "kustomize")
    return walkthrough, page, os.path.join(walkthrough.folder, "kustomize", "kpt")


def test_render(package, saw, wanted, same_objects):
    """`kpt fn render` gives what post-rendering gives, without the hook, and again the same bytes."""
    walkthrough, page, folder = package
    [text] = page.marked("sh kpt")
    printed = walkthrough.shell(text, "kustomize")
    first = read(folder, "nats.yaml")
    walkthrough.shell(text, "kustomize")

    assert read(folder, "nats.yaml") == first
    values = os.path.join(walkthrough.folder, "kustomize", "base", "values.yaml")
    expected = wanted("us-east", values).split("---\n")
    same_objects(without_marks(folder), "---\n".join(part for part in expected if "helm.sh/hook" not in part))
    lines = (printed.stdout + printed.stderr).count("[info]")
    saw(f"equal, and idempotent; {lines} lines `[info]`")


def without_marks(folder):
    """All manifests of a package, without what kpt adds."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
    return "\n---\n".join(read(folder, name) for name in names)


def test_refused(package, saw):
    """Without --allow-exec, and with a wrong region, the package stays as it was."""
    walkthrough, _, folder = package
    before = read(folder, "nats.yaml")
    plain = walkthrough.shell("kpt fn render kpt", "kustomize", check=False)
    wrong = walkthrough.shell(
        "sed -i s/us-east}/us-eas}/ kpt/Kptfile && kpt fn render kpt --allow-exec", "kustomize", check=False
    )

    assert plain.returncode
    assert wrong.returncode
    assert "did you mean `us-east`?" in wrong.stdout + wrong.stderr
    assert read(folder, "nats.yaml") == before
    saw("both exit with " + f"{plain.returncode} and {wrong.returncode}; `did you mean us-east` is shown")


def test_eval(package, saw):
    """`kpt fn eval --exec` on the package is the same as `render`."""
    walkthrough, page, folder = package
    plain = read(folder, "nats.yaml")
    walkthrough.shell(page.marked("sh kpt")[0], "kustomize")
    rendered = read(folder, "nats.yaml")
    with open(os.path.join(folder, "nats.yaml"), "w", encoding="utf-8") as file:
        file.write(plain)
    for name in os.listdir(folder):
        if name not in ("Kptfile", "nats.yaml"):
            os.remove(os.path.join(folder, name))
    walkthrough.shell("rm kpt/Kptfile && kpt fn eval kpt --exec 'natsvalues krm' -- region=us-east", "kustomize")

    assert read(folder, "nats.yaml") == rendered
    saw("the same bytes")


@pytest.mark.parametrize("major", [3, 4])
def test_from_helm_and_back(major, here, installed, service, package, saw):
    """`kubectl apply` onto a release's objects, Helm's record deleted, and Helm adopts them again."""
    walkthrough, page, _ = package
    helm = here(major)
    before = installed(helm, major)
    walkthrough.shell(page.marked("sh kpt")[0], "kustomize")
    walkthrough.shell("rm kpt/Kptfile && kubectl apply -n nats -f kpt", "kustomize")
    forget, adopt = (walkthrough.page("delivery").marked(f"sh {kind}")[0] for kind in ("forget", "adopt"))
    walkthrough.shell(forget, "kustomize")
    assert service() == before

    helm.shell(adopt, "kustomize/base")
    assert service() == before
    saw("UID and address of the Service unchanged")
