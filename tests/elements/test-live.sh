#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The live path through a real sound server: PulseAudio of its own with two null
# sinks, sound played into them by paplay, the scripts of pipelines/ on their
# monitors. As any user, root too. Prints TAP.
# Usage: test-live.sh SOURCE_ROOT WRITE_TOYS RNN_WATCH
# shellcheck disable=SC2317
set -euo pipefail
root=$1
write_toys=$2
watch=$3
pipelines=$root/pipelines
build=$(cd "$(dirname "$watch")/.." && pwd)
# shellcheck source=tests/support/tap.sh
. "$root/tests/support/tap.sh"

for program in pulseaudio paplay pactl gst-launch-1.0 ffmpeg; do
  command -v "$program" > /dev/null || skip_all "$program is not installed"
done
gst-inspect-1.0 --exists pulsesrc || skip_all "pulsesrc is not installed"

# --- the server ---------------------------------------------------------------

mkdir "$work/pulse"
export HOME=$work XDG_RUNTIME_DIR=$work XDG_CONFIG_HOME=$work \
  PULSE_RUNTIME_PATH=$work/pulse PULSE_STATE_PATH=$work/pulse \
  PULSE_SERVER=unix:$work/native PULSE_COOKIE=$work/cookie
pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no \
  --log-target=stderr --realtime=no --high-priority=no \
  -L "module-null-sink sink_name=first" -L "module-null-sink sink_name=second" \
  -L "module-native-protocol-unix auth-anonymous=1 socket=$work/native" \
  2> "$work/pulse.log" &
server=$!
runner=
trap '[ -z "$runner" ] || kill -KILL -- "-$runner" 2> /dev/null || true; kill "$server" 2> /dev/null; wait "$server" 2> /dev/null; rm -rf "$work"' EXIT

# wait_for COMMAND…: for a minute at most.
wait_for() {
  local i
  for ((i = 0; i < 600; i++)); do
    "$@" > /dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "waited in vain for: $*"
  return 1
}
wait_for pactl info || skip_all "pulseaudio does not start: $(tail -n 1 "$work/pulse.log")"
pactl set-default-source first.monitor

"$write_toys" "$work" "ab=..ab cd.............ef..ab" \
  "cd=..cd............d" "short=...ab cd"
ffmpeg -v error -i "$root/tools/sample/sample.mkv" -vn -ar 16000 -ac 1 \
  "$work/sample.wav"
tones=model=$work/tones.safetensors

# --- recording ----------------------------------------------------------------

# count_listeners N
count_listeners() {
  [ "$(pactl list short source-outputs | wc -l)" -ge "$1" ]
}

# start LISTENERS COMMAND…: in the background, in a process group of its own,
# once it hears.
start() {
  local listeners=$1
  shift
  # No timeout(1): in the same group it would hand on each signal once more, and
  # a second Ctrl-C ends gst-launch at once.
  setsid env --default-signal=INT "$@" > "$work/out" 2> "$work/err" &
  runner=$!
  wait_for count_listeners "$listeners" || { cat "$work/err"; return 1; }
  sleep 0.5
}

# end [SECONDS]: Ctrl-C, as a terminal sends it: to all of the group.
end() {
  sleep "${1:-2}"
  kill -INT -- "-$runner" || true
  wait "$runner" || true
  cat "$work/err" >&2
}

captions() {
  start 1 "$pipelines/mic-captions" "$tones" || return 1
  paplay --device=first "$work/ab.wav"
  end
  equal $'ab cd\nef  ab\n' "$(sed 's/efab/ef  ab/' "$work/out")"$'\n'
}

# Interrupted in the midst of the last utterance: it still comes out.
last_word() {
  start 1 env MICROPHONE="pulsesrc device=second.monitor" \
    "$pipelines/mic-captions" "$tones" endpoint-silence=60000 || return 1
  paplay --device=second "$work/short.wav"
  end
  equal "ab cd" "$(cat "$work/out")"
}

# Real speech and the real model; the recording is part of the source.
speech() {
  start 1 "$pipelines/mic-captions" || return 1
  paplay --device=first "$work/sample.wav"
  end
  holds "$(tr '\n' ' ' < "$work/out")" "seven (four|for) one" "five two one"
}

microphones() {
  start 2 "$pipelines/two-mics" first.monitor second.monitor "$tones" || return 1
  paplay --device=first "$work/short.wav" &
  paplay --device=second "$work/cd.wav"
  wait $!
  end
  equal $'1: ab cd\n2: cd\n2: d' "$(sort "$work/out")"
}

commands() {
  printf '# what is said\nab cd\nfa\n' > "$work/phrases.txt"
  start 1 env SPEECH="$tones" "$pipelines/voice-commands" "$work/phrases.txt" \
    echo heard || return 1
  paplay --device=first "$work/short.wav"
  sleep 2
  paplay --device=first "$work/cd.wav"
  end
  equal "heard ab cd" "$(cat "$work/out")"
}

