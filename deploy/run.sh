#!/bin/sh
# Brings up a northbound database on 6641, a southbound one on 6642 and ovn-northd, with their data under ./run, until
# Ctrl-C.
set -eu
. "$(dirname "$0")/lib.sh"
need gcc libc6-dev make
own_sources
cargo build --quiet --workspace
bin=$CARGO_TARGET_DIR/debug
dir=$(pwd)/run
mkdir -p "$dir"
until_stopped

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
