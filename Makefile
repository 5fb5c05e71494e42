# Everything a newcomer needs: `make demo`, `make test`. See `make help`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOLS := $(CURDIR)/target/tools
export PATH := $(TOOLS)/bin:$(PATH)
export CARGO_TERM_COLOR ?= auto
SUITE ?= all
PART ?=
SEED ?=
ROUNDS ?=
export PART SEED ROUNDS

# What the lab and the tests run, as Debian packages.
PACKAGES := systemd-container mmdebstrap debian-archive-keyring nftables iproute2 slirp4netns openssh-client openssh-server \
  openssl openvpn age mount util-linux e2fsprogs xfsprogs qemu-system-x86 qemu-utils gcc cmake procps sudo python3-venv

.PHONY: help demo test e2e bench lint docs deps

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-6s %s\n", $$1, $$2}'

deps: ## install the Debian packages that the lab and the tests need
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f='$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "installing: $$missing" | tr '\n' ' '; echo; \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $$missing >/dev/null; \
	fi

demo: deps ## a four-server region on this machine: lab, preflight, plan, install, proof
	cargo build --release --package regionctl
	tests/demo.sh target/release/regionctl

test: deps ## units, cases, properties, contracts and real lab hosts (under 45 minutes on 2 cores)
	cargo build --workspace --all-targets
	cargo test --workspace --no-fail-fast

e2e: deps ## longer stories on lab hosts: SUITE=name, and PART=name of some; SEED=n ROUNDS=n of storms
	cargo build --workspace --all-targets
	cargo test --package regionctl-tests --package regionctl-lab --features regionctl-tests/e2e,regionctl-lab/e2e \
	  --test $(if $(filter all,$(SUITE)),'*',$(SUITE)) -- --nocapture

bench: deps ## measure against ansible-core and pyinfra; writes target/bench/summary.json
	cargo build --release --package regionctl --package regionctl-tests --bins
	target/release/bench

lint: ## formatting, clippy, dependencies
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@command -v cargo-deny >/dev/null || cargo install --quiet --locked --debug --root $(TOOLS) cargo-deny
	cargo deny --log-level error check bans licenses sources

docs: ## the book, in target/book
	REGIONCTL_BLESS=1 cargo test --quiet --package regionctl-tests --test docs
	@command -v mdbook >/dev/null || cargo install --quiet --locked --debug --root $(TOOLS) mdbook
	mdbook build docs
