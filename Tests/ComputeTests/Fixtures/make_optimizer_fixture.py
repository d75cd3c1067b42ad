"""Twelve updates of every optimizer by PyTorch, with clipping, decay groups and a warm-up.

    python Tests/ComputeTests/Fixtures/make_optimizer_fixture.py > Tests/ComputeTests/Fixtures/optimizer_fixture.json
"""

import json

import torch

SHAPES = {"layer.weight": [3, 5], "layer.bias": [5], "final_norm.weight": [5], "head.weight": [2, 4]}
DECAYED = ["layer.weight", "head.weight"]
STEPS, CLIP, DECAY, PEAK, WARMUP = 12, 2.0, 0.1, 0.05, 4
CASES = {
    "adamw": lambda groups: torch.optim.AdamW(groups, betas=(0.9, 0.95), eps=1e-5),
    "adamw_classic": lambda groups: torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8),
    "adam": lambda groups: torch.optim.Adam(groups, betas=(0.9, 0.95), eps=1e-5),
    "sgd": lambda groups: torch.optim.SGD(groups),
    "momentum": lambda groups: torch.optim.SGD(groups, momentum=0.9),
    "nesterov": lambda groups: torch.optim.SGD(groups, momentum=0.8, nesterov=True),
}


def floats(tensor):
    return [float(value) for value in tensor.double().flatten()]


def main():
    torch.manual_seed(7)
    start = {name: torch.randn(shape) for name, shape in SHAPES.items()}
    # Some updates are clipped and some are not.
    gradients = [
        {name: torch.randn(shape) * (0.1 if step % 3 else 2.0) for name, shape in SHAPES.items()}
        for step in range(STEPS)
    ]
    cases = {}
    for case, make in CASES.items():
        weights = {name: torch.nn.Parameter(value.double()) for name, value in start.items()}
        groups = [
            {"params": [weights[name] for name in DECAYED], "weight_decay": DECAY, "lr": PEAK},
            {"params": [weights[n] for n in SHAPES if n not in DECAYED], "weight_decay": 0.0, "lr": PEAK},
        ]
        optimizer = make(groups)
        norms = []
        for step in range(STEPS):
            for group in optimizer.param_groups:
                group["lr"] = PEAK * min(1.0, (step + 1) / WARMUP)
            norm = torch.sqrt(sum((g.double() ** 2).sum() for g in gradients[step].values()))
            norms.append(float(norm))
            for name, weight in weights.items():
                weight.grad = gradients[step][name].double() * (CLIP / max(float(norm), CLIP))
            optimizer.step()
        cases[case] = {name: floats(weight.detach()) for name, weight in weights.items()}
    print(json.dumps({
        "start": {name: floats(value) for name, value in start.items()},
        "gradients": [{name: floats(value) for name, value in step.items()} for step in gradients],
        "norms": norms,
        "cases": cases,
    }))


main()
