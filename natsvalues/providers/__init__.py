"""Load balancers as data: one YAML file for each provider.

A file states what a region's inputs become (`shape`: annotations, labels, spec fields and extra ports), and what the
provider's annotations mean (`meaning`), so that every command understands any Service. The room must not depend on the
rendering or on other regions. To add a provider, add one file; `profile` describes the format.
"""

from natsvalues.providers.profile import Profile, load, names
from natsvalues.providers.shape import HealthCheck, Inputs, Shape, shape

__all__ = ["HealthCheck", "Inputs", "Profile", "Shape", "load", "names", "shape"]
