#!/bin/sh
# Brings up two availability zones, east (6641, 6642) and west (6651, 6652), and the databases that connect them (6645,
# 6646), with their data under ./run-ic; shows a route that west has learned from east; runs until Ctrl-C.
set -eu
. "$(dirname "$0")/lib.sh"
need gcc libc6-dev make
own_sources
cargo build --quiet -p ovsdb-server -p ovsdb-tool -p ovn-northd -p ovn-ic -p ovn-ic-db
bin=$CARGO_TARGET_DIR/debug
dir=$(pwd)/run-ic
mkdir -p "$dir"
until_stopped

run() { # NAME PROGRAM OPTIONS...
    name=$1 program=$2
    shift 2
    OVN_RUNDIR=$dir OVN_DBDIR=$dir "$bin/$program" "$@" --unixctl="$dir/$name.ctl" --log-file="$dir/$name.log" -vconsole:warn &
    pids="$pids $!"
}

zone() { # NAME NB_PORT SB_PORT
    start "$1-nb" ovn-nb "$2"
    start "$1-sb" ovn-sb "$3"
    run "$1-northd" ovn-northd --ovnnb-db="unix:$dir/$1-nb.sock" --ovnsb-db="unix:$dir/$1-sb.sock"
    run "$1-ic" ovn-ic --ovnnb-db="unix:$dir/$1-nb.sock" --ovnsb-db="unix:$dir/$1-sb.sock" \
        --ic-nb-db="unix:$dir/ovn_ic_nb_db.sock" --ic-sb-db="unix:$dir/ovn_ic_sb_db.sock"
}

ctl() { # PROGRAM PORT ARGUMENTS...
    program=$1 port=$2
    shift 2
    chroot "$FERROVN_PEERS" "$program" --timeout=30 --db="tcp:127.0.0.1:$port" "$@"
}

# A router of a zone with a network of its own and a port on the transit switch.
router() { # NAME NB_PORT SB_PORT N
    ctl ovn-nbctl "$2" set NB_Global . name="$1" options:ic-route-adv=true options:ic-route-learn=true
    ctl ovn-sbctl "$3" --may-exist chassis-add "gw-$1" geneve "127.0.0.$4" \
        -- set Chassis "gw-$1" other_config:is-interconn=true
    ctl ovn-nbctl "$2" --may-exist lr-add "lr-$1" \
        -- --may-exist lrp-add "lr-$1" "$1-in" "aa:aa:aa:00:01:0$4" "192.168.$4.1/24" \
        -- --may-exist lrp-add "lr-$1" "$1-ts" "aa:aa:aa:00:00:0$4" "169.254.100.$4/24"
    ctl ovn-nbctl "$2" wait-until Logical_Switch ts
    ctl ovn-nbctl "$2" --may-exist lsp-add ts "ts-$1" -- lsp-set-type "ts-$1" router \
        -- lsp-set-addresses "ts-$1" router -- lsp-set-options "ts-$1" router-port="$1-ts"
}

run ic-db ovn-ic-db --address=127.0.0.1
zone east 6641 6642
zone west 6651 6652
ctl ovn-ic-nbctl 6645 init
ctl ovn-ic-nbctl 6645 --may-exist ts-add ts
ctl ovn-nbctl 6641 init
ctl ovn-nbctl 6651 init
router east 6641 6642 1
router west 6651 6652 2
ctl ovn-nbctl 6651 wait-until Logical_Router lr-west 'static_routes!=[]'
echo
echo "The routes of lr-west:"
ctl ovn-nbctl 6651 lr-route-list lr-west
cat <<TEXT

east: tcp:127.0.0.1:6641 and :6642, west: tcp:127.0.0.1:6651 and :6652, what connects them: tcp:127.0.0.1:6645 and
:6646; data, logs and control sockets in $dir. Type for example

    ovn-ic-sbctl --db=tcp:127.0.0.1:6646 show
    ovn-nbctl --db=tcp:127.0.0.1:6641 lr-route-list lr-east
    ovs-appctl -t $dir/west-ic.ctl status

Ctrl-C stops all of them.
TEXT
wait
