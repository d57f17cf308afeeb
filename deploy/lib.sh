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
