#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The scripts of pipelines/ on recordings: what they print, and whether FFmpeg
# reads what they write. Prints TAP.
# Usage: test-scripts.sh SOURCE_ROOT WRITE_TOYS RNN_WATCH
# shellcheck disable=SC2317
set -euo pipefail
root=$1
write_toys=$2
pipelines=$root/pipelines
build=$(cd "$(dirname "$3")/.." && pwd)
sample=$root/tools/sample/sample.mkv
# shellcheck source=tests/support/tap.sh
. "$root/tests/support/tap.sh"
trap 'rm -rf "$work"' EXIT

for program in gst-launch-1.0 ffmpeg ffprobe; do
  command -v "$program" > /dev/null || skip_all "$program is not installed"
done
for element in decodebin avdec_h264 webvttenc srtenc textoverlay vp8enc; do
  gst-inspect-1.0 --exists "$element" || skip_all "$element is not installed"
done

"$write_toys" "$work" "in=..ab cd...........ef.."
tones=model=$work/tones.safetensors

# cues FILE: what FFmpeg reads: start, duration and text of each.
cues() {
  ffmpeg -v error -i "$1" -map 0:s -f srt -
}

# subtitles SCRIPT ENDING
subtitles() {
  "$pipelines/$1" "$work/in.wav" "$work/out.$2" "$tones" || return 1
  ffprobe -v error -show_entries stream=codec_type -of csv=p=0 "$work/out.$2" \
    | grep -qx subtitle || return 1
  holds "$(cues "$work/out.$2")" '^00:00:00,[12][0-9]* --> 00:00:00,[67]' \
    '^ab cd$' '^00:00:01,[78][0-9]* --> 00:00:0[12],' '^ef$' || return 1
  equal 2 "$(cues "$work/out.$2" | grep -c -- '-->')"
}

# A cue for each utterance of real speech, in order, none longer than the sound.
real_subtitles() {
  "$pipelines/file-webvtt" "$sample" "$work/sample.vtt" || return 1
  holds "$(cues "$work/sample.vtt" | tr '\n' ' ')" 'seven' 'five two one'
}

both() {
  local out
  out=$("$pipelines/file-speech-gestures" "$sample") || return 1
  holds "$out" '^\[gesture: left\]$' 'seven' 'two one$'
}

watch_python() {
  local out
  /usr/bin/python3 -c 'import gi; gi.require_version ("Gst", "1.0")' \
    || { echo "python3-gi is not installed"; return 77; }
  out=$("$pipelines/watch.py" "$sample") || return 1
  holds "$out" 'gesture: left' ' five two one  [0-9]+ %$' || return 1
  ! "$pipelines/watch.py" /nowhere/x.wav 2> "$work/err" || return 1
  holds "$(cat "$work/err")" '^watch.py: '
}

# bright FRAME: pixels of a caption on black.
bright() {
  ffmpeg -v error -i "$1" -f rawvideo -pix_fmt gray - | tr -d '\000-\226' | wc -c
}

# A video written with captions over it: the frame in the midst of the first
# utterance shows it, those before and after it do not.
overlay() {
  gst-launch-1.0 -q videotestsrc pattern=black num-buffers=66 \
    ! video/x-raw,width=320,height=240,framerate=30/1 ! textoverlay name=o font-desc="Sans 24" \
    ! videoconvert ! vp8enc deadline=1 ! matroskamux \
    ! filesink location="$work/captions.mkv" filesrc location="$work/in.wav" \
    ! wavparse ! audioconvert ! rnnspeech "$tones" ! o.text_sink || return 1
  for at in 0.1 0.5 1.2 1.9; do
    ffmpeg -v error -y -ss "$at" -i "$work/captions.mkv" -frames:v 1 \
      "$work/at-$at.png" || return 1
  done
  [ -z "${KEEP_FRAMES:-}" ] || cp "$work"/at-*.png "$KEEP_FRAMES"
  echo "bright pixels: $(bright "$work/at-0.1.png") $(bright "$work/at-0.5.png")" \
    "$(bright "$work/at-1.2.png") $(bright "$work/at-1.9.png")"
  [ "$(bright "$work/at-0.1.png")" -lt 5 ] \
    && [ "$(bright "$work/at-0.5.png")" -gt 20 ] \
    && [ "$(bright "$work/at-1.2.png")" -lt 5 ] \
    && [ "$(bright "$work/at-1.9.png")" -gt 20 ]
}

# The name of the gesture over the video in which it is made.
gesture_overlay() {
  local frames
  gst-launch-1.0 -q filesrc location="$sample" ! decodebin name=d \
    d. ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 \
    ! audioconvert ! fakesink sync=false \
    d. ! queue ! videoconvert ! rnngesture name=g report-after=0 g.src \
    ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 \
    ! textoverlay name=o ! videoconvert ! jpegenc \
    ! multifilesink location="$work/gesture-%03d.jpg" \
    g.text_src ! queue ! o.text_sink || return 1
  frames=$(find "$work" -name 'gesture-*.jpg' | wc -l)
  echo "$frames frames"
  [ "$frames" -eq 38 ]
}

