#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The array script on a cluster of two nodes, which are both this machine:
# Debian's slurmctld and two slurmd with a key of their own, all in a folder
# that goes away. Prints TAP.
# Usage: test-slurm.sh RNNCORE SCRIPT SAMPLE
set -euo pipefail
rnncore=$(realpath -- "$1")
script=$(realpath -- "$2")
sample=$(realpath -- "$3")

for program in slurmctld slurmd munged sbatch; do
  if ! command -v "$program" > /dev/null; then
    echo "1..0 # SKIP there is no $program (Debian: slurmctld slurmd munge slurm-client)"
    exit 0
  fi
done
if [ "$(id -u)" -ne 0 ]; then
  echo "1..0 # SKIP a cluster of one's own needs root"
  exit 0
fi

root=$(mktemp -d)
chmod 755 "$root"
pids=()
# shellcheck disable=SC2317
clean_up() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2> /dev/null || true
  wait || true
  rm -rf "$root"
}
trap clean_up EXIT

say() {
  sed 's/^/# /' "$@"
}

host=$(hostname -s)
port=$((20000 + $$ % 20000))
mkdir "$root/munge" "$root/state" "$root/out" "$root/spool1" "$root/spool2" "$root/media"
chmod 700 "$root/munge"
head -c 1024 /dev/urandom > "$root/munge/key"
chmod 400 "$root/munge/key"
cat > "$root/slurm.conf" << EOF
ClusterName=two
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$root/munge/socket
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool-%n
SlurmctldPidFile=$root/slurmctld.pid
SlurmdPidFile=$root/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SchedulerParameters=batch_sched_delay=1,sched_interval=2
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1
NodeName=two NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1
PartitionName=all Nodes=one,two Default=YES MaxTime=INFINITE State=UP
EOF
export SLURM_CONF=$root/slurm.conf

munged --foreground --force --socket="$root/munge/socket" \
  --key-file="$root/munge/key" --pid-file="$root/munge/pid" \
  --log-file="$root/munge/log" --seed-file="$root/munge/seed" &
pids+=($!)
for _ in $(seq 100); do [ ! -S "$root/munge/socket" ] || break; sleep 0.1; done
slurmctld -D -i > "$root/slurmctld.log" 2>&1 &
pids+=($!)
for node in one two; do
  slurmd -D -N "$node" > "$root/slurmd-$node.log" 2>&1 &
  pids+=($!)
done

idle=0
for _ in $(seq 300); do
  idle=$(sinfo -h -o %D -t idle 2> /dev/null || true)
  [ "${idle:-0}" != 2 ] || break
  sleep 0.2
done
if [ "${idle:-0}" != 2 ]; then
  echo "1..0 # SKIP slurm's nodes do not come up here"
  say "$root"/*.log
  exit 0
fi

echo "1..3"
status=0
# check NUMBER NAME COMMAND…
check() {
  local number=$1 name=$2
  shift 2
  if "$@" > "$root/log" 2>&1; then
    echo "ok $number - $name"
  else
    echo "not ok $number - $name"
    say "$root/log" "$root"/*.log
    status=1
  fi
}

for i in 1 2 3 4 5; do cp "$sample" "$root/media/$i.mkv"; done
find "$root/media" -name '*.mkv' | sort > "$root/list"
export RNNCORE=$rnncore
# shellcheck disable=SC2317
submit() {
  sbatch --wait --array=1-2 --chdir="$root" --export=ALL "$script" transcribe \
    --files-from "$root/list" --format txt,srt --output-dir "$root/out"
}
# shellcheck disable=SC2317
all_there() {
  local i
  for i in 1 2 3 4 5; do
    [ -s "$root/out/$i.txt" ] && [ -s "$root/out/$i.srt" ] || return 1
  done
  [ "$(find "$root/out" -type f | wc -l)" -eq 10 ]
}
check 1 "two tasks are done" submit
check 2 "each recording once" all_there
# shellcheck disable=SC2317
both_nodes() {
  cat "$root"/rnncore-*.log
  grep -q 'part . of 2 on one' "$root"/rnncore-*.log \
    && grep -q 'part . of 2 on two' "$root"/rnncore-*.log
}
check 3 "on two nodes" both_nodes
exit $status
