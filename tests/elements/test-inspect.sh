#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What gst-inspect-1.0 shows of the elements is what it showed before, and all
# of it is told in docs/elements.md. Prints TAP.
# Usage: test-inspect.sh SOURCE_ROOT
# UPDATE=1 writes the snapshots anew.
# shellcheck disable=SC2317
set -euo pipefail
root=$1
# shellcheck source=tests/support/tap.sh
. "$root/tests/support/tap.sh"
trap 'rm -rf "$work"' EXIT
command -v gst-inspect-1.0 > /dev/null || skip_all "no gst-inspect-1.0"

# show ELEMENT: without what depends on the build or the place.
show() {
  LC_ALL=C gst-inspect-1.0 --no-colors "$1" \
    | grep -vE '^ +(Filename|Version|Source release date|Origin URL|Binary package) '
}

# The tool's own layout differs from one GStreamer to the next.
snapshot() {
  local file=$root/tests/elements/$1.inspect
  gst-inspect-1.0 --version | grep -q 'GStreamer 1\.22' \
    || { echo "the snapshot is one of GStreamer 1.22"; return 77; }
  [ -z "${UPDATE:-}" ] || show "$1" > "$file"
  diff -u "$file" <(show "$1")
}

# properties ELEMENT: our own, as gst-inspect names them.
properties() {
  show "$1" | sed -n '/^Element Properties/,/^Element Signals/p' \
    | sed -nE 's/^  ([a-z][a-z-]*) *: .*/\1/p' | grep -vxE 'name|parent|qos'
}

documented() {
  local property missing=0
  [ "$(properties "$1" | wc -l)" -ge 10 ] || { echo "too few"; return 1; }
  for property in $(properties "$1"); do
    grep -q "\`$property\`" "$root/docs/elements.md" || {
      echo "docs/elements.md does not tell of $1's $property"
      missing=1
    }
  done
  return "$missing"
}

for element in rnnspeech rnngesture; do
  try "$element/snapshot" snapshot "$element"
  try "$element/documented" documented "$element"
done
finish
