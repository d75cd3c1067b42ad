"""A module of five linear layers with cross-entropy by PyTorch, and the same with activations between the layers.

    python Tests/ComputeTests/Fixtures/make_module_fixture.py > Tests/ComputeTests/Fixtures/module_fixture.json

Weights, a batch, logits, the mean loss, all gradients, and the losses before each of twenty updates: by plain SGD, and
by AdamW.
"""

import copy
import json
from collections import OrderedDict

import torch
from torch import nn

SIZE, CLASSES, ROWS = 12, 5, 9


def simple():
    layers = [(f"fc{i + 1}", nn.Linear(SIZE, SIZE if i < 4 else CLASSES)) for i in range(5)]
    return nn.Sequential(OrderedDict(layers))


def activated():
    return nn.Sequential(OrderedDict([
        ("fc1", nn.Linear(SIZE, 20)), ("act1", nn.GELU(approximate="tanh")),
        ("fc2", nn.Linear(20, 14, bias=False)), ("act2", nn.ReLU()),
        ("norm", nn.LayerNorm(14)), ("fc3", nn.Linear(14, CLASSES))]))


def floats(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().double().flatten().tolist()]


def losses(model, optimizer, x, y):
    values = []
    for _ in range(20):
        loss = nn.functional.cross_entropy(model(x), y)
        values.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return values


def case(model, x, y):
    model = model.double()
    logits = model(x)
    loss = nn.functional.cross_entropy(logits, y)
    loss.backward()
    by_sgd, by_adamw = copy.deepcopy(model), copy.deepcopy(model)
    return {
        "weights": {name: floats(p) for name, p in model.named_parameters()},
        "gradients": {name: floats(p.grad) for name, p in model.named_parameters()},
        "logits": floats(logits), "loss": float(loss.detach()),
        "sgd": losses(by_sgd, torch.optim.SGD(by_sgd.parameters(), lr=0.1), x, y),
        "adamw": losses(by_adamw, torch.optim.AdamW(by_adamw.parameters(), lr=0.01, weight_decay=0.0,
                                                    betas=(0.9, 0.95), eps=1e-5), x, y),
    }


def main():
    torch.manual_seed(3)
    models = {"simple": simple(), "activated": activated()}
    x = torch.rand(ROWS, SIZE).double()
    y = torch.randint(0, CLASSES, (ROWS,))
    print(json.dumps({"inputs": floats(x), "targets": y.tolist(),
                      "cases": {name: case(model, x, y) for name, model in models.items()}}))


main()
