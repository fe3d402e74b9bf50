#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each public header alone compiles as C and as C++, without a warning. Prints
# TAP.
# Usage: test-headers.sh SOURCE_ROOT CC CXX HEADER…
set -euo pipefail
root=$1
cc=$2
cxx=$3
shift 3

read -ra flags <<< "$(pkg-config --cflags glib-2.0 json-glib-1.0)"
flags+=(-I"$root" -Wall -Wextra -Wpedantic -Werror -fsyntax-only)
status=0
number=0

# check WHAT COMMAND…
check() {
  local what=$1 messages
  shift
  number=$((number + 1))
  if messages=$("$@" 2>&1); then
    echo "ok $number - $what"
  else
    echo "not ok $number - $what"
    while IFS= read -r line; do echo "# $line"; done <<< "$messages"
    status=1
  fi
}

echo "1..$((2 * $#))"
for header in "$@"; do
  name=$(basename "$header")
  check "$name as C11" \
    "$cc" -std=c11 "${flags[@]}" -x c -include "$header" /dev/null
  check "$name as C++11" \
    "$cxx" -std=c++11 "${flags[@]}" -x c++ -include "$header" /dev/null
done
exit $status
