# Source this file to use cargo by hand with the libtorch and the build folder that the Makefile uses.
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/voice-clone
export LIBTORCH=${LIBTORCH:-$CACHE/libtorch-2.11.0}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
