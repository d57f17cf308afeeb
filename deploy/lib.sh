# Shared by the scripts of this folder: where things are kept between runs, outside the checkout.
FERROVN_CACHE=${FERROVN_CACHE:-/var/cache/ferrovn}
FERROVN_PEERS=${FERROVN_PEERS:-$FERROVN_CACHE/peers}
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$FERROVN_CACHE/target}
export FERROVN_CACHE FERROVN_PEERS CARGO_TARGET_DIR

# Installs those of the named Debian packages that are missing.
need() {
    missing=
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    echo "installing:$missing"
    apt-get update -qq
    # Word splitting is meant: one word a package.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
}

# Makes cargo build this checkout's sources where another checkout was the last to build: cargo tells by times, not by
# contents, so that what another one built later looks like this one's. What was built of the registry's stays.
own_sources() {
    [ "$(cat "$CARGO_TARGET_DIR/checkout" 2>/dev/null)" = "$(pwd)" ] && return 0
    find . -path ./.git -prune -o -path ./target -prune -o -path './run*' -prune -o -type f -exec touch {} +
    mkdir -p "$CARGO_TARGET_DIR"
    pwd > "$CARGO_TARGET_DIR/checkout"
}

# What is started from here on ends with the script.
until_stopped() {
    pids=
    trap 'kill $pids 2>/dev/null; wait' EXIT
    trap 'exit 0' INT TERM
}

# Serves a database in $dir on a socket and a port; $bin has the programs.
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