# bright_edge VIDEO TIME Y: pixels as bright as letters in a fifth of the picture
# from Y on; the sample has none at its edges.
bright_edge() {
  ffmpeg -v error -ss "$2" -i "$1" -frames:v 1 -vf "crop=iw:ih/5:0:$3" \
    -f rawvideo -pix_fmt gray - | tr -d '\000-\337' | wc -c
}

# Captions below, the gesture above, in what browsers and VLC play.
captioned_video() {
  "$pipelines/file-captioned-video" "$sample" "$work/captions.webm" || return 1
  [ -z "${KEEP_FRAMES:-}" ] || ffmpeg -v error -y -ss 1.5 \
    -i "$work/captions.webm" -frames:v 1 "$KEEP_FRAMES/captioned-video.png"
  equal "opus vp8" "$(ffprobe -v error -show_entries stream=codec_name \
    -of csv=p=0 "$work/captions.webm" | sort | paste -sd' ')" || return 1
  echo "bright: $(bright_edge "$work/captions.webm" 1.5 0)" \
    "$(bright_edge "$work/captions.webm" 1.5 ih*4/5)" \
    "$(bright_edge "$sample" 1.5 0) $(bright_edge "$sample" 1.5 ih*4/5)"
  [ "$(bright_edge "$work/captions.webm" 1.5 0)" -gt 20 ] \
    && [ "$(bright_edge "$work/captions.webm" 1.5 ih*4/5)" -gt 50 ] \
    && [ "$(bright_edge "$sample" 1.5 0)" -lt 5 ] \
    && [ "$(bright_edge "$sample" 1.5 ih*4/5)" -lt 5 ]
}

# ./demo, but for what it installs and builds.
demo() {
  RNNC_DEMO_BUILD=$build RNNC_DEMO_OUTPUT=$work/demo "$root/demo" "$@"
}

demo_sample() {
  local out
  out=$(demo 2> "$work/err") || { cat "$work/err"; return 1; }
  holds "$out" ' \[gesture: left\] +[0-9]+ %$' ' seven +[0-9]+ %$' \
    "^Video:  $work/demo/sample.captions.webm$" \
    "^WebVTT: $work/demo/sample.vtt$" || return 1
  holds "$(cat "$work/err")" '^1 of 2: ' '^2 of 2: ' '^Next: ' || return 1
  holds "$(cues "$work/demo/sample.vtt")" 'seven' || return 1
  [ -s "$work/demo/sample.captions.webm" ]
}

# Sound alone: subtitles, and it is said why there is no video.
demo_sound() {
  local out
  ffmpeg -v error -y -i "$sample" -vn -ar 16000 -ac 1 "$work/a b.wav"
  out=$(demo "$work/a b.wav" 2> "$work/err") || { cat "$work/err"; return 1; }
  holds "$out" ' seven +[0-9]+ %$' "^WebVTT: $work/demo/a b.vtt$" || return 1
  ! grep -q '^Video' <<< "$out" || return 1
  holds "$(cat "$work/err")" 'has no video that can be decoded$' \
    'subtitles are all there is' || return 1
  [ ! -e "$work/demo/a b.captions.webm" ]
}

demo_faults() {
  local result=0
  demo /nowhere/x.wav 2> "$work/err" || result=$?
  equal 1 "$result" || return 1
  equal "demo: cannot read /nowhere/x.wav" "$(cat "$work/err")" || return 1
  result=0
  demo one two 2> "$work/err" || result=$?
  equal 2 "$result" || return 1
  result=0
  demo --fast 2> "$work/err" || result=$?
  equal 2 "$result" || return 1
  holds "$(demo --help)" './demo commands' || return 1
  ! demo "$work/tones.safetensors" > "$work/out" 2> "$work/err" || return 1
  holds "$(cat "$work/err")" '^rnn-watch: .*tones.safetensors: '
}

helps() {
  local script
  for script in "$pipelines"/*-* "$pipelines/watch.py"; do
    [ -f "$script" ] || continue
    holds "$("$script" --help)" "^(\"\"\")?Usage: ${script##*/}" || return 1
  done
}

# Faults are told, and are no success.
faults() {
  local script
  for script in file-captions file-webvtt file-srt file-speech-gestures; do
    ! "$pipelines/$script" /nowhere/x.wav "$work/no.out" 2> "$work/err" \
      || return 1
  done
  holds "$(cat "$work/err")" 'cannot read|Usage' || return 1
  "$pipelines/file-captioned-video" "$work/in.wav" "$work/no.out" \
    2> "$work/err" || [ $? -eq 3 ] || return 1
  ! "$pipelines/voice-commands" "$work/in.wav" no-such-program 2> "$work/err" \
    || return 1
  holds "$(cat "$work/err")" 'no program no-such-program' || return 1
  [ ! -e "$work/no.out" ]
}

try file-webvtt subtitles file-webvtt vtt
try file-srt subtitles file-srt srt
try real-subtitles real_subtitles
try file-speech-gestures both
try watch.py watch_python
try overlay overlay
try gesture-overlay gesture_overlay
try captioned-video captioned_video
try demo-sample demo_sample
try demo-sound demo_sound
try demo-faults demo_faults
try help helps
try faults faults
finish
