"""Run a supercluster's renderings on loopback: pods, kubelet, endpoints, load balancers, scenarios, verdict.

Pure functions decide (what a rendering contains, the effect of a probe's result, backends, causes of a hang);
`world` and the modules that use it run real servers accordingly, through `outside`.
"""
