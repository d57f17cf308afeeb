#!/bin/sh
# Brings up a northbound database on 6641, a southbound one on 6642 and ovn-northd, with their data under ./run, until
# Ctrl-C.
set -eu
. "$(dirname "$0")/lib.sh"
need gcc libc6-dev make
cargo build --quiet --workspace
bin=$CARGO_TARGET_DIR/debug
dir=$(pwd)/run
mkdir -p "$dir"
pids=
trap 'kill $pids 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM

start() { # NAME SCHEMA PORT
    [ -e "$dir/$1.db" ] || "$bin/ovsdb-tool" create "$dir/$1.db" "schemas/$2.ovsschema"
    OVS_RUNDIR=$dir "$bin/ovsdb-server" "$dir/$1.db" --remote="punix:$dir/$1.sock" --remote="ptcp:$3:127.0.0.1" \
        --unixctl="$dir/$1.ctl" --log-file="$dir/$1.log" -vconsole:warn &
    pids="$pids $!"
    for _ in $(seq 100); do
        [ -S "$dir/$1.ctl" ] && return 0
        kill -0 $! 2>/dev/null || { echo "$1 did not start, see $dir/$1.log" >&2; exit 1; }
        sleep 0.1
    done
    echo "$1 is not ready after 10 s, see $dir/$1.log" >&2
    exit 1
}

start nb ovn-nb 6641
start sb ovn-sb 6642
OVN_RUNDIR=$dir "$bin/ovn-northd" --ovnnb-db="unix:$dir/nb.sock" --ovnsb-db="unix:$dir/sb.sock" \
    --unixctl="$dir/northd.ctl" --log-file="$dir/northd.log" -vconsole:warn &
pids="$pids $!"
cat <<TEXT

Northbound: tcp:127.0.0.1:6641, southbound: tcp:127.0.0.1:6642; data, logs and control sockets in $dir.
With OVN's own tools installed, type for example

    ovn-nbctl --db=tcp:127.0.0.1:6641 init
    ovn-nbctl --db=tcp:127.0.0.1:6641 --wait=sb ls-add sw0
    ovn-sbctl --db=tcp:127.0.0.1:6642 lflow-list sw0
    ovs-appctl -t $dir/nb.ctl memory/show
    ovs-appctl -t $dir/northd.ctl status

Ctrl-C stops all of them.
TEXT
wait
