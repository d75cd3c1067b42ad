"""Writes gpt2_fixture.json: a tiny GPT-2 computed by PyTorch in float64, for the compute core's tests.

    python make_gpt2_fixture.py

The model is plain PyTorch with Hugging Face's tensor names and layouts. The fixture holds the weights, the sequences,
log-probabilities of the whole vocabulary at every position, the mean loss over targets with all its gradients, and the
losses before each of ten AdamW updates (cosine schedule with warm-up, clipping, decay of matrices only).
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as functional

SPEC = {"vocabularySize": 11, "contextLength": 9, "width": 8, "layers": 2, "heads": 2}
SEQUENCES = [[3, 1, 4, 1, 5], [9], [2, 6, 5, 3, 5, 8, 9, 7, 9], [10, 0, 2]]
OPTIMIZER = {
    "learningRate": 0.02, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-5, "weightDecay": 0.05, "clipNorm": 0.5,
    "schedule": "cosine", "warmupSteps": 3, "totalSteps": 10, "minimumRatio": 0.1,
}


def make_weights():
    generator = torch.Generator().manual_seed(20)
    width = SPEC["width"]
    shapes = {"transformer.wte.weight": [SPEC["vocabularySize"], width],
              "transformer.wpe.weight": [SPEC["contextLength"], width]}
    for layer in range(SPEC["layers"]):
        block = f"transformer.h.{layer}"
        shapes |= {
            f"{block}.ln_1.weight": [width], f"{block}.ln_1.bias": [width],
            f"{block}.attn.c_attn.weight": [width, 3 * width], f"{block}.attn.c_attn.bias": [3 * width],
            f"{block}.attn.c_proj.weight": [width, width], f"{block}.attn.c_proj.bias": [width],
            f"{block}.ln_2.weight": [width], f"{block}.ln_2.bias": [width],
            f"{block}.mlp.c_fc.weight": [width, 4 * width], f"{block}.mlp.c_fc.bias": [4 * width],
            f"{block}.mlp.c_proj.weight": [4 * width, width], f"{block}.mlp.c_proj.bias": [width],
        }
    shapes |= {"transformer.ln_f.weight": [width], "transformer.ln_f.bias": [width]}
    weights = {}
    for name, shape in shapes.items():
        values = 0.3 * torch.randn(shape, generator=generator)
        if ".ln_" in name and name.endswith("weight"):
            values += 1
        # Rounded to float32 first, so that both sides start from the same numbers.
        weights[name] = values.float().double().requires_grad_()
    return weights


def logits_of(weights, tokens):
    width, heads = SPEC["width"], SPEC["heads"]
    tokens = torch.tensor(tokens)
    count = len(tokens)

    def norm(name, x):
        return functional.layer_norm(x, [width], weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-5)

    def linear(name, x):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    x = weights["transformer.wte.weight"][tokens] + weights["transformer.wpe.weight"][:count]
    for layer in range(SPEC["layers"]):
        block = f"transformer.h.{layer}"
        q, k, v = (
            part.view(count, heads, width // heads).transpose(0, 1)
            for part in linear(f"{block}.attn.c_attn", norm(f"{block}.ln_1", x)).split(width, dim=1)
        )
        scores = q @ k.transpose(1, 2) / math.sqrt(width // heads)
        scores = scores.masked_fill(torch.ones(count, count).triu(1).bool(), -math.inf)
        attended = (scores.softmax(-1) @ v).transpose(0, 1).reshape(count, width)
        x = x + linear(f"{block}.attn.c_proj", attended)
        hidden = functional.gelu(linear(f"{block}.mlp.c_fc", norm(f"{block}.ln_2", x)), approximate="tanh")
        x = x + linear(f"{block}.mlp.c_proj", hidden)
    return norm("transformer.ln_f", x) @ weights["transformer.wte.weight"].T


def loss_of(weights):
    losses = []
    for sequence in SEQUENCES:
        log_probabilities = logits_of(weights, sequence).log_softmax(-1)
        losses += [-log_probabilities[position, target] for position, target in enumerate(sequence[1:])]
    return torch.stack(losses).mean()


def rate_of(update):
    peak, warmup, total = OPTIMIZER["learningRate"], OPTIMIZER["warmupSteps"], OPTIMIZER["totalSteps"]
    lowest = peak * OPTIMIZER["minimumRatio"]
    if update <= warmup:
        return peak * update / warmup
    return lowest + 0.5 * (1 + math.cos(math.pi * (update - warmup) / (total - warmup))) * (peak - lowest)


def train(weights):
    decayed = [weight for weight in weights.values() if weight.dim() > 1]
    others = [weight for weight in weights.values() if weight.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": OPTIMIZER["weightDecay"]}, {"params": others, "weight_decay": 0.0}],
        betas=(OPTIMIZER["beta1"], OPTIMIZER["beta2"]), eps=OPTIMIZER["epsilon"])
    losses, norms = [], []
    for update in range(1, 11):
        optimizer.zero_grad()
        loss = loss_of(weights)
        loss.backward()
        norm = torch.sqrt(sum((weight.grad**2).sum() for weight in weights.values()))
        for weight in weights.values():
            weight.grad *= OPTIMIZER["clipNorm"] / max(norm, OPTIMIZER["clipNorm"])
        for group in optimizer.param_groups:
            group["lr"] = rate_of(update)
        optimizer.step()
        losses.append(loss.item())
        norms.append(norm.item())
    return losses, norms


def main():
    weights = make_weights()
    floats = lambda tensor: [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]
    fixture = {"spec": SPEC, "sequences": SEQUENCES, "optimizer": OPTIMIZER}
    fixture["weights"] = {name: floats(weight) for name, weight in weights.items()}
    fixture["shapes"] = {name: list(weight.shape) for name, weight in weights.items()}
    fixture["logProbabilities"] = [
        floats(row) for sequence in SEQUENCES for row in logits_of(weights, sequence).log_softmax(-1)
    ]
    loss = loss_of(weights)
    loss.backward()
    fixture["loss"] = loss.item()
    fixture["gradients"] = {name: floats(weight.grad) for name, weight in weights.items()}
    fixture["trainingLosses"], fixture["gradientNorms"] = train(weights)
    path = pathlib.Path(__file__).with_name("gpt2_fixture.json")
    path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
