# Everything that is installed or built lies in .cache and bin; `make clean` removes both.
# SPIKEBOOK_CACHE and the kernelspec in the virtual environment keep the kernel of this
# checkout apart from one that is installed for the user.

SHELL   := /bin/bash
ROOT    := $(CURDIR)
CACHE   := $(ROOT)/.cache
VENV    := $(CACHE)/venv
BIN     := $(ROOT)/bin/spikebook
PYTHON  ?= python3
GOLDEN  ?= ../shared/golden
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null | sed 's/^v//')
export SPIKEBOOK_CACHE := $(CACHE)/spikebook
export CGO_ENABLED ?= 0

TUTORIAL := notebooks/neuron.ipynb

.DEFAULT_GOAL := help
.PHONY: help build venv install demo lab test test-go test-race test-fuzz test-cells test-robust test-python test-hub hub-tools test-gpu fakecuda gpu gpu-check gpu-tools conformance bench bench-neurons bench-units soak lint image image-cuda image-test release release-check generate clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/spikebook
	@command -v go >/dev/null || { echo "go is not on PATH; Go 1.26 or later is needed: https://go.dev/dl"; exit 1; }
	go build -ldflags "-X main.stamped=$(VERSION)" -o $(BIN) ./kernel

# The virtual environment is made anew when the pinned requirements change.
VENV_STAMP := $(VENV)/.$(shell sha256sum tests/requirements.txt 2>/dev/null | cut -c1-16)
$(VENV_STAMP):
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11; name another: make PYTHON=python3.12"; exit 1; }
	rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	touch $@

venv: $(VENV_STAMP) ## JupyterLab and the test tools in .cache/venv

# papermill finds the translator by its entry point, so it is installed as users do it.
TRANSLATOR_STAMP := $(VENV)/.translator-$(shell cat kernel/papermill/* | sha256sum | cut -c1-16)
$(TRANSLATOR_STAMP): | $(VENV_STAMP)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation ./kernel/papermill
	touch $@

install: build venv $(TRANSLATOR_STAMP) ## install the kernel into .cache/venv
	$(BIN) install --prefix $(VENV)

demo: install ## run the tutorial, then open it in JupyterLab
	@mkdir -p $(CACHE)/demo
	$(BIN) exec $(TUTORIAL) -o $(CACHE)/demo/neuron.ipynb --html $(CACHE)/demo/neuron.html
	@echo
	@echo "The tutorial was run: $(CACHE)/demo/neuron.html shows it in any browser."
ifeq ($(CI),)
	@echo "JupyterLab opens on a copy of it; the address with its token stands below. Ctrl-C ends it."
	cp $(CACHE)/demo/neuron.ipynb $(CACHE)/demo/lab.ipynb
	$(LAB) --ServerApp.root_dir=$(CACHE)/demo --LabApp.default_url=/lab/tree/lab.ipynb
endif

LAB = $(VENV)/bin/jupyter lab $(if $(DISPLAY)$(WAYLAND_DISPLAY),,--no-browser) $(if $(filter 0,$(shell id -u)),--allow-root)

lab: install ## JupyterLab on a copy of the notebooks
	@mkdir -p $(CACHE)/lab # what was changed there stays
	@for n in notebooks/*.ipynb; do test -e $(CACHE)/lab/$${n##*/} || cp $$n $(CACHE)/lab/; done
	$(LAB) --ServerApp.root_dir=$(CACHE)/lab

test: lint test-go test-race conformance test-fuzz test-cells test-robust test-python test-gpu ## everything that CI runs

# The neurons once more with SIMD instructions, as cells run them.
test-go: build
	go test ./...
	GOEXPERIMENT=simd go test ./snn/... ./tests/golden

# The packages with goroutines, as far as they are not busy waiting for the Go
# compiler. The race detector is linked with C.
test-race:
	@command -v $$(go env CC) >/dev/null || { echo "the race detector needs a C compiler; on Debian and Ubuntu: apt-get install gcc libc6-dev"; exit 1; }
	CGO_ENABLED=1 go test -race ./kernel/bridge ./kernel/headless ./kernel/history ./kernel/jupyter/... ./kernel/live ./kernel/program ./kernel/supervisor ./display/figure/... ./snn/...

