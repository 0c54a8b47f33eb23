"""The cloud's side of a load balancer: what is effective there, against what the Service's annotations request.

One file for each cloud asks the user's own tool and reads its answers (`aws`, `gcp`, `azure`, `openshift`), all with
the same result (`seen`); what is judged of it knows no cloud's tool (`judged`, `health`).
"""
