#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Our training step against PyTorch's, one after another, on one and on two
# threads: compare-train.sh BENCH-TRAIN PEER-TRAIN.PY. The last column is ours
# over PyTorch's, each by its faster number of threads: at most 1 is no slower.
# Status 77 (skipped) where there is no PyTorch.
set -eu
export LC_ALL=C OMP_WAIT_POLICY=passive

python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import torch' 2> /dev/null || {
  echo "no PyTorch for $python: skipped"
  exit 77
}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# "NAME<tab>MILLISECONDS"
numbers () {
  sed -n 's/^\([A-Za-z]* [0-9x]*\) .* \([0-9.]*\) ms$/\1\t\2/p'
}

for threads in 1 2; do
  "$1" $threads 3 | numbers > "$work/ours-$threads"
  OMP_NUM_THREADS=$threads "$python" "$2" $threads 3 | numbers \
    > "$work/torch-$threads"
done
paste "$work/ours-1" "$work/ours-2" "$work/torch-1" "$work/torch-2" |
  awk -F '\t' '
    function least (a, b) { return a + 0 < b + 0 ? a : b }
    BEGIN { print "ms\tours 1\tours 2\tPyTorch 1\tPyTorch 2\tratio" }
    $1 == $3 && $1 == $5 && $1 == $7 {
      printf "%s\t%s\t%s\t%s\t%s\t%.2f\n", $1, $2, $4, $6, $8, \
        least ($2, $4) / least ($6, $8)
      n++
    }
    END { exit n == 3 ? 0 : 1 }'
