"""The edits a region needs, each a small function from a scene to patches, in the order they are applied."""

from natsvalues.overlays.transforms.credentials import credentials
from natsvalues.overlays.transforms.gateway import gateway
from natsvalues.overlays.transforms.jetstream import jetstream, sync
from natsvalues.overlays.transforms.moving import moving
from natsvalues.overlays.transforms.names import names
from natsvalues.overlays.transforms.overrides import overrides
from natsvalues.overlays.transforms.probes import probes
from natsvalues.overlays.transforms.service import gateway_service
from natsvalues.overlays.transforms.system_account import system_account

TRANSFORMS = (names, gateway, credentials, jetstream, sync, system_account, overrides, probes, gateway_service, moving)
"""In this order; then the user's patches, the roll digest (which must see them) and the stamps."""
