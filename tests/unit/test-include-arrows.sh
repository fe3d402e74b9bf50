#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who may include whom (docs/design.md). Prints TAP.
# Usage: test-include-arrows.sh SOURCE_ROOT
set -euo pipefail
cd "$1"

case_number=0
status=0

# check FOLDERS FORBIDDEN: no file below FOLDERS includes a match of FORBIDDEN
# (extended regular expression on the text between quotes or brackets).
check() {
  local folders=$1 forbidden=$2 found
  case_number=$((case_number + 1))
  # shellcheck disable=SC2086
  found=$(grep -rnE --include='*.[ch]' \
    "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($forbidden)" \
    $folders || true)
  if [ -z "$found" ]; then
    echo "ok $case_number - $folders"
  else
    echo "not ok $case_number - $folders"
    while IFS= read -r line; do echo "# $line"; done <<< "$found"
    status=1
  fi
}

media='gst/|libav|libsw|cblas|openblas'
echo "1..8"
check "rnncore/kernels" "glib|json|gio|rnncore/(rnnc|base|layers|model|frontend|decode|train)|$media"
check "rnncore/base" "rnncore/(kernels|layers|model|frontend|decode|train)|$media"
check "rnncore/layers" "rnncore/(model|frontend|decode|train|rnnc-[^e])|$media"
check "rnncore/model rnncore/frontend rnncore/decode" "rnncore/(train|rnncore-train)|$media"
check "rnncore/frontend" "rnncore/(layers|model|decode)"
check "rnncore/train" 'gst/|libav|libsw'
check "plugins pipelines" 'rnncore/(base|kernels|layers|model|frontend|decode|train|rnncore-train|rnnc-)|libav|libsw|cblas'
check "tools" 'rnncore/(base/([^j]|json-s)|kernels|layers|model|frontend|decode|train/|rnnc-)|gst/|cblas'
exit $status