# What reads bytes or text that may be anything; `make soak` does it for longer.
FUZZ = ./kernel/jupyter:FuzzDecode ./kernel/session:FuzzRead ./kernel/cell:FuzzSplit ./snn/dynamics:FuzzParse ./snn/dynamics:FuzzEvaluate ./gpu/remote/wire:FuzzDecode ./gpu/ptxsim:FuzzParse
# A number of executions: with a time, Go now and then takes the end of it for a failure.
FUZZTIME ?= 50000x

test-fuzz: ## random input for the wire, the snapshots, the cells and the neurons, 50,000 of each
	@set -e; for f in $(FUZZ); do \
		echo "$$f"; go test -run '^$$' -fuzz "^$${f#*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $${f%:*}; \
	done

# A part of it: make test-cells CELLS='-v -run aliasing'
test-cells: install ## the table of cell sequences, tests/cells/testdata, through the whole kernel
	go run ./tests/cells $(CELLS)

# A part of it: make test-robust ROBUST='-v -only damage'
test-robust: install ## 150 random events: interrupts, kills, damaged files, a full disk
	go run ./tests/robust $(ROBUST)

test-python: install hub-tools
	$(VENV)/bin/pytest tests --durations=30

test-hub: install hub-tools ## the part of test-python that needs a JupyterHub: eight users at once; as root, for their uids
	$(VENV)/bin/pytest tests/hub

# JupyterHub's proxy is a program for Node. A cache for all users is filled as an
# administrator does it: from nothing, but for modules that are on this machine.
HUB         := $(CACHE)/hub
PROXY_STAMP := $(HUB)/.$(shell sha256sum tests/hub/package-lock.json 2>/dev/null | cut -c1-16)
$(PROXY_STAMP):
	@command -v npm >/dev/null || { echo "npm is missing, for JupyterHub's proxy; on Debian and Ubuntu: apt-get install nodejs npm"; exit 1; }
	rm -rf $(HUB)
	mkdir -p $(HUB)
	cp tests/hub/package.json tests/hub/package-lock.json $(HUB)
	cd $(HUB) && npm ci --no-audit --no-fund
	touch $@

hub-tools: build $(PROXY_STAMP) ## JupyterHub's proxy in .cache/hub, a cache for many users in .cache/shared
	GOPROXY="file://$$(go env GOMODCACHE)/cache/download,$$(go env GOPROXY)" SPIKEBOOK_SHARED_CACHE=$(CACHE)/shared $(BIN) install --prefix $(HUB)

# cuda.h and ptxas are NVIDIA's packages for Python, which there are for Linux on
# x86-64 only. Elsewhere: make gpu CUDA_INCLUDE=the folder of a cuda.h of CUDA 11 or 12
CUDA         := $(CACHE)/cuda
CUDA_INCLUDE := $(CUDA)/nvidia/cuda_runtime/include
CUDA_STAMP   := $(CUDA)/.$(shell sha256sum tests/requirements-gpu.txt 2>/dev/null | cut -c1-16)
WHEELS       := $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m))
CUDA_GO       = CGO_ENABLED=1 CGO_CFLAGS="-O2 -g -I$(CUDA_INCLUDE)" go

$(CUDA_STAMP): | $(VENV_STAMP)
	@test -n "$(WHEELS)" || { echo "there are no packages with cuda.h and ptxas for this system: install the CUDA toolkit, 11 or 12, and run: make gpu CUDA_INCLUDE=/usr/local/cuda/include"; exit 1; }
	rm -rf $(CUDA)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: --target $(CUDA) -r tests/requirements-gpu.txt
	touch $@

gpu-tools: $(CUDA_STAMP) ## cuda.h and ptxas in .cache/cuda

gpu: $(if $(filter $(CUDA)/%,$(CUDA_INCLUDE)),gpu-tools) ## build bin/spikebook-gpu, which runs neurons on NVIDIA GPUs
	@command -v $$(go env CC) >/dev/null || { echo "CUDA is linked with C; on Debian and Ubuntu: apt-get install gcc libc6-dev"; exit 1; }
	$(CUDA_GO) build -tags cuda -o $(ROOT)/bin/spikebook-gpu ./gpu/spikebook-gpu

