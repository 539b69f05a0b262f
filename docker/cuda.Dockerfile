# The image of cpu.Dockerfile, made on NVIDIA's base, with the GPU worker beside the kernel: `make image-cuda`, then
#
#   docker run --rm --gpus all -p 127.0.0.1:8888:8888 spikebook:cuda
#
# Never run on a GPU by its authors. The driver is the host's: NVIDIA's container toolkit brings its libcuda in.
# The worker needs nothing else of CUDA, for it hands PTX to the driver.
ARG IMAGE=spikebook:cuda-base

# cuda.h comes in NVIDIA's package for Python. The C library must not be later than that of the image.
FROM ${IMAGE} AS worker
USER root
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev
WORKDIR /src
COPY tests/requirements-gpu.txt tests/
RUN /opt/jupyter/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: --target /cuda -r tests/requirements-gpu.txt
COPY go.mod go.sum ./
RUN go mod download
COPY embed.go LICENSE ./
COPY display display
COPY gpu gpu
COPY kernel kernel
COPY snn snn
RUN CGO_ENABLED=1 CGO_CFLAGS="-O2 -g -I/cuda/nvidia/cuda_runtime/include" \
    go build -trimpath -tags cuda -ldflags "-s -w" -o /spikebook-gpu ./gpu/spikebook-gpu

FROM ${IMAGE}
COPY --from=worker /spikebook-gpu /opt/spikebook/bin/
# What the toolkit reads; NVIDIA's base sets it, too.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
