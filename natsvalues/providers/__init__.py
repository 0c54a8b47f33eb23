"""Load balancers as data: one YAML file for each provider.

A file says what a profile makes of a region's inputs (`shape`: annotations, labels, spec fields and extra ports),
and what the provider's annotations mean (`meaning`), so that every verb understands a Service, whoever wrote it. May
not know the rendering or the other regions. To add a provider, add one file; `profile` describes the format.
"""

from natsvalues.providers.profile import Profile, load, names
from natsvalues.providers.shape import HealthCheck, Inputs, Shape, shape

__all__ = ["HealthCheck", "Inputs", "Profile", "Shape", "load", "names", "shape"]
