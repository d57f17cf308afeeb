#!/bin/sh
# Makes the tree of real OVN 25.03 and Open vSwitch 3.5 programs that the tests run beside ours: a Debian 13 tree in
# the cache folder, made once (about a minute, 400 MB), its pseudo file systems mounted each time. A tree that was left
# half made is made anew, mounts that a reboot took away come back.
set -eu
. "$(dirname "$0")/lib.sh"
need debootstrap ethtool iproute2 iputils-ping procps
# RocksDB is C++, and its bindings are made from its headers.
need g++ gcc libc6-dev libclang-dev make

# One at a time.
mkdir -p "$FERROVN_CACHE" "$(dirname "$FERROVN_PEERS")"
exec 9>"$FERROVN_PEERS.lock"
flock 9

# Removes a folder, but nothing that is mounted in it.
remove_tree() {
    for mounted in $(findmnt -rno TARGET | grep "^$1/" | sort -r); do
        # Unmounting a shared mount would unmount the original as well.
        mount --make-private "$mounted"
        umount -l "$mounted"
    done
    rm -rf --one-file-system "$1"
}

if ! [ -e "$FERROVN_PEERS/.complete" ] || ! chroot "$FERROVN_PEERS" ovs-vsctl --version >/dev/null 2>&1; then
    echo "making $FERROVN_PEERS (Debian 13 with OVN and Open vSwitch)"
    remove_tree "$FERROVN_PEERS"
    remove_tree "$FERROVN_PEERS.new"
    debootstrap --variant=minbase --include=ovn-central,ovn-host,ovn-ic,ovn-ic-db,openvswitch-switch,openvswitch-pki,python3-openvswitch,ovn-doc,openvswitch-doc,iputils-ping \
        trixie "$FERROVN_PEERS.new" >"$FERROVN_CACHE/debootstrap.log" 2>&1 ||
        { tail -n 20 "$FERROVN_CACHE/debootstrap.log"; exit 1; }
    touch "$FERROVN_PEERS.new/.complete"
    # Whole or not there.
    mv "$FERROVN_PEERS.new" "$FERROVN_PEERS"
fi
for fs in proc sys dev; do
    mountpoint -q "$FERROVN_PEERS/$fs" && continue
    mount --rbind "/$fs" "$FERROVN_PEERS/$fs"
    mount --make-rslave "$FERROVN_PEERS/$fs"
done
chroot "$FERROVN_PEERS" ovsdb-server --version | head -n 1
