# natsvalues on a Python: its single file, unpacked. Build it in the folder of a release (docs/air-gapped.md):
#   buildah build -f Dockerfile --build-arg PYTHON=python:3.12-slim@sha256:... FOLDER
# Name the base by its digest, as your registry shows it: a tag can be moved.
ARG PYTHON=python:3.12-slim
FROM ${PYTHON}
ARG MACHINE=x86_64
COPY natsvalues-*-linux-${MACHINE}.pyz /usr/local/bin/natsvalues
# Unpacked here, so that a container may be read-only and run as anybody.
ENV XDG_CACHE_HOME=/var/cache
RUN natsvalues --version && python3 -m compileall -q /var/cache/natsvalues
USER 65534
ENTRYPOINT ["natsvalues"]
