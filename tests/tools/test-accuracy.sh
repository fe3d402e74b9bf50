#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The shipped models on recordings of people and scenes that training never
# saw; skipped where those are missing. The bounds are what the first models
# have to reach; what they do reach stands in their cards. Prints TAP.
# Usage: test-accuracy.sh RNNCORE MODELS SOURCE_ROOT
set -euo pipefail
rnncore=$1
models=$2
data=${RNNC_TEST_DATA:-$3/../shared/data}

# check NAME MODEL MANIFEST COLUMN below|above BOUND [eval option…]: one case.
check() {
  local name=$1 model=$2 manifest=$3 column=$4 side=$5 bound=$6 value
  shift 6
  if [ ! -r "$manifest" ]; then
    echo "ok $case_number - $name # SKIP no $manifest"
    return
  fi
  value=$("$rnncore" eval "$model" "$manifest" "$@" 2> "$log" \
    | awk -F '\t' -v column="$column" '
        !found { for (i = 1; i <= NF; i++) if ($i == column) found = i; next }
        { print $found; exit }')
  if [ -n "$value" ] && awk -v value="$value" -v bound="$bound" \
    -v side="$side" 'BEGIN {
      exit !(side == "below" ? value + 0 < bound : value + 0 > bound) }'; then
    echo "ok $case_number - $name: $value % is $side $bound %"
  else
    echo "not ok $case_number - $name: \"$value\" % is not $side $bound %"
    sed 's/^/# /' "$log"
    status=1
  fi
}

log=$(mktemp)
trap 'rm -f "$log" "$log.tsv"' EXIT
status=0
echo "1..5"
case_number=1
check "word error, an4 test" "$models/speech-en-streaming.safetensors" \
  "$data/speech/manifest.tsv" word-error below 12 \
  --where corpus=an4 --where split=test
case_number=2
check "pointing gestures, test scenes" \
  "$models/research/gesture-pointing.safetensors" \
  "$data/gesture/pointing/manifest.tsv" accuracy above 92 \
  --where split=test
case_number=3
check "word error of whole recordings, an4 test" \
  "$models/speech-en.safetensors" \
  "$data/speech/manifest.tsv" word-error below 9 \
  --where corpus=an4 --where split=test
case_number=4
check "depth gestures, test subjects" \
  "$models/research/gesture-depth.safetensors" \
  "$data/gesture/depth/manifest.tsv" accuracy above 93 \
  --where split=test
case_number=5
silero=$data/reference/silero/speech.flac
if [ -r "$silero" ]; then
  silero=$(realpath "$silero")
  printf 'path\tactivity\n%s\t%s\n' "$silero" \
    "$(dirname "$silero")/expected_published.txt" > "$log.tsv"
  silero=$log.tsv
fi
check "frames of speech, as Silero says, of its minute" \
  "$models/vad-en.safetensors" "$silero" accuracy above 95
exit $status
