"""Umbrella releases of any size for the benchmark: the NATS release among unrelated parts."""

from __future__ import annotations

DEPLOYMENT = """\
---
# Source: shop/charts/part-{n}/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: part-{n}
  labels: {{app.kubernetes.io/name: part-{n}, app.kubernetes.io/instance: shop, app.kubernetes.io/managed-by: Helm}}
spec:
  replicas: 2
  selector:
    matchLabels: {{app.kubernetes.io/name: part-{n}, app.kubernetes.io/instance: shop}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: part-{n}, app.kubernetes.io/instance: shop}}
    spec:
      serviceAccountName: part-{n}
      securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
      - name: part
        image: "registry.example.com/shop/part-{n}:1.{n}.0"
        env:
        - name: {variable}
          value: "{address}"
        - name: LOG_LEVEL
          value: info
        ports:
        - containerPort: 8080
          name: http
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: 10
        resources:
          limits: {{memory: 256Mi}}
          requests: {{cpu: 50m, memory: 128Mi}}
"""
SERVICE = """\
---
# Source: shop/charts/part-{n}/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: part-{n}
  labels: {{app.kubernetes.io/name: part-{n}, app.kubernetes.io/instance: shop, app.kubernetes.io/managed-by: Helm}}
spec:
  ports:
  - name: http
    port: 80
    targetPort: http
  selector: {{app.kubernetes.io/name: part-{n}, app.kubernetes.io/instance: shop}}
"""
CONFIG_MAP = """\
---
# Source: shop/charts/part-{n}/templates/config.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: part-{n}
  labels: {{app.kubernetes.io/name: part-{n}, app.kubernetes.io/instance: shop, app.kubernetes.io/managed-by: Helm}}
data:
  {key}: |
    # settings of part {n}
    listen = "0.0.0.0:8080"
    bus = "{address}"
    features = ["search", "basket", "checkout", "invoice", "returns", "loyalty", "vouchers"]
    retries = 5
    timeout_seconds = 30
    regions = ["us-east", "us-west", "eu-west", "eu-north", "ap-south", "ap-east"]
    log = "level=info format=json target=stdout sample=0.1 fields=time,level,message,trace,span,part,version"
    metrics = "path=/metrics port=9090 buckets=0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10 labels=part,region"
    policy = "attempts=5 backoff=exponential base=100ms cap=10s jitter=full budget=0.2 breaker=20/60s half-open=3"
    notes = "rendered from the values of the platform team; change the values and not this text, it is overwritten"
    greeting = "The quick brown fox jumps over the lazy dog, part {n} of many, again and again and again."
"""


def umbrella(nats: str, count: int) -> str:
    """A release of `count` documents around the NATS one; one in ten mentions NATS without being it."""
    with open(nats, encoding="utf-8") as stream:
        text = stream.read()
    parts = [text if text.endswith("\n") else text + "\n"]
    for n in range(count - text.count("\n---\n") - 1):
        decoy = n % 10 == 0
        words = {
            "n": n,
            "variable": "NATS_URL" if decoy else "DATABASE_URL",
            "address": "nats://nats.nats.svc:4222" if decoy else f"postgres://db-{n}.shop.svc:5432/shop",
            "key": "nats.conf" if decoy else "settings.conf",
        }
        parts.append((DEPLOYMENT, SERVICE, CONFIG_MAP)[n % 3].format(**words))
    return "".join(parts)
