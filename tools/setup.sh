# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sourced by ./demo and ./check: what a bare Debian needs, and the build.
# shellcheck disable=SC2034

build_packages=(
  build-essential meson ninja-build pkg-config
  libglib2.0-dev libjson-glib-dev libkissfft-dev
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libavformat-dev libavcodec-dev libavutil-dev libswresample-dev libswscale-dev
  libopenblas-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  gstreamer1.0-plugins-bad gstreamer1.0-libav
)
test_packages=(
  chromium chromium-driver ffmpeg gcc-aarch64-linux-gnu gir1.2-gstreamer-1.0
  gstreamer1.0-x libc6-dev-arm64-cross pulseaudio pulseaudio-utils python3-gi
  qemu-user shellcheck valgrind
)

say() {
  printf '%s\n' "$*" >&2
}

die() {
  say "$0: $*"
  exit 1
}

# Runs a command as root: as it is, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    die "needs root or sudo for: $*"
  fi
}

# Installs those of its arguments that are missing.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2> /dev/null \
      | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get > /dev/null \
    || die "needs apt-get, or these packages: ${missing[*]}"
  say "Installing with apt: ${missing[*]}"
  as_root apt-get -qq update \
    || say "apt-get update failed; trying with the lists at hand"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
    --no-install-recommends install "${missing[@]}" > /dev/null \
    || die "apt-get could not install: ${missing[*]}"
}

# Ninja's "[done/all]" on a terminal, nothing elsewhere.
show_steps() {
  local line
  while IFS= read -r line; do
    if [ -t 2 ] && [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      printf '\r  %s of %s ' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
    fi
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}

# build_tree FOLDER [meson option…]: configures once, builds what changed.
build_tree() {
  local folder=$1
  shift
  if [ ! -f "$folder/build.ninja" ]; then
    say "Configuring $folder"
    meson setup "$folder" "$@" > "$folder.log" 2>&1 \
      || { tail -n 30 "$folder.log" >&2; die "meson setup failed"; }
    mv "$folder.log" "$folder/setup.log"
  fi
  say "Building $folder"
  ninja -C "$folder" 2>&1 | tee "$folder/ninja.log" | show_steps \
    || { tail -n 60 "$folder/ninja.log" >&2; die "the build failed"; }
}
