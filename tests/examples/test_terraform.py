"""The example for Terraform: what main.tf names, run as the provider runs it.

facts: the provider has Helm 3 inside, which starts the program with the arguments and the rendering on standard input,
in the working directory of Terraform.
"""

import os
import re

import pytest


@pytest.mark.helm
def test_the_post_renderer(examples, helm3, regions, wanted, same_objects, run):
    """The release's own settings through helm, with the program and the arguments of the file."""
    here = examples(helm=helm3)
    folder = os.path.join(here.folder, "terraform")
    with open(os.path.join(folder, "main.tf"), encoding="utf-8") as file:
        text = file.read()
    setting = dict(re.findall(r'^ +(\w+) += "(.*)"$', text, re.MULTILINE))
    [arguments] = re.findall(r"^ +args += \[(.*)\]$", text, re.MULTILINE)

    for region in regions:
        overlays = setting["overlays"].replace("${path.module}", ".")
        words = re.findall(
            r'"([^"]*)"', arguments.replace("${var.region}", region).replace("${local.overlays}", overlays)
        )
        assert not any("$" in word for word in words)
        command = [helm3, "template", setting["name"], setting["chart"], "--repo", setting["repository"]]
        command += ["--version", setting["version"], "-n", setting["namespace"], "-f", "values.yaml"]
        command += ["--post-renderer", setting["binary_path"]]
        command += [word for argument in words for word in ("--post-renderer-args", argument)]
        done = run(*command, cwd=folder, check=True)
        same_objects(done.stdout, wanted(region, os.path.join(folder, "values.yaml")))
