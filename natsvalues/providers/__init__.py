"""Load balancers as data: one YAML file for each provider, and what a profile makes of a region's inputs.

May not know the rendering or the other regions: it turns `model.LoadBalancer`, a host, a port and a health
check into annotations, labels, spec fields and extra ports, and says what it cannot express. To add a
provider, add one file; `profile` describes the format.
"""

from natsvalues.providers.profile import Profile, load, names
from natsvalues.providers.shape import HealthCheck, Inputs, Shape, shape

__all__ = ["HealthCheck", "Inputs", "Profile", "Shape", "load", "names", "shape"]
