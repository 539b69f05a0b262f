#!/usr/bin/env bash
# Makes the PNG logos from the SVG, with Chromium.
set -euo pipefail
cd "$(dirname "$0")"
page=$(mktemp --suffix=.html)
trap 'rm -f "$page"' EXIT
for n in 64 32; do
  printf '<body style="margin:0"><img src="file://%s/logo-svg.svg" width=%d height=%d style="display:block">' "$PWD" $n $n > "$page"
  chromium --headless --no-sandbox --disable-gpu --default-background-color=00000000 --hide-scrollbars \
    --window-size=$n,$n --screenshot="$PWD/logo-${n}x$n.png" "file://$page" 2>/dev/null
done