# bright FRAME: pixels of a caption on black.
bright() {
  ffmpeg -v error -i "$1" -f rawvideo -pix_fmt gray - | tr -d '\000-\310' | wc -c
}

# Over live video: frames are dark before a word is said and after it, and the
# word is in between.
overlay() {
  local frame n_bright=0 n_dark=0
  start 1 env \
    CAMERA="videotestsrc is-live=true pattern=black ! video/x-raw,width=320,height=240,framerate=10/1" \
    SCREEN="pngenc ! multifilesink location=$work/%05d.png" \
    "$pipelines/camera-captions" "$tones" || return 1
  paplay --device=first "$work/short.wav"
  end
  for frame in "$work"/0*.png; do
    if [ "$(bright "$frame")" -gt 50 ]; then
      n_bright=$((n_bright + 1))
      [ -z "${KEEP_FRAMES:-}" ] || cp "$frame" "$KEEP_FRAMES"
    else
      n_dark=$((n_dark + 1))
    fi
  done
  rm -f "$work"/0*.png
  echo "$n_bright frames with a caption, $n_dark without"
  [ "$n_bright" -ge 2 ] && [ "$n_dark" -ge 5 ]
}

watch_c() {
  start 1 "$watch" --speech-model "$work/tones.safetensors" mic || return 1
  paplay --device=first "$work/short.wav"
  end
  holds "$(cat "$work/out")" " ab  " " cd  "
}

watch_phrases() {
  printf 'ab cd\nfa\n' > "$work/phrases.txt"
  start 1 "$watch" --speech-model "$work/tones.safetensors" \
    --phrases "$work/phrases.txt" mic || return 1
  paplay --device=first "$work/cd.wav"
  sleep 1
  paplay --device=first "$work/short.wav"
  end
  holds "$(cat "$work/out")" '^ +[0-9.]+ +[0-9.]+  ab cd +[0-9]+ %$' || return 1
  equal 1 "$(wc -l < "$work/out")"
}

# listens: by then the demo's own look for a microphone is over.
listens() {
  grep -q '   start' "$work/err" && count_listeners 1
}

# start_demo MODE
start_demo() {
  start 0 env RNNC_DEMO_BUILD="$build" "$root/demo" "$1"
  wait_for listens || { cat "$work/err"; return 1; }
  sleep 0.5
}

demo_mic() {
  start_demo mic || return 1
  paplay --device=first "$work/sample.wav"
  end
  holds "$(cat "$work/out")" '^… .*seven' ' five +[0-9]+ %$' || return 1
  holds "$(cat "$work/err")" '^Speak; Ctrl-C ends it' '^Next: '
}

# A phrase is announced, and another sentence is not.
demo_commands() {
  command -v text2wave > /dev/null && [ -d /usr/share/festival/voices/us ] \
    || { echo "festival has no voice here"; return 77; }
  echo "turn on the kitchen light." | text2wave -F 16000 -o "$work/phrase.wav" \
    || { echo "festival does not speak"; return 77; }
  start_demo commands || return 1
  paplay --device=first "$work/sample.wav"
  sleep 1
  paplay --device=first "$work/phrase.wav"
  end
  equal 1 "$(wc -l < "$work/out")" || return 1
  holds "$(cat "$work/out")" '  turn on the kitchen light +[0-9]+ %$' || return 1
  holds "$(cat "$work/err")" '^  turn on the kitchen light$' '^Next: '
}

demo_without_microphone() {
  local mode result
  ! compgen -G '/dev/snd/pcm*c' > /dev/null \
    || { echo "this machine has a microphone"; return 77; }
  for mode in mic commands; do
    result=0
    PULSE_SERVER=unix:/nowhere RNNC_DEMO_BUILD="$build" "$root/demo" "$mode" \
      > "$work/out" 2> "$work/err" || result=$?
    equal 1 "$result" || return 1
    equal "" "$(cat "$work/out")" || return 1
    equal 2 "$(wc -l < "$work/err")" || return 1
    holds "$(tail -n 1 "$work/err")" 'no microphone can be opened' || return 1
  done
}

watch_python() {
  /usr/bin/python3 -c 'import gi; gi.require_version ("Gst", "1.0")' \
    || { echo "python3-gi is not installed"; return 77; }
  start 1 "$pipelines/watch.py" mic || return 1
  paplay --device=first "$work/sample.wav"
  end
  holds "$(cat "$work/out")" "seven (four|for) one"
}

try mic-captions captions
try last-word last_word
try speech speech
try two-mics microphones
try voice-commands commands
try camera-captions overlay
try rnn-watch watch_c
try rnn-watch-phrases watch_phrases
try watch.py watch_python
try demo-mic demo_mic
try demo-commands demo_commands
try demo-without-microphone demo_without_microphone
finish
