# JupyterLab with the spikebook kernel, for one user on the CPU:
#
#   docker build -f docker/cpu.Dockerfile -t spikebook .
#   docker run --rm -p 8888:8888 spikebook
#
# buildah and podman build it, too. No network is needed at run time.
ARG BASE=debian:bookworm
ARG GO_IMAGE=golang:1.26-bookworm

FROM ${GO_IMAGE} AS go

FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3-venv tini \
    && rm -rf /var/lib/apt/lists/*
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/opt/jupyter/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

COPY tests/requirements.txt /tmp/requirements.txt
RUN python3 -m venv /opt/jupyter && /opt/jupyter/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt

# Names and ids of the Jupyter images: a volume made for them fits.
RUN /usr/sbin/useradd --create-home --uid 1000 --gid 100 --shell /bin/bash jovyan
COPY --chown=1000:100 . /home/jovyan/spikebook
USER 1000
WORKDIR /home/jovyan/spikebook
RUN CGO_ENABLED=0 go build -o bin/spikebook ./kernel && bin/spikebook install --user && cp -r notebooks /home/jovyan/notebooks
WORKDIR /home/jovyan/notebooks
EXPOSE 8888
ENTRYPOINT ["tini", "--"]
CMD ["jupyter", "lab", "--no-browser", "--ip=0.0.0.0"]
