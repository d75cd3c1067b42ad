"""What the Python peers share: the cases, a GPT-2 in plain PyTorch, and the loop that answers measurements.

A peer prints one JSON line when it is ready, {"ready": true, "versions": {...}}. With --serve it then takes one JSON object
a line from standard input and answers each with one measurement; without, it measures --repeats times and ends. Peers stay
alive between rounds, so that compilation and loading are not part of any round.
"""

import argparse
import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as functional
from torch import nn
from torch.utils.checkpoint import checkpoint

MODELS = {
    "tiny": dict(vocabulary=96, width=128, layers=4, heads=4),
    "small": dict(vocabulary=4096, width=256, layers=6, heads=8),
    "gpt2-124m": dict(vocabulary=50257, width=768, layers=12, heads=12),
}

# The same formula as TrainingBenchmark.raggedLengths.
RAGGED_LENGTHS = [16 + i * 37 % 64 * 112 // 63 for i in range(64)]


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_1 = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.norm_2 = nn.LayerNorm(width)
        self.expansion = nn.Linear(width, 4 * width)
        self.contraction = nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        packed = self.query_key_value(self.norm_1(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4).unbind(0)
        attended = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.projection(attended.transpose(1, 2).reshape(batch, length, width))
        return x + self.contraction(functional.gelu(self.expansion(self.norm_2(x)), approximate="tanh"))


class GPT(nn.Module):
    """GPT-2 with a tied head and no dropout."""

    checkpoints = False

    def __init__(self, vocabulary, width, layers, heads, context):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def gradient_checkpointing_enable(self):
        """As a model of transformers does it: blocks run again in the backward pass instead of keeping activations."""
        self.checkpoints = True

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False) if self.checkpoints else block(x)
        return functional.linear(self.norm(x), self.tokens.weight)


def median_seconds(step, seconds, minimum=2):
    """Median seconds of one `step` over as many as fit `seconds`, at least `minimum`; as Stopwatch.median does it."""
    start = time.perf_counter()
    times = []
    while len(times) < minimum or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def peak_resident_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def parser(description, cases):
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--case", default=cases[0], choices=cases)
    result.add_argument("--threads", type=int, default=2)
    result.add_argument("--seconds", type=float, default=3.0, help="how long one measurement takes")
    result.add_argument("--repeats", type=int, default=1, help="measurements, without --serve")
    result.add_argument("--serve", action="store_true", help="measure once for every line of standard input")
    return result


def serve(options, measure, versions=()):
    """Answers requests; `measure` takes the request and returns what to print."""
    import importlib.metadata

    names = {"python": sys.version.split()[0]}
    for package in ("torch", *versions):
        names[package] = importlib.metadata.version(package)
    print(json.dumps({"ready": True, "versions": names}), flush=True)
    requests = (json.loads(line) for line in sys.stdin) if options.serve else [{}] * options.repeats
    for request in requests:
        print(json.dumps({"case": options.case, **measure(request)}), flush=True)