# A part of it without a GPU, for who changes it: make gpu-check GPU_CHECK=-rehearse
gpu-check: gpu ## try the CUDA backend on the GPU of this machine; writes gpu-check.json, for a report
	$(CUDA_GO) run -tags cuda ./tests/gpucheck -golden $(GOLDEN) $(GPU_CHECK)

# On a driver whose device is the CPU (package fakecuda), so that no GPU is needed. C
# loads it, so Go does not see that it has changed: -count 1. A part of what notebooks
# do there: make test-gpu STANDIN='-k failures'
FAKECUDA := $(CACHE)/fakecuda

ifneq ($(WHEELS),)
# The driver, and spikebook with a worker beside it that has the race detector.
fakecuda: gpu-tools install
	@command -v $$(go env CC) >/dev/null && command -v $$(go env CXX) >/dev/null || { echo "the driver for tests is C++; on Debian and Ubuntu: apt-get install gcc g++ libc6-dev"; exit 1; }
	@mkdir -p $(FAKECUDA)
	$$(go env CXX) -std=c++17 -O2 -Wall -Wextra -shared -fPIC -Wl,-soname,libcuda.so.1 -o $(FAKECUDA)/libcuda.so.1 gpu/fakecuda/driver/*.cpp
	CGO_ENABLED=0 go build -o $(FAKECUDA)/spikebook-fakecuda-engine ./gpu/fakecuda/engine
	$(CUDA_GO) build -race -tags cuda -o $(FAKECUDA)/spikebook-gpu ./gpu/spikebook-gpu
	ln -f $(BIN) $(FAKECUDA)/spikebook

test-gpu: fakecuda ## the CUDA backend without a GPU: on a driver for the CPU, and through NVIDIA's ptxas
	$(CUDA_GO) vet -tags cuda ./gpu/...
	$(CUDA_GO) tool staticcheck -tags cuda ./gpu/...
	SPIKEBOOK_LIBCUDA=$(FAKECUDA)/libcuda.so.1 $(CUDA_GO) test -count 1 -race -tags cuda ./gpu/...
	FAKECUDA_LAZY=1 SPIKEBOOK_LIBCUDA=$(FAKECUDA)/libcuda.so.1 $(CUDA_GO) test -count 1 -race -tags cuda ./gpu/backend
	! SPIKEBOOK_LIBCUDA=$(FAKECUDA)/libcuda.so.1 $(CUDA_GO) run -tags cuda ./tests/gpucheck -golden $(GOLDEN) -o /dev/null
	SPIKEBOOK_LIBCUDA=$(FAKECUDA)/libcuda.so.1 $(CUDA_GO) run -tags cuda ./tests/gpucheck -golden $(GOLDEN) -o /dev/null -rehearse
	$(VENV)/bin/pytest tests/standin.py $(STANDIN)
	go run ./tests/ptxas -ptxas $(CUDA)/nvidia/cuda_nvcc/bin/ptxas
else
test-gpu:
	@echo "test-gpu is left out: cuda.h and ptxas come in packages for Linux on x86-64 only"
endif

# On CUDA, which is emulated where there is no GPU: make conformance BACKEND=cuda
BACKEND ?= cpu

conformance: ## compare with reference data: make conformance GOLDEN=DIR
	go run ./tests/golden -golden $(GOLDEN) -backend $(BACKEND)

# With fewer repetitions, or a part of it: make bench BENCH='-n 5 -parts cells,values'
bench: install ## how long cells, kernel starts and stored values take, beside plain GoNB
	go run ./tests/bench $(BENCH)
	@$(MAKE) --no-print-directory bench-neurons

# Not in go.mod: there it would bring a later golang.org/x/tools; see RATIONALE.md.
BENCHSTAT := go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

# GOMAXPROCS, besides -cpu: the first run of each benchmark does not look at that.
bench-neurons: ## layers of neurons against a copy of the same bytes, on one and two processors
	@mkdir -p $(CACHE) && rm -f $(CACHE)/neurons.txt
	@set -e; for n in 1 2; do \
		GOMAXPROCS=$$n GOEXPERIMENT=simd go test -run '^$$' -bench 'Forward|Backward|Copy|Step|New|Network' -cpu $$n -benchtime 0.1s -count 6 -benchmem -timeout 60m ./snn/neuron >> $(CACHE)/neurons.txt; \
	done
	$(BENCHSTAT) -ignore goos,goarch,pkg,cpu $(CACHE)/neurons.txt

bench-units: ## benchmarks of the neurons, the pictures and the stored values
	go test -run '^$$' -bench . -benchmem ./snn/... ./display/... ./kernel/session

soak: install $(if $(WHEELS),fakecuda) ## the fuzz targets, 30 s each, 1,000 random events, a GPU worker that is killed 200 times, a sweep of 200 runs
	@set -e; for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime 30s -fuzzminimizetime 1x $$pkg; \
		done; \
	done
	go run ./tests/robust -n 1000
	SPIKEBOOK_GPU_KILLS=200 $(VENV)/bin/pytest tests/test_gpu.py $(if $(WHEELS),tests/standin.py)
	SPIKEBOOK_SWEEP_RUNS=200 SPIKEBOOK_SWEEP_KILLS=10 $(VENV)/bin/pytest tests/test_sweep.py -k killed

# The time of the files is that of the commit, so that who builds it again has the same.
RELEASE = go run ./kernel/release -version "$(VERSION)" -time "$$(git log -1 --format=%ct)"

release: ## archives for Linux and macOS, checksums and notes in .cache/release; see docs/release.md
	$(RELEASE) -out $(CACHE)/release

release-check: release ## build them once more, in another folder and without what is compiled, and compare
	rm -rf $(CACHE)/release-check
	mkdir -p $(CACHE)/release-check/source
	git archive HEAD | tar -x -C $(CACHE)/release-check/source
	cd $(CACHE)/release-check/source && GOCACHE=$(CACHE)/release-check/gocache $(RELEASE) -out ../out
	cmp $(CACHE)/release/SHA256SUMS $(CACHE)/release-check/out/SHA256SUMS
	rm -rf $(CACHE)/release-check

# Not in go.mod for the reason that benchstat is not.
ACTIONLINT := go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

lint: ## formatting, go vet, staticcheck, go.mod, the workflows
	@test -z "$$(gofmt -s -l $$(git ls-files --cached --others --exclude-standard '*.go'))" || { gofmt -s -d $$(git ls-files --cached --others --exclude-standard '*.go'); exit 1; }
	go vet ./...
	GOEXPERIMENT=simd go vet ./snn/...
	go tool staticcheck ./...
	go mod tidy -diff
	$(ACTIONLINT) -shellcheck= -pyflakes=

# docker, podman or buildah, whichever works: docker is often there without its engine.
# HEALTHCHECK is a thing of Docker's format, which the two others must be asked for.
BUILDER   ?= $(shell for b in docker podman buildah; do $$b info >/dev/null 2>&1 && echo $$b && break; done)
BUILD      = $(BUILDER) build $(if $(filter-out docker,$(BUILDER)),--format docker) $(IMAGE_ARGS)
IMAGE     ?= spikebook
CUDA_BASE ?= nvidia/cuda:12.9.1-base-ubuntu24.04

.PHONY: builder
builder:
	@test -n "$(BUILDER)" || { echo "neither docker nor podman nor buildah works here; on Debian and Ubuntu, as root: apt-get install buildah"; exit 1; }

image: builder ## build the image spikebook, JupyterLab with the kernel
	$(BUILD) -f docker/cpu.Dockerfile --build-arg VERSION=$(VERSION) -t $(IMAGE) .

image-cuda: builder ## build the image spikebook:cuda, which has the GPU worker, too
	$(BUILD) -f docker/cpu.Dockerfile --build-arg VERSION=$(VERSION) --build-arg BASE=$(CUDA_BASE) -t $(IMAGE):cuda-base .
	$(BUILD) -f docker/cuda.Dockerfile --build-arg IMAGE=$(IMAGE):cuda-base -t $(IMAGE):cuda .

image-test: install ## build both images as root with buildah, on a base of debootstrap's, and run the tutorial in a container
	tests/image/build.sh $(CACHE)/image
	$(VENV)/bin/python tests/image/try.py $(CACHE)/image

generate: ## write generated files anew: the go.mod of the cells, the loops over vectors, the logos
	go run ./kernel/workspace/gen
	go run ./snn/vector/gen
	kernel/kernelspec/render.sh

clean: ## remove what was built
	chmod -R u+w $(CACHE) 2>/dev/null || true
	rm -rf $(CACHE) $(ROOT)/bin
