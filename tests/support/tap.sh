# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sourced by tests in shell: cases as TAP, and a folder of their own, $work.

work=$(mktemp -d)
case_number=0
status=0

# try NAME COMMAND…: one case; its output is shown where it fails. A command
# that returns 77 skips it, its last line says why.
try() {
  local name=$1 result=0
  shift
  case_number=$((case_number + 1))
  "$@" > "$work/log" 2>&1 || result=$?
  if [ "$result" -eq 0 ]; then
    echo "ok $case_number - $name"
  elif [ "$result" -eq 77 ]; then
    echo "ok $case_number - $name # SKIP $(tail -n 1 "$work/log")"
  else
    echo "not ok $case_number - $name"
    sed 's/^/# /' "$work/log"
    status=1
  fi
}

# finish: the plan, and the exit status.
finish() {
  echo "1..$case_number"
  exit "$status"
}

# skip_all REASON
skip_all() {
  echo "1..0 # SKIP $*"
  exit 0
}

# equal WANTED FOUND
equal() {
  [ "$1" = "$2" ] || {
    printf 'wanted: %q\nfound:  %q\n' "$1" "$2"
    return 1
  }
}

# holds TEXT PATTERN…: each extended regular expression is found in TEXT.
holds() {
  local text=$1 pattern
  shift
  for pattern in "$@"; do
    grep -qE -- "$pattern" <<< "$text" || {
      printf 'no "%s" in:\n%s\n' "$pattern" "$text"
      return 1
    }
  done
}
