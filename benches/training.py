#!/usr/bin/env python3
"""Training steps of the acoustic model per second, beside the same model in PyTorch, on a CPU.

    pip install torch==2.11.0 numpy safetensors
    benches/training.py                       builds and runs benches/training.rs, then the same here

Both sides begin with the same weights and take the same steps on the same batch (the regression of
models/recipes/acoustic.toml with AdamW), so the losses of the first ten steps must agree; that is checked. What PyTorch
needs for a step is measured in 32 bit and with autocast to bfloat16, with its fused AdamW.
"""
import argparse, json, os, pathlib, re, subprocess, sys, tempfile, time

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHANNELS, HIDDEN, KERNEL, BANDS = 256, 1024, 7, 80
TIMED = 30


class Block(nn.Module):
    """ConvNeXt over time, (B, T, C)."""

    def __init__(self):
        super().__init__()
        self.dwconv = nn.Conv1d(CHANNELS, CHANNELS, KERNEL, padding=KERNEL // 2, groups=CHANNELS)
        self.norm = nn.LayerNorm(CHANNELS)
        self.pwconv1, self.pwconv2 = nn.Linear(CHANNELS, HIDDEN), nn.Linear(HIDDEN, CHANNELS)
        self.gamma = nn.Parameter(torch.ones(CHANNELS))

    def forward(self, x, mask):
        over_time = self.dwconv((x * mask).transpose(1, 2)).transpose(1, 2)
        return x + self.pwconv2(F.gelu(self.pwconv1(self.norm(over_time)))) * self.gamma


class Conditioned(nn.Module):
    """A block whose input is scaled and shifted by the speaker."""

    def __init__(self):
        super().__init__()
        self.speaker, self.block = nn.Linear(192, 2 * CHANNELS), Block()

    def forward(self, x, speaker, mask):
        scale, shift = self.speaker(speaker).unsqueeze(1).chunk(2, -1)
        return self.block(x * (scale + 1) + shift, mask)


class Stack(nn.ModuleList):
    def __init__(self, blocks):
        super().__init__(Conditioned() for _ in range(blocks))

    def forward(self, x, speaker, mask):
        for layer in self:
            x = layer(x, speaker, mask)
        return x


class Encoder(nn.Module):
    def __init__(self, symbols):
        super().__init__()
        self.embedding = nn.Embedding(symbols, CHANNELS)
        self.blocks = nn.ModuleList(Block() for _ in range(4))
        self.norm = nn.LayerNorm(CHANNELS)

    def forward(self, symbols, mask):
        x = self.embedding(symbols)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x) * mask


class Variance(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack, self.norm, self.head = Stack(3), nn.LayerNorm(CHANNELS), nn.Linear(CHANNELS, 3)

    def forward(self, text, speaker, mask):
        return self.head(self.norm(self.stack(text, speaker, mask))).unbind(-1)


class Embedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(2, CHANNELS)


class Decoder(nn.Module):
    """Two frames at a time."""

    def __init__(self):
        super().__init__()
        self.position, self.pairs = nn.Linear(3, CHANNELS), nn.Linear(2 * CHANNELS, CHANNELS)
        self.stack, self.norm = Stack(8), nn.LayerNorm(CHANNELS)
        self.head = nn.Linear(CHANNELS, 2 * (BANDS + 2))

    def forward(self, text, index, position, speaker):
        batch, count = index.shape
        frames = text.gather(1, index.unsqueeze(-1).expand(-1, -1, CHANNELS)) + self.position(position)
        pairs = self.pairs(frames.reshape(batch, count // 2, 2 * CHANNELS))
        mask = torch.ones(batch, count // 2, 1)
        out = self.head(self.norm(self.stack(pairs, speaker, mask))).view(batch, count, BANDS + 2)
        return (out[..., :BANDS] * 2 - 6).transpose(1, 2), out[..., BANDS], out[..., BANDS + 1]


class Acoustic(nn.Module):
    def __init__(self, symbols):
        super().__init__()
        self.encoder, self.variance = Encoder(symbols), Variance()
        self.embedding, self.decoder = Embedding(), Decoder()

    def loss(self, batch):
        symbols, durations = batch["symbols"], batch["durations"]
        mask = torch.ones(*symbols.shape, 1)
        text = self.encoder(symbols, mask)
        log_duration, pitch, energy = self.variance(text, batch["speaker"], mask)
        text = text + self.embedding.embed(torch.stack([batch["pitch"], batch["energy"]], -1))
        index, position = expansion(durations)
        mel, frame_pitch, voicing = self.decoder(text, index, position, batch["speaker"])
        voiced = batch["voicing"]
        return (
            (mel - batch["mel"]).abs().mean()
            + 0.2 * (log_duration - durations.float().log1p()).square().mean()
            + 0.1 * ((pitch - batch["pitch"]).square().mean() + (energy - batch["energy"]).square().mean())
            + 0.2 * ((frame_pitch - batch["frame_pitch"]).abs() * voiced).sum() / voiced.sum()
            + 0.1 * F.binary_cross_entropy_with_logits(voicing.float(), voiced)
        )


def expansion(durations):
    """Which symbol each frame is of, and where in it the frame lies; all utterances are equally long here."""
    index = torch.stack([torch.repeat_interleave(torch.arange(len(row)), row) for row in durations])
    rows = []
    for row in durations:
        length = torch.repeat_interleave(row, row).float()
        start = torch.repeat_interleave(row.cumsum(0) - row, row)
        place = (torch.arange(len(length)) - start + 0.5) / length
        rows.append(torch.stack([place, 1 - (2 * place - 1) ** 2, length.log()], -1))
    return index, torch.stack(rows)


def train(weights, batch, steps, autocast):
    """Losses, and steps per second after the first ten."""
    model = Acoustic(len(weights["encoder.embedding.weight"]))
    model.load_state_dict(weights)
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98), eps=1e-9, fused=True)
    losses = []
    for step in range(steps + TIMED):
        if step == steps:
            start = time.perf_counter()
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = model.loss(batch)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.detach())
    return [loss.item() for loss in losses[:steps]], TIMED / (time.perf_counter() - start)


def launched_with():
    """What the program sets for itself when it starts (src/launcher.rs)."""
    source = (ROOT / "src/launcher.rs").read_text()
    pairs = re.findall(r'\(\s*"([A-Z_]+)",\s*"([^"]+)",?\s*\);', source)
    return dict(pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = f". scripts/env.sh && exec cargo bench --profile release --locked -q --bench training -- {folder}"
        # PyTorch's own libraries must not be taken for the program's.
        environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
        environment |= launched_with()
        ours = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
        ours = json.loads(ours.stdout.splitlines()[-1])
        weights = load_file(f"{folder}/weights.safetensors")
        batch = load_file(f"{folder}/batch.safetensors")
    torch.set_num_threads(ours["threads"])
    losses, in_full = train(weights, batch, len(ours["losses"]), autocast=False)
    _, mixed = train(weights, batch, len(losses), autocast=True)
    apart = max(abs(a - b) / abs(b) for a, b in zip(ours["losses"], losses))
    print(f"{ours['threads']} threads, PyTorch {torch.__version__}; losses of {len(losses)} steps agree to {apart:.1e}")
    for name, us, them in (("32 bit", ours["float32"], in_full), ("bfloat16", ours["bfloat16"], mixed)):
        print(f"{name:9} voice-clone " + (f"{us:5.2f} steps/s" if us else "-") + f"   PyTorch {them:5.2f} steps/s")
    if apart > 1e-3:
        sys.exit("the losses differ: this is not the same model")


if __name__ == "__main__":
    main()
