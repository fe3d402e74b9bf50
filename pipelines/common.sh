# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sourced by the scripts of this folder: where the elements are, and messages.

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# show_help: the comment on top of the script.
show_help() {
  sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"
}

# A build tree beside this folder serves where nothing is installed.
use_build_tree() {
  local root
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  if [ -e "$root/build/plugins/libgstrnncore.so" ]; then
    export GST_PLUGIN_PATH=${GST_PLUGIN_PATH:+$GST_PLUGIN_PATH:}$root/build/plugins
    export RNNCORE_MODEL_PATH=${RNNCORE_MODEL_PATH:+$RNNCORE_MODEL_PATH:}$root/models
  fi
}

# need_elements NAME…
need_elements() {
  local name
  command -v gst-launch-1.0 > /dev/null \
    || die "gst-launch-1.0 is missing (Debian: gstreamer1.0-tools)"
  use_build_tree
  for name in "$@"; do
    gst-inspect-1.0 --exists --atleast-version=0.0 "$name" \
      || die "GStreamer has no element $name; see README.md"
  done
}

# need_file PATH
need_file() {
  [ -r "$1" ] || die "cannot read $1"
}

# find_devices: microphone, camera and screen, each a part of a pipeline, from the
# environment or as GStreamer chooses.
find_devices() {
  read -ra microphone <<< "${MICROPHONE:-autoaudiosrc}"
  read -ra camera <<< "${CAMERA:-autovideosrc}"
  read -ra screen <<< "${SCREEN:-autovideosink}"
  # shellcheck disable=SC2034
  devices=("${microphone[0]}" "${camera[0]}" "${screen[0]}")
}

# quote TEXT: so that gst-launch takes any name as it is.
quote() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# launch DESCRIPTION…: gst-launch whose fdsink writes to our output. fdsink goes
# to the beginning of a regular file (1.22); a pipe in between keeps what is
# there. Ctrl-C is for gst-launch alone: the last words still come.
launch() {
  gst-launch-1.0 -q -e "$@" | (trap '' INT; exec cat)
}

# write_subtitles ENCODER RECORDING SUBTITLES [rnnspeech property=value…]: the
# file appears whole or not at all. A device, a pipe or a link is written to,
# never replaced.
write_subtitles() {
  local encoder=$1 recording=$2 subtitles=$3 replace=yes
  shift 3
  need_file "$recording"
  need_elements rnnspeech decodebin audioconvert audioresample "$encoder"
  [ ! -e "$subtitles" ] || { [ -f "$subtitles" ] && [ ! -L "$subtitles" ]; } \
    || replace=no
  if [ "$replace" = yes ]; then
    aside=$(mktemp -- "$subtitles.XXXXXX")
  else
    aside=$(mktemp)
  fi
  trap 'rm -f -- "$aside"' EXIT
  gst-launch-1.0 -q filesrc location="$(quote "$recording")" \
    ! decodebin expose-all-streams=false caps=audio/x-raw ! audioconvert \
    ! audioresample ! rnnspeech "$@" ! "$encoder" \
    ! filesink location="$(quote "$aside")" sync=false
  if [ "$replace" = yes ]; then
    chmod "$(printf %o $((0666 & ~$(umask))))" -- "$aside"
    mv -f -- "$aside" "$subtitles"
  else
    cat -- "$aside" > "$subtitles"
  fi
}
