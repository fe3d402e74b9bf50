#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A library exports exactly what its public headers declare. Prints TAP.
# Usage: test-exported-names.sh LIBRARY HEADER…
set -euo pipefail
library=$1
shift

declared=$(grep -hv '^#' "$@" | tr '\n' ' ' | grep -oE 'RNNC_API[^;]*;' \
  | sed -E 's/\(.*//; s/[[:space:]]+$//; s/.*[ *]//' | sort -u)
exported=$(nm -D --defined-only "$library" | awk '{ print $3 }' | sort -u)

echo "1..1"
if difference=$(diff <(echo "$declared") <(echo "$exported")); then
  echo "ok 1 - $(basename "$library")"
else
  echo "not ok 1 - $(basename "$library"): < declared only, > exported only"
  while IFS= read -r line; do echo "# $line"; done <<< "$difference"
  exit 1
fi
