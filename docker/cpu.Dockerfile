# JupyterLab with the spikebook kernel on the CPU: `make image`, or
#
#   docker build -f docker/cpu.Dockerfile -t spikebook .
#   docker run --rm -p 127.0.0.1:8888:8888 spikebook
#
# docs/images.md says how it is run with nothing writable but a home and /tmp, and where things lie.
#
# The bases have a tag each and a variable for a digest, as in --build-arg BASE_DIGEST=@sha256:..., which fixes
# the bytes. The digests are empty: no registry can be reached from where this was written, so none could be looked up.
ARG BASE=debian:bookworm-slim
ARG BASE_DIGEST=
ARG GO=golang:1.26-bookworm
ARG GO_DIGEST=

# What a tool chain does without: its own tests.
FROM ${GO}${GO_DIGEST} AS go
RUN cd /usr/local/go && rm -rf api doc misc test \
    && find src -name testdata -prune -exec rm -rf {} + && find src -name '*_test.go' -delete

FROM ${BASE}${BASE_DIGEST} AS base
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
# Names and ids of the Jupyter images: a volume made for them fits. Ubuntu has a user 1000 of its own.
RUN if getent passwd 1000 >/dev/null; then userdel --remove "$(getent passwd 1000 | cut -d: -f1)"; fi; \
    useradd --create-home --uid 1000 --gid 100 --shell /bin/bash jovyan

FROM base AS jupyter
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv
RUN python3 -m venv /opt/jupyter
COPY docker/requirements.txt /src/docker/
RUN /opt/jupyter/bin/pip install --no-cache-dir --require-hashes -r /src/docker/requirements.txt
COPY kernel/papermill /src/kernel/papermill
# Source maps are for who develops JupyterLab.
RUN /opt/jupyter/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src/kernel/papermill \
    && /opt/jupyter/bin/pip uninstall --yes flit_core && find /opt/jupyter -name '*.map' -delete

FROM base AS spikebook
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH CGO_ENABLED=0 GOTOOLCHAIN=local
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY embed.go LICENSE ./
COPY display display
COPY gpu gpu
COPY kernel kernel
COPY snn snn
RUN go build -trimpath -o /opt/spikebook/bin/spikebook ./kernel
# The tools are built in a cache that is left behind, for their modules are many. What cells are compiled with
# fills the one that stays, which users read and lay their own over. Modules lie there unpacked.
RUN SPIKEBOOK_CACHE=/tmp/tools /opt/spikebook/bin/spikebook install --prefix /tmp \
    && mkdir /opt/spikebook/cache && cp -r /tmp/tools/tools-* /opt/spikebook/cache/ \
    && SPIKEBOOK_SHARED_CACHE=/opt/spikebook/cache /opt/spikebook/bin/spikebook install --prefix /opt/kernelspec \
    && find /opt/spikebook/cache/mod/cache/download -name '*.zip' -delete
# The version comes last: what is above is the same for many.
ARG VERSION=
RUN go build -trimpath -ldflags "-s -w -X main.stamped=$VERSION" -o /opt/spikebook/bin/spikebook ./kernel \
    && mkdir /opt/spikebook/packages \
    && go version -m /opt/spikebook/bin/spikebook /opt/spikebook/cache/tools-*/bin/* > /opt/spikebook/packages/go.txt

FROM base
COPY --from=go /usr/local/go /usr/local/go
COPY --from=jupyter /opt/jupyter /opt/jupyter
COPY --from=spikebook /opt/spikebook /opt/spikebook
COPY --from=spikebook /opt/kernelspec /opt/jupyter
COPY LICENSE /opt/spikebook/
COPY notebooks /opt/spikebook/notebooks
COPY docker/start docker/healthcheck /opt/spikebook/bin/
# What is in it, for who must know: Go's modules are listed above.
RUN /opt/jupyter/bin/pip freeze --path /opt/jupyter/lib/python3*/site-packages > /opt/spikebook/packages/python.txt \
    && dpkg-query --show --showformat '${Package} ${Version} ${Architecture}\n' > /opt/spikebook/packages/debian.txt
ENV PATH=/opt/spikebook/bin:/opt/jupyter/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/home/jovyan LANG=C.UTF-8 GOTOOLCHAIN=local SPIKEBOOK_SHARED_CACHE=/opt/spikebook/cache
USER 1000:100
WORKDIR /home/jovyan
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["healthcheck"]
ENTRYPOINT ["tini", "--", "start"]
CMD ["jupyter", "lab", "--no-browser", "--ip=0.0.0.0"]
ARG BASE
ARG VERSION
LABEL org.opencontainers.image.title="spikebook" \
      org.opencontainers.image.description="JupyterLab with a kernel for spiking neural networks in Go" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="$BASE"
