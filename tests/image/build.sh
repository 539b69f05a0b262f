#!/usr/bin/env bash
# Builds the images with buildah where no registry can be reached, into the storage FOLDER:
#
#   tests/image/build.sh FOLDER
#
# debian:bookworm-slim is what debootstrap makes, less what Debian's own slim image lacks, too; golang:1.26-bookworm
# is that and the tool chain of this machine. So it is the Dockerfiles that are tried, not these two bases.
set -euo pipefail
cd "$(dirname "$0")/../.."
storage=$1

if [ "$(id -u)" -ne 0 ]; then
	echo "build.sh: buildah and debootstrap must run as root here" >&2
	exit 1
fi
need=()
for program in buildah debootstrap; do
	command -v $program > /dev/null || need+=($program)
done
if [ ${#need[@]} -gt 0 ]; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}"
fi

mkdir -p "$storage"
export BUILDAH_ISOLATION=chroot # needs no runtime and no cgroups
buildah() { command buildah --root "$storage/root" --runroot "$storage/run" "$@"; }
# A build that is ended leaves its containers, and buildah's own folder is always left mounted.
clean() {
	rm -rf "$storage/rootfs"
	buildah rm --all > /dev/null 2>&1 || true
	umount --recursive "$storage/root/overlay" 2> /dev/null || true
}
trap clean EXIT

base=localhost/debian:bookworm-slim
if ! buildah inspect --type image $base > /dev/null 2>&1; then
	# The mirror is the one that this machine's apt uses.
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | head -n 1)
	rm -rf "$storage/rootfs"
	debootstrap --variant=minbase bookworm "$storage/rootfs" "${mirror:-http://deb.debian.org/debian}"
	for folder in usr/share/doc usr/share/info usr/share/locale usr/share/man var/cache/apt var/lib/apt/lists; do
		find "$storage/rootfs/$folder" -mindepth 1 -delete
	done
	c=$(buildah from scratch)
	buildah add -q "$c" "$storage/rootfs" /
	buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$c"
	buildah commit -q --rm "$c" $base
fi
go=localhost/golang:1.26-bookworm
if ! buildah inspect --type image $go > /dev/null 2>&1; then
	c=$(buildah from --pull-never $base)
	buildah add -q "$c" "$(go env GOROOT)" /usr/local/go
	buildah commit -q --rm "$c" $go
fi

# The network of a RUN is this machine's, and so are the authorities that Debian trusts beside its own.
args=(--pull-never --layers)
authorities=/usr/local/share/ca-certificates
if [ -n "$(find $authorities -name '*.crt' 2> /dev/null)" ]; then
	args+=(-v "$authorities:$authorities:ro")
fi
# Go's caches of this machine spare minutes; the one that users get is filled from nothing.
args+=(-v "$(go env GOCACHE):/root/.cache/go-build" -v "$(go env GOMODCACHE):/root/go/pkg/mod")

for target in image image-cuda; do
	make --no-print-directory $target BUILDER="buildah --root $storage/root --runroot $storage/run" \
		CUDA_BASE=$base IMAGE_ARGS="${args[*]}"
done
