#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs into a folder of its own and runs from there. Prints TAP.
# Usage: test-install.sh BUILD_ROOT PREFIX LIBDIR PLUGIN_DIR
set -euo pipefail
build=$1
prefix=$2
libdir=$3
plugin_dir=$4
case $libdir in /*) ;; *) libdir=$prefix/$libdir ;; esac
case $plugin_dir in /*) ;; *) plugin_dir=$prefix/$plugin_dir ;; esac

# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
root=$work
sample=$(cd "$(dirname "$0")/../.." && pwd)/tools/sample/sample.mkv
trap 'rm -rf "$root"' EXIT

try install env DESTDIR="$root" meson install -C "$build" --no-rebuild --quiet

export LD_LIBRARY_PATH=$root$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export GST_PLUGIN_PATH=$root$plugin_dir GST_REGISTRY=$root/registry.bin
export RNNCORE_MODEL_PATH=$root$prefix/share/gst-rnn/models
export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_PATH=$root$libdir/pkgconfig

try rnnspeech gst-inspect-1.0 --exists --atleast-version=0.1 rnnspeech
try rnngesture gst-inspect-1.0 --exists --atleast-version=0.1 rnngesture
try man test -s "$root$prefix/share/man/man1/rnncore.1"
try info "$root$prefix/bin/rnncore" info speech-en-streaming

# The installed elements find the installed models and hear and see with them.
# shellcheck disable=SC2317
transcribe() {
  local out
  out=$(gst-launch-1.0 -q filesrc location="$sample" ! decodebin \
    expose-all-streams=false caps=audio/x-raw ! audioconvert ! audioresample \
    ! rnnspeech ! fdsink sync=false | cat) || return 1
  holds "$out" 'seven' 'five two one$'
}
try transcribe transcribe

# shellcheck disable=SC2317
watch() {
  holds "$("$root$prefix/bin/rnn-watch" "$sample")" 'gesture: ' 'seven'
}
try rnn-watch watch

# shellcheck disable=SC2317
compile() {
  local cflags
  printf '#include <rnncore/rnncore.h>\nint main (void) {\n  return rnnc_model_find (0, "speech", 0) == 0;\n}\n' > "$root/user.$1"
  # glib's own folders are outside of the sysroot.
  read -ra cflags <<< "$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --cflags --libs glib-2.0 json-glib-1.0)"
  "$2" -Wall -Werror -o "$root/user" "$root/user.$1" \
    -I"$root$prefix/include" -L"$root$libdir" -lrnncore "${cflags[@]}" \
    && pkg-config --exists rnncore && "$root/user"
}
try compile-c compile c cc
try compile-c++ compile cc c++
finish
