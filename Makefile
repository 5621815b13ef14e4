# Two commands do everything: `make demo` and `make test`.
#
# libtorch and the build folder are shared between checkouts, since torch-sys alone compiles for minutes.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/voice-clone
export LIBTORCH ?= $(CACHE)/libtorch-2.11.0
export CARGO_TARGET_DIR ?= $(CACHE)/target

.PHONY: help build demo test bench libtorch clean

help:
	@echo "make build   target/release/voice-clone, which runs from any folder"
	@echo "make demo    the main job from end to end, on audio that it makes itself (a few minutes)"
	@echo "make test    format, lints, all tests, documentation"
	@echo "make bench   speed of decoding, features, models and synthesis"

libtorch:
	@test -d "$(LIBTORCH)/lib" || scripts/fetch-libtorch.sh "$(LIBTORCH)"

# Copies, not links: another checkout may build into the shared folder later.
build: libtorch
	cargo build --release --locked --bins
	@mkdir -p target/release
	@cp --remove-destination "$(CARGO_TARGET_DIR)/release/voice-clone" "$(CARGO_TARGET_DIR)/release/voice-clone-engine" target/release/
	@ln -sfn ../../models target/release/models
	@echo "built target/release/voice-clone"

demo: build
	scripts/demo.sh target/release/voice-clone demo

# One profile for everything, or torch-sys would be compiled once more.
test: libtorch
	cargo fmt --check
	cargo clippy --release --locked --all-targets -- -D warnings
	cargo test --release --locked
	RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --lib

bench: libtorch
	cargo bench --profile release --locked

clean:
	rm -rf target demo
