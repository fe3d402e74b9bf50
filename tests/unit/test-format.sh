#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The C sources are as .clang-format 14 lays them out. Prints TAP.
# Usage: test-format.sh SOURCE_ROOT
set -euo pipefail
cd "$1"

formatter=$(command -v clang-format-14 || command -v clang-format || true)
if [ -z "$formatter" ] || ! "$formatter" --version | grep -q 'version 14\.'; then
  echo "1..0 # SKIP no clang-format 14"
  exit 0
fi
echo "1..1"
if found=$(find rnncore plugins pipelines tools tests docs -name '*.[ch]' \
  -print0 | xargs -0 "$formatter" --dry-run -Werror 2>&1); then
  echo "ok 1 - layout"
else
  echo "not ok 1 - layout; mend it with: clang-format -i FILE"
  grep -E '^[^ ].*: (error|warning):' <<< "$found" | head -n 40 | sed 's/^/# /'
  exit 1
fi
