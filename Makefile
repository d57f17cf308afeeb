# The commands of this project. Everything that outlives a run is kept in FERROVN_CACHE, outside the checkout.

FERROVN_CACHE ?= /var/cache/ferrovn
FERROVN_PEERS ?= $(FERROVN_CACHE)/peers
CARGO_TARGET_DIR ?= $(FERROVN_CACHE)/target
export FERROVN_CACHE FERROVN_PEERS CARGO_TARGET_DIR

.PHONY: run ic cluster test simulate check bench peers fresh

# A northbound database on 6641 and a southbound one on 6642; another form of it by name: make run FORM=ic.
FORM ?= run
run: $(if $(filter ic,$(FORM)),peers)
	@deploy/$(FORM).sh

# Two availability zones and what connects them, on one machine: shows a route that one has learned from the other.
ic: peers
	@deploy/ic.sh

# A northbound database on three servers that agree by RAFT.
cluster:
	@deploy/cluster.sh

# Every test, real peers included.
test: peers fresh
	cargo build --workspace
	cargo test --workspace

# Clusters under thousands of seeds of faults: their members, their servers on a model of members, both together. A seed
# that fails says how to run it again.
SEEDS ?= 3000
simulate: fresh
	FERROVN_SEEDS=$(SEEDS) cargo test -p ovsdb-raft --test simulation members_keep -- --nocapture
	FERROVN_SEEDS=$(SEEDS) cargo test -p ovsdb-server --test cluster_sim a_cluster_keeps -- --nocapture
	FERROVN_SEEDS=$(SEEDS) cargo test -p ovsdb-server --test whole_sim a_whole_cluster_keeps -- --nocapture

# What else must hold before a change lands.
check: fresh
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets -- -D warnings
	@deploy/deny.sh

# Ours and the C programs on the same work, in turn.
bench: peers fresh
	cargo build --workspace
	cargo run -p ferrovn-bench
	cargo run -p ferrovn-bench-northd
	cargo run -p ferrovn-bench-ic

peers:
	@deploy/peers.sh

# Before cargo: what it finds built is of this checkout.
fresh:
	@deploy/fresh.sh
