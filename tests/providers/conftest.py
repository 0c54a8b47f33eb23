"""Shared by the tests of provider profiles: the shape of a provider's example with some fields changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from natsvalues.providers import HealthCheck, Inputs, Shape, load, shape

if TYPE_CHECKING:
    from collections.abc import Callable


def shape_of(provider, *, host="gw.example.com", port=None, tls=True, health=None, **fields) -> Shape:
    """Shape the provider's example, with `fields` of its LoadBalancer replaced."""
    profile = load(provider)
    default_port = 443 if profile.object == "Route" else 7222
    balancer = profile.example._replace(**fields)
    return shape(profile, Inputs(balancer, host, port or default_port, tls, health or HealthCheck()))


@pytest.fixture(scope="session")
def shaped() -> Callable[..., Shape]:
    """Give the function that shapes a provider's example."""
    return shape_of
