"""Real servers read what post-render wrote, whatever the command line and included files say; the rest is refused."""

from __future__ import annotations

import pytest

from natsvalues.manifests.chart import find_nats
from natsvalues.supercluster.region_state import region_state
from natsvalues.text.paths import Op

pytestmark = [pytest.mark.nats, pytest.mark.helm]
VERSIONS = ("2.10.26", "2.15.1")

# --- the command line ------------------------------------------------------------------------------------------------

NAMED = (["--name", "$(POD_NAME)"], ["-n=$(POD_NAME)"], ["--server_name", "$(SERVER_NAME)"])


def with_arguments(*words: str) -> dict:
    """The container with further arguments."""
    return {"args": ["--config", "/etc/nats-config/nats.conf", *words]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("words", NAMED)
def test_names_on_the_command_line_get_the_prefix(words, version, world):
    """The server has the name that the overlay says."""
    result = world.rendered(world.given(container=with_arguments(*words)), region="eu-west")

    assert world.shown(result.nats, version)["server_name"] == "eu-west-nats-0"
    assert region_state(result.release, result.nats).server_names == "eu-west-$(POD_NAME)"


@pytest.mark.parametrize("name", ["fixed", "legacy-$(POD_NAME)", ""])
def test_other_names_on_the_command_line_are_refused(name, world):
    """One name for all servers, a prefix that is not the overlay's, and none."""
    assert world.refused(world.given(container=with_arguments("--name", name))).code == "NV-T065"


def test_a_prefix_on_the_command_line_that_the_overlay_states(world):
    """The region's streams have these names, and keep them."""
    given = world.given(container=with_arguments("--name", "legacy-$(POD_NAME)"))
    result = world.rendered(given, serverNames={"prefix": "legacy-"})

    assert world.shown(result.nats, VERSIONS[-1])["server_name"] == "legacy-nats-0"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_clusters_name_on_the_command_line(version, world):
    """It becomes the region's, or the server would not start."""
    given = world.given(container=with_arguments("--cluster_name=nats"))
    result = world.rendered(given)
    unedited = find_nats(result.release.with_changed(_arguments(result.nats, "--cluster_name=nats")))

    assert world.shown(result.nats, version)["cluster"]["name"] == "us-east"
    assert "cluster name conflicts" in world.said(unedited, version)


def _arguments(nats, word):
    path = ("spec", "template", "spec", "containers", 0, "args", 2)
    return nats.statefulset.edited((Op("replace", path, word),))


@pytest.mark.parametrize("version", VERSIONS)
def test_jetstream_on_the_command_line(version, world):
    """An empty region would run JetStream before it joins; and a seed would run none."""
    given = world.given(container=with_arguments("-js"))
    assert world.refused(given, region="eu-west", stage="expose").code == "NV-T066"
    assert world.refused(world.given(container=with_arguments("--jetstream=false"))).code == "NV-T066"
    assert world.rendered(given).nats  # the seed's configuration says the same
    off = world.given(container=with_arguments("-js"), conf={"jetstream": None, "cluster": None})
    assert "jetstream" in world.shown(find_nats(off), version)
    assert region_state(off, find_nats(off)).has_jetstream


# --- included files --------------------------------------------------------------------------------------------------

IN_BLOCKS = {
    "gateway": ({"gateway": {"name": "us-east", "port": 7222}}, '"gateway": {', "name: elsewhere"),
    "cluster": ({}, '"cluster": {', "name: elsewhere"),
    "jetstream": ({}, '"jetstream": {', "domain: elsewhere"),
}


@pytest.mark.parametrize("block", IN_BLOCKS)
def test_an_include_inside_a_block_is_refused(block, world):
    """The included file could win over what natsvalues writes there, wherever the include stands."""
    conf, opening, text = IN_BLOCKS[block]
    inside = {"old": opening, "new": f"{opening} include more.conf\n"}
    given = world.given(conf=conf, text=inside, files={"more.conf": text})

    error = world.refused(given)
    assert (error.code, block in error.message) == ("NV-T061", True)


def test_an_include_in_an_included_file_is_refused(world):
    """The server reads it, too; a file that includes itself is an error with its place."""
    files = {"more.conf": "include most.conf", "most.conf": "server_name: elsewhere"}
    given = world.given(appended="{REST\ninclude more.conf\n}", files=files)

    assert world.shown(find_nats(given), VERSIONS[-1])["server_name"] == "elsewhere"
    assert world.refused(given).code == "NV-T061"
    circular = world.given(appended="{REST\ninclude more.conf\n}", files={"more.conf": "include more.conf"})
    error = world.refused(circular)
    assert (error.code, "more.conf" in error.message, bool(error.where)) == ("NV-C001", True, True)


def test_credentials_in_an_included_file(world):
    """They stay, unless the overlays have credentials as well."""
    gateway = {"gateway": {"name": "us-east", "port": 7222}}
    text = {"old": '"gateway": {', "new": '"gateway": { include more.conf\n'}
    given = world.given(
        conf=gateway, text=text, files={"more.conf": "authorization {user: a, password: b, timeout: 7}"}
    )

    assert world.shown(world.rendered(given).nats, VERSIONS[-1])["gateway"]["auth_timeout"] == 7
    ours = {"gateway": {"authorization": {"user": "a", "password": {"secret": "gate", "key": "password"}}}}
    error = world.refused(given, supercluster=ours)
    assert (error.code, "gateway.authorization" in error.message) == ("NV-T061", True)


@pytest.mark.parametrize(
    ("include", "overrides"),
    [
        ("{include ../secret/auth.conf\nREST}", "system_account"),
        ("{REST\ninclude ../secret/auth.conf\n}", "cluster, jetstream, server_name, system_account"),
    ],
)
def test_an_include_that_cannot_be_read(include, overrides, world):
    """The warning names what the file could override: of one key the last counts."""
    notices = world.rendered(world.given(appended=include)).notices

    (message,) = [notice.message for notice in notices if "auth.conf" in notice.message]
    assert message.endswith(f"could set {overrides}")
