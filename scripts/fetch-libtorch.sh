#!/usr/bin/env bash
# Installs the CPU build of libtorch that tch 0.24 links to, from the PyPI wheels of PyTorch 2.11.0.
#
#   scripts/fetch-libtorch.sh [folder]      default: ~/.cache/voice-clone/libtorch-2.11.0
#
# Only what the linker and loader need is kept. A finished folder is left alone, and a folder gets its
# name when it is complete, so an interrupted run is repaired by running the script again.
set -euo pipefail

TORCH=2.11.0
DEST=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/voice-clone/libtorch-$TORCH}
[ -e "$DEST/.complete" ] && exit 0

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64 | Linux-aarch64) ;;
  *) echo "fetch-libtorch: only Linux on x86-64 or ARM64 is supported by this script; set LIBTORCH to your own PyTorch $TORCH" >&2; exit 1 ;;
esac

mkdir -p "$(dirname "$DEST")"
WORK=$(mktemp -d "$DEST.part.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

echo "fetching PyTorch $TORCH (530 MB, once) into $DEST" >&2
fetch() { python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$WORK/wheels" "$@"; }
# libtorch_cpu.so of the CUDA wheel needs these two to load, also where there is no GPU.
fetch "torch==$TORCH" nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85

python3 - "$WORK" <<'PY'
import pathlib, sys, zipfile

work = pathlib.Path(sys.argv[1])
out = work / "libtorch"
LIBRARIES = {"libtorch.so", "libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13",
             "libarm_compute.so", "libarm_compute_graph.so", "libopenblasp-r0.so", "libgfortran.so.5"}
found = set()
for wheel in sorted((work / "wheels").glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = pathlib.PurePosixPath(entry.filename)
            if path.name in LIBRARIES and path.parent.name == "lib":
                target = out / "lib" / path.name
                found.add(path.name)
            elif entry.filename.startswith("torch/include/") and not entry.is_dir():
                target = out / path.relative_to("torch")
            else:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, open(target, "wb") as sink:
                while chunk := source.read(1 << 20):
                    sink.write(chunk)
missing = {"libtorch.so", "libtorch_cpu.so", "libc10.so", "libcudart.so.13", "libcupti.so.13"} - found
if missing:
    sys.exit(f"fetch-libtorch: the wheels lack {sorted(missing)}")
PY

touch "$WORK/libtorch/.complete"
rm -rf "$DEST"
mv "$WORK/libtorch" "$DEST"
