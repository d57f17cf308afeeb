#!/bin/sh
# Makes the tree of real OVN 25.03 and Open vSwitch 3.5 programs that the tests run beside ours: a Debian 13 tree in
# the cache folder, made once (about a minute, 400 MB), its pseudo file systems mounted each time.
set -eu
. "$(dirname "$0")/lib.sh"
need debootstrap ethtool iproute2 iputils-ping procps

if ! [ -e "$FERROVN_PEERS/.complete" ]; then
    if [ -x "$FERROVN_PEERS/usr/bin/ovn-northd" ] && chroot "$FERROVN_PEERS" ovs-vsctl --version >/dev/null 2>&1; then
        touch "$FERROVN_PEERS/.complete"
    else
        rm -rf --one-file-system "$FERROVN_PEERS"
        mkdir -p "$FERROVN_PEERS"
        echo "making $FERROVN_PEERS (Debian 13 with OVN and Open vSwitch)"
        debootstrap --variant=minbase --include=ovn-central,ovn-host,ovn-ic,ovn-ic-db,openvswitch-switch,openvswitch-pki,python3-openvswitch,ovn-doc,openvswitch-doc,iputils-ping \
            trixie "$FERROVN_PEERS" >"$FERROVN_CACHE/debootstrap.log" 2>&1 ||
            { tail -n 20 "$FERROVN_CACHE/debootstrap.log"; exit 1; }
        touch "$FERROVN_PEERS/.complete"
    fi
fi
for fs in proc sys dev; do
    mountpoint -q "$FERROVN_PEERS/$fs" || mount --rbind "/$fs" "$FERROVN_PEERS/$fs"
done
chroot "$FERROVN_PEERS" ovsdb-server --version | head -n 1
