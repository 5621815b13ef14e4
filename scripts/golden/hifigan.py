#!/usr/bin/env python3
"""Golden waveforms of the published HiFi-GAN generator for tests/parity/hifigan.rs.

    hifigan.py MATCHA_SDIST PUBLISHED OUTPUT.safetensors        (needs: torch, safetensors)

MATCHA_SDIST is `matcha-tts==0.0.7.2` from PyPI (`pip download --no-deps --no-binary :all: matcha-tts==0.0.7.2`), which
carries an unchanged copy of the generator of https://github.com/jik876/hifi-gan (MIT). PUBLISHED is a folder with
`hifigan-lj-v2/generator_v2`, the V2 generator that its authors trained on LJSpeech.
"""

import pathlib
import sys
import tarfile
import types

import torch
from formula import fill, uniform
from safetensors.torch import save_file

V2 = {
    "resblock": "1", "upsample_rates": [8, 8, 2, 2], "upsample_kernel_sizes": [16, 16, 4, 4],
    "upsample_initial_channel": 128, "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
}  # fmt: skip
V1 = V2 | {"upsample_initial_channel": 512}
V3 = {
    "resblock": "2", "upsample_rates": [8, 8, 4], "upsample_kernel_sizes": [16, 16, 8],
    "upsample_initial_channel": 256, "resblock_kernel_sizes": [3, 5, 7],
    "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]],
}  # fmt: skip


def generator_class(sdist: str) -> type:
    """The class `Generator`, without the rest of the package and what it needs."""
    with tarfile.open(sdist) as archive:
        member = next(name for name in archive.getnames() if name.endswith("matcha/hifigan/models.py"))
        source = archive.extractfile(member).read().decode()
    helpers = types.ModuleType("xutils")
    helpers.get_padding = lambda kernel_size, dilation=1: (kernel_size * dilation - dilation) // 2
    helpers.init_weights = lambda module: None
    sys.modules["xutils"] = helpers
    module = types.ModuleType("hifigan_models")
    exec(compile(source.replace("from .xutils", "from xutils"), member, "exec"), module.__dict__)
    return module.Generator


def main():
    sdist, published, output = sys.argv[1:]
    generator = generator_class(sdist)
    mel = uniform("mel", (2, 80, 9)) * 4.0 - 4.0
    golden = {}
    for name, config in (("v1", V1), ("v2", V2), ("v3", V3)):
        net = generator(types.SimpleNamespace(**config))
        fill(net)
        with torch.no_grad():
            golden[name] = net(mel).squeeze(1).contiguous()
    net = generator(types.SimpleNamespace(**V2))
    checkpoint = torch.load(pathlib.Path(published) / "hifigan-lj-v2/generator_v2", "cpu", weights_only=True)
    net.load_state_dict(checkpoint["generator"])
    with torch.no_grad():
        golden["published"] = net(mel[:1]).squeeze(1).contiguous()
    save_file(golden, output)


if __name__ == "__main__":
    main()
