#!/bin/sh
# Checks the dependencies' licences, sources and versions; installs the checker into the cache folder when missing.
set -eu
. "$(dirname "$0")/lib.sh"
tool=$FERROVN_CACHE/tools/bin/cargo-deny
[ -x "$tool" ] || cargo install --quiet --locked --root "$FERROVN_CACHE/tools" --target-dir "$FERROVN_CACHE/tools/target" \
    cargo-deny
# Its advisory database lies outside the package registries, so advisories are not checked.
"$tool" --locked check bans licenses sources
