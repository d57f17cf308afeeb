#!/bin/sh
# Brings up a northbound database served by three servers that agree by RAFT, on 6641, 6651 and 6661, with their data
# under ./run, until Ctrl-C.
set -eu
. "$(dirname "$0")/lib.sh"
need gcc libc6-dev make
own_sources
cargo build --quiet --workspace
bin=$CARGO_TARGET_DIR/debug
dir=$(pwd)/run
mkdir -p "$dir"
pids=
trap 'kill $pids 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM

first=tcp:127.0.0.1:6643
start() { # N CLIENT-PORT RAFT-PORT
    db=$dir/nb$1.db
    address=tcp:127.0.0.1:$3
    if [ ! -e "$db" ] && [ "$1" = 1 ]; then
        "$bin/ovsdb-tool" -vconsole:err create-cluster "$db" schemas/ovn-nb.ovsschema "$address"
    elif [ ! -e "$db" ]; then
        "$bin/ovsdb-tool" join-cluster "$db" OVN_Northbound "$address" "$first"
    fi
    OVS_RUNDIR=$dir "$bin/ovsdb-server" "$db" --remote="punix:$dir/nb$1.sock" --remote="ptcp:$2:127.0.0.1" \
        --unixctl="$dir/nb$1.ctl" --log-file="$dir/nb$1.log" -vconsole:warn &
    pids="$pids $!"
}

start 1 6641 6643
start 2 6651 6653
start 3 6661 6663
cat <<TEXT

Northbound: tcp:127.0.0.1:6641,tcp:127.0.0.1:6651,tcp:127.0.0.1:6661; data, logs and control sockets in $dir.
With OVN's own tools installed, type for example

    ovn-nbctl --db=tcp:127.0.0.1:6641,tcp:127.0.0.1:6651,tcp:127.0.0.1:6661 ls-add sw0
    ovs-appctl -t $dir/nb1.ctl cluster/status OVN_Northbound
    ovs-appctl -t $dir/nb1.ctl ovsdb-server/backup OVN_Northbound $dir/nb.backup
    ovs-appctl -t $dir/nb1.ctl ovsdb-server/restore OVN_Northbound $dir/nb.backup

Ctrl-C stops all three.
TEXT
wait
