#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Usage: debian13.sh [FOLDER]
#
# Builds the library and the elements in a Debian 13 made by debootstrap, where
# GStreamer has analytics metadata, and runs their tests there. Needs root,
# debootstrap and 4 GB below FOLDER (default: a folder of its own below
# /var/tmp, kept for the next run; delete it when done).
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-/var/tmp/gst-rnn-debian13}
root=$folder/root
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
packages=(
  gcc libc6-dev meson ninja-build pkgconf libglib2.0-dev libjson-glib-dev
  libkissfft-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libgstreamer-plugins-bad1.0-dev gstreamer1.0-tools gstreamer1.0-plugins-base
  gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
)

[ "$(id -u)" -eq 0 ] || { echo "${0##*/}: needs root" >&2; exit 1; }
# run COMMAND…: in the root, with an environment of its own.
run() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

# quietly COMMAND…: its output is shown where it fails.
quietly() {
  "$@" > "$folder/log" 2>&1 || { tail -n 30 "$folder/log" >&2; exit 1; }
}

mkdir -p "$folder"
if [ ! -e "$root/based" ]; then
  quietly debootstrap --variant=minbase trixie "$root" "$mirror"
  # Nothing is started in there.
  printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  echo "deb $mirror trixie main" > "$root/etc/apt/sources.list"
  touch "$root/based"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
[ ! -f /etc/apt/apt.conf.d/proxy ] \
  || cp /etc/apt/apt.conf.d/proxy "$root/etc/apt/apt.conf.d/proxy"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
mountpoint -q "$root/dev/shm" || mount -t tmpfs tmpfs "$root/dev/shm"
trap 'umount "$root/proc" "$root/dev/shm"' EXIT
if [ ! -e "$root/made" ]; then
  quietly run apt-get update
  quietly run apt-get -y --no-install-recommends install "${packages[@]}"
  touch "$root/made"
fi

rm -rf "$root/src"
mkdir -p "$root/src"
(cd "$source" && git ls-files -z --cached --others --exclude-standard \
  | tar --null --ignore-failed-read -T - -cf -) | tar -C "$root/src" -xf -
[ -e "$root/build/build.ninja" ] \
  || run meson setup /build /src -Dtrain=disabled -Dtools=disabled
run meson test -C /build --print-errorlogs \
  --timeout-multiplier 4 --suite elements
run sh -c 'pkg-config --modversion gstreamer-analytics-1.0'
