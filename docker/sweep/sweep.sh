#!/usr/bin/env bash
# A sweep: a notebook is run for each line of a file of parameters. See docs/sweeps.md.
#
#   sweep.sh grid tau=2,5 mu=0.8,1    print the lines of all combinations
#   sweep.sh run N                    run line N, counted from 1, unless it is done
#   sweep.sh start                    run all that is not done, JOBS at a time
#   sweep.sh missing                  list what is not done: line, parameters, why
#
# A run is done when OUT has its notebook, which is put there when all cells ran, by renaming it.
# So a run may be killed at any moment, and is not done then.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${NOTEBOOK:=$here/../../notebooks/sweep-point.ipynb}" # what is run
: "${POINTS:=$here/points.txt}"                          # name=value ... on each line
: "${OUT:=runs}"                                         # where executed notebooks go
: "${JOBS:=$(nproc)}"                                    # how many run at a time
: "${SPIKEBOOK:=$(command -v spikebook || echo "$here/../../bin/spikebook")}"
export NOTEBOOK POINTS OUT JOBS SPIKEBOOK

# name prints what the files of a run are called: by its parameters, so that lines may be added.
name() {
	local joined
	joined=$(IFS=,; echo "$*")
	echo "${joined//\//_}"
}

run() {
	local params=() args=() p name status=0
	read -ra params < <(sed -n "${1}p" "$POINTS") || true
	if [ ${#params[@]} -eq 0 ]; then
		echo "sweep.sh: $POINTS has no parameters on line $1" >&2
		return 2
	fi
	name=$(name "${params[@]}")
	if [ -e "$OUT/$name.ipynb" ]; then
		return 0
	fi
	mkdir -p "$OUT/failed"
	rm -f "$OUT/failed/$name.ipynb" # of an earlier start
	for p in "${params[@]}"; do
		args+=(-p "$p")
	done
	"$SPIKEBOOK" exec "$NOTEBOOK" -o "$OUT/failed/$name.ipynb" "${args[@]}" 2> "$OUT/failed/$name.log" || status=$?
	if [ "$status" -ne 0 ]; then
		echo "status $status" >> "$OUT/failed/$name.log"
		echo "failed: ${params[*]} (status $status)"
		return 1
	fi
	mv "$OUT/failed/$name.ipynb" "$OUT/$name.ipynb"
	rm -f "$OUT/failed/$name.log"
	echo "done: ${params[*]}"
}

missing() {
	local params=() n=0 name why
	while read -ra params || [ ${#params[@]} -gt 0 ]; do
		n=$((n + 1))
		if [ ${#params[@]} -eq 0 ]; then
			continue
		fi
		name=$(name "${params[@]}")
		if [ -e "$OUT/$name.ipynb" ]; then
			continue
		fi
		why="not run"
		if [ -e "$OUT/failed/$name.log" ]; then
			case $(tail -n 1 "$OUT/failed/$name.log") in
			"status 1"[0-9][0-9]) why="killed" ;; # 128 and the number of the signal
			"status "*) why="failed, see $OUT/failed/$name.log" ;;
			*) why="killed, or still running" ;;
			esac
		fi
		printf '%d\t%s\t%s\n' "$n" "${params[*]}" "$why"
	done < "$POINTS"
}

start() {
	local left
	# xargs stops when a command is killed, so the one that it runs only waits.
	missing | cut -f1 | xargs -r -P "$JOBS" -n 1 bash -c '"$0" run "$1" || true' "${BASH_SOURCE[0]}" || true
	left=$(missing)
	if [ -n "$left" ]; then
		printf 'missing, and run by the next start:\n%s\n' "$left"
		return 1
	fi
}

grid() {
	local lines=("") next values axis line value
	for axis; do
		next=()
		IFS=, read -ra values <<< "${axis#*=}"
		for line in "${lines[@]}"; do
			for value in "${values[@]}"; do
				next+=("${line:+$line }${axis%%=*}=$value")
			done
		done
		lines=("${next[@]}")
	done
	printf '%s\n' "${lines[@]}"
}

case "${1:-}" in
run | missing | start | grid) "$@" ;;
*)
	sed -n '2,7p' "${BASH_SOURCE[0]}" | cut -c3- >&2
	exit 2
	;;
esac
