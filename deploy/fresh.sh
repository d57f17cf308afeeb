#!/bin/sh
# Before a build: see `own_sources` in lib.sh.
set -eu
. "$(dirname "$0")/lib.sh"
own_sources
