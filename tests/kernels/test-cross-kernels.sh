#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The NEON kernels, cross compiled and run under qemu's user emulation; skipped
# where Debian's gcc-aarch64-linux-gnu or qemu-user is missing. Prints TAP.
# Usage: test-cross-kernels.sh SOURCE_ROOT
set -euo pipefail
cd "$1"

compiler=aarch64-linux-gnu-gcc
emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static || true)
if ! command -v "$compiler" > /dev/null || [ -z "$emulator" ]; then
  echo "1..0 # SKIP no $compiler or no qemu-aarch64"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kernels=rnncore/kernels
"$compiler" -O3 -std=gnu11 -ffp-contract=off -Wall -Wextra -Werror -static -I. \
  -DRNNC_HAVE_ARM64 -o "$work/cross-kernels" tests/kernels/cross-kernels.c \
  $kernels/choose.c $kernels/common.c $kernels/portable.c $kernels/neon.c -lm
"$emulator" "$work/cross-kernels" neon
