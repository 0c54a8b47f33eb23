"""A supercluster's renderings, run for real on loopback: pods, kubelet, endpoints, load balancers, scenarios, verdict.

The pure part decides (what a rendering means, what a probe's answer changes, who may be reached, why nothing moves);
`world` and what lies on it run that with real servers, through `outside`.
"""
