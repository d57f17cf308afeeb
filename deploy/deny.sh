#!/bin/sh
# Checks the dependencies' licences, sources and versions; installs the checker into the cache folder when missing.
set -eu
. "$(dirname "$0")/lib.sh"
version=0.20.2
tool=$FERROVN_CACHE/tools/bin/cargo-deny
[ "$("$tool" --version 2>/dev/null)" = "cargo-deny $version" ] ||
    cargo install --quiet --locked --root "$FERROVN_CACHE/tools" --target-dir "$FERROVN_CACHE/tools/target" --force \
        cargo-deny@$version
# Its advisory database lies outside the package registries, so advisories are not checked.
"$tool" --locked check bans licenses sources
