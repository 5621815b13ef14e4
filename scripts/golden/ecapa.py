#!/usr/bin/env python3
"""Golden outputs of SpeechBrain's ECAPA_TDNN for tests/parity/ecapa.rs.

    ecapa.py OUTPUT.safetensors        (needs: speechbrain, torch, safetensors)
"""

import sys

import torch
from formula import fill, uniform
from safetensors.torch import save_file
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN

FRAMES = 61


def network(channels: int) -> ECAPA_TDNN:
    net = ECAPA_TDNN(80, channels=[channels] * 4 + [3 * channels], lin_neurons=192)
    fill(net)
    return net


def main():
    torch.manual_seed(0)
    features = uniform("features", (3, FRAMES, 80)) * 4.0
    lengths = torch.tensor([1.0, 0.83, 0.4])
    golden = {"lengths": lengths}
    for channels in (512, 1024):
        net = network(channels).eval()
        with torch.no_grad():
            golden[f"{channels}.masked"] = net(features, lengths).squeeze(1)
            golden[f"{channels}.whole"] = net(features).squeeze(1)

    # One training step's worth of a small network: batch statistics, running statistics and every gradient's size.
    net = network(64).train()
    embeddings = net(features, lengths).squeeze(1)
    (embeddings * uniform("loss", embeddings.shape)).sum().backward()
    golden["64.train"] = embeddings.detach()
    golden["64.running_mean"] = net.asp_bn.norm.running_mean
    golden["64.running_var"] = net.blocks[0].norm.norm.running_var
    for name, parameter in net.named_parameters():
        golden[f"64.gradient.{name}"] = parameter.grad.norm().reshape(1)
    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, sys.argv[1])


if __name__ == "__main__":
    main()
