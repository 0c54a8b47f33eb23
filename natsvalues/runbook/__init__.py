"""`natsvalues plan`: the steps from where the regions are to where the overlays want them."""
