"""Nothing a user asks for is dropped silently: it shows in the shape, or an error or a warning names it."""

import pytest

from natsvalues.providers import Inputs, load, names, shape
from natsvalues.providers.load_balancer import LoadBalancer
from natsvalues.text.reading import spelled

FIELDS = {
    "scheme": ("internal", "internet-facing"),
    "class_": ("example.com/other",),
    "source_ranges": (("198.51.100.0/24",),),
    "addresses": (("192.0.2.77",), ("192.0.2.77", "192.0.2.78", "192.0.2.79")),
    "subnets": (("subnet-77",), ("subnet-77", "subnet-78", "subnet-79")),
    "annotations": ({"example.com/own": "true"},),
    "labels": ({"example.com/own": "1"},),
    "external_traffic_policy": ("Cluster", "Local"),
    "options": ({"no-such-option": "1"},),
}
ABSENT = LoadBalancer()
EVERY_FIELD = [(name, field, value) for name in names() for field, values in FIELDS.items() for value in values]


def messages(shape_):
    """Return all errors and warnings as one text."""
    return "\n".join(shape_.errors + shape_.warnings)


def rendered(shape_):
    """Return the parts that reach the object."""
    return shape_.annotations, shape_.labels, shape_.spec, shape_.ports


def entries(value):
    """Return the single texts of a field's value."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    return list(value) if isinstance(value, tuple) else [value]


@pytest.mark.parametrize(("name", "field", "value"), EVERY_FIELD)
def test_no_field_is_dropped(shaped, name, field, value):
    """Every value of every field is in the shape, or an error or a warning names the field."""
    result = shaped(name, **{field: value})
    text = repr(rendered(result))
    fixed = load(name).inputs.get(field)
    shown = all(entry in text for entry in entries(value)) or (fixed is not None and fixed.one_of == (value,))
    if field == "scheme" and not shown:
        # Few providers have a word for both; then the two must at least differ.
        shown = len({repr(rendered(shaped(name, scheme=each))) for each in FIELDS["scheme"]}) == 2

    assert shown or f"loadBalancer.{spelled(field)}" in messages(result) or "no-such-option" in messages(result)


@pytest.mark.parametrize(("name", "option"), [(name, option) for name in names() for option in load(name).options])
def test_no_option_is_dropped(shaped, name, option):
    """Every option of every provider changes the shape, or an error or a warning names it."""
    taken = load(name).options[option]
    values = taken.one_of or (str(taken.low + 1 if taken.low is not None else "some-text"),)
    without = {key: text for key, text in (load(name).example.options or {}).items() if key != option}
    shapes = [shaped(name, options={**without, option: value}) for value in values]
    plain = shaped(name, options=without)

    for value, result in zip(values, shapes, strict=True):
        changed = rendered(result) != rendered(plain)
        assert changed or value == taken.default or f"options.{option}" in messages(result)


@pytest.mark.parametrize(
    ("name", "requirement"),
    [(name, requirement) for name in names() for requirement in load(name).requires],
    ids=lambda part: part if isinstance(part, str) else "+".join(part.any_of),
)
def test_a_missing_requirement_is_an_error(shaped, name, requirement):
    """Leaving out every alternative of a requirement is an error that names them and gives the reason."""
    example = load(name).example
    options = {k: v for k, v in (example.options or {}).items() if f"options.{k}" not in requirement.any_of}
    gone = {field: getattr(ABSENT, field) for field in FIELDS if spelled(field) in requirement.any_of}

    errors = shaped(name, options=options, **gone).errors

    assert any(requirement.why in error for error in errors)
    assert all(f"loadBalancer.{field}" in "\n".join(errors) for field in requirement.any_of)


def test_the_required_inputs_are_those_of_the_facts():
    """What has no safe default must be stated."""
    required = {name: [part.any_of for part in load(name).requires] for name in names()}

    for name in (
        "aws-lbc-ip",
        "aws-lbc-instance",
        "aws-eks-auto",
        "aws-ccm-nlb",
        "openshift-aws",
        "alibaba-clb",
    ):
        assert ("scheme",) in required[name]
    assert required["metallb"] == [("addresses", "options.pool")]
    assert required["kube-vip"] == [("addresses",)]
    assert required["hetzner"] == [("options.location", "options.networkZone")]
    assert ("options.securityListMode", "options.networkSecurityGroups") in required["oci-nlb"]
    assert required["ovh"] == required["openstack"] != []


def test_a_field_the_provider_does_not_take_is_an_error(shaped):
    """The error names the provider, the field, and what to do."""
    (error,) = shaped("k3s", subnets=("a",)).errors

    assert error.startswith("k3s: this provider does not support loadBalancer.subnets: remove it")


def test_an_unknown_option_names_the_nearest(shaped):
    """A misspelled option is an error, not an ignored wish."""
    (error,) = shaped("aws-lbc-ip", options={"crosszone": "true"}).errors

    assert error.endswith("(loadBalancer.options.crosszone): did you mean `crossZone`?")


def test_an_option_of_a_provider_without_options_is_an_error(shaped):
    """Where there are no options the error says so."""
    assert "options here: none" in shaped("generic", options={"x": "1"}).errors[0]


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        (
            "aws-lbc-ip",
            {"idleTimeout": "5"},
            "loadBalancer.options.idleTimeout is `5`, and must be a whole number from 60",
        ),
        ("aws-lbc-ip", {"idleTimeout": "soon"}, "must be a whole number from 60"),
        ("aws-lbc-ip", {"idleTimeout": "6001"}, "must be 6000 at most"),
        ("azure-public", {"idleTimeout": "101"}, "must be 100 at most"),
        ("aws-lbc-ip", {"crossZone": "yes"}, "is `yes`, and this provider accepts true, false"),
        ("aws-lbc-ip", {"name": ""}, "loadBalancer.options.name is empty"),
    ],
)
def test_a_value_the_provider_does_not_know_is_an_error(shaped, name, options, complaint):
    """Values out of range, unknown words and empty texts are refused."""
    assert complaint in "\n".join(shaped(name, options=options).errors)


def test_a_list_may_be_too_long(shaped):
    """A provider with one address refuses a second."""
    (error,) = shaped("azure-internal", addresses=("10.0.0.4", "10.0.0.5")).errors

    assert error == "azure-internal: loadBalancer.addresses has 2 entries, and this provider accepts 1 at most"


def test_servers_cannot_share_an_address(shaped):
    """One Service for each server with one static address is a warning; an address for each pod is none."""
    assert "perPod" in "\n".join(shaped("metallb", per_pod=True).warnings)
    assert shaped("metallb", per_pod=True, addresses=("{pod}",)).warnings == ()


def test_nothing_given_is_shaped_too():
    """Even an empty load balancer has a shape; what is missing is an error, not a crash."""
    for name in names():
        result = shape(load(name), Inputs(ABSENT, "192.0.2.1", 7222))
        assert bool(result.errors) == bool(load(name).requires or load(name).object == "Route")
