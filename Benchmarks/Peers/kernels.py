"""PyTorch peer of the kernels suite: the operators that do what our kernels do, the fastest call of each.

    python kernels.py [--case all|NAME] [--threads 2] [--seconds 0.2] [--serve]

GEMM names are kind-MxNxK: nt is a linear layer forward, nn its input gradient, tn its weight gradient (accumulated). Weights
of ours are packed beforehand, which PyTorch does inside every call; that is how a training step sees both.
"""

import time

import torch
import torch.nn.functional as functional

from model import parser, serve

ROWS = 4096


def gemm(kind, m, n, k):
    a, c = torch.randn(m, k) * 0.1, torch.zeros(m, n)
    work = 2 * m * n * k
    if kind == "nt":
        weight = torch.randn(n, k) * 0.1
        return work, lambda: torch.mm(a, weight.t(), out=c)
    if kind == "nn":
        weight = torch.randn(k, n) * 0.1
        return work, lambda: torch.mm(a, weight, out=c)
    b, gradient = torch.randn(m, n) * 0.1, torch.zeros(k, n)
    return work, lambda: gradient.addmm_(a.t(), b)


def linear_gelu(m, n, k):
    a, weight, bias = torch.randn(m, k) * 0.1, torch.randn(n, k) * 0.1, torch.randn(n)
    return 2 * m * n * k, lambda: functional.gelu(functional.linear(a, weight, bias), approximate="tanh")


def attention(batch, length, heads, size, backward):
    query, key, value = (torch.randn(batch, heads, length, size, requires_grad=backward) for _ in range(3))
    run = lambda: functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    work = batch * heads * size * length * length
    if not backward:
        return 2 * work, run
    output = run()
    gradient = torch.randn_like(output)
    return 5 * work, lambda: torch.autograd.grad(output, (query, key, value), gradient, retain_graph=True)


def layer_norm(width, backward):
    x, gain, shift = (torch.randn(*shape, requires_grad=backward) for shape in ((ROWS, width), (width,), (width,)))
    run = lambda: functional.layer_norm(x, (width,), gain, shift)
    if not backward:
        return ROWS * width, run
    output = run()
    gradient = torch.randn_like(output)
    return ROWS * width, lambda: torch.autograd.grad(output, (x, gain, shift), gradient, retain_graph=True)


def cross_entropy(vocabulary):
    logits = torch.randn(ROWS, vocabulary, requires_grad=True)
    targets = torch.arange(ROWS) % vocabulary
    return ROWS * vocabulary, lambda: torch.autograd.grad(functional.cross_entropy(logits, targets), logits)


def adamw(count):
    weights = torch.nn.Parameter(torch.randn(count))
    weights.grad = torch.randn(count)
    optimizer = torch.optim.AdamW([weights], lr=1e-4, betas=(0.9, 0.95), eps=1e-5, weight_decay=0.05, fused=True)
    return count, optimizer.step


def kernels():
    """Name to a function that prepares operands and gives (work, call); the names are our side's."""
    shapes = {
        "nt": [(4096, 384, 128), (4096, 512, 128), (4096, 128, 512), (4096, 96, 128), (4096, 768, 256), (4096, 256, 1024),
               (4096, 4096, 256), (512, 768, 768), (512, 3072, 768), (512, 768, 3072), (512, 50304, 768), (32, 1024, 256)],
        "nn": [(4096, 384, 128), (512, 768, 3072)],
        "tn": [(4096, 384, 128), (4096, 4096, 256), (512, 768, 768), (512, 50304, 768)],
    }
    found = {}
    for kind, list_of in shapes.items():
        for m, n, k in list_of:
            found[f"gemm-{kind}-{m}x{n}x{k}"] = lambda kind=kind, m=m, n=n, k=k: gemm(kind, m, n, k)
    found["linear-gelu-4096x512x128"] = lambda: linear_gelu(4096, 512, 128)
    for name, shape in (("tiny", (32, 128, 4, 32)), ("small", (16, 256, 8, 32)), ("gpt2", (2, 256, 12, 64))):
        found[f"attention-{name}"] = lambda shape=shape: attention(*shape, False)
        found[f"attention-backward-{name}"] = lambda shape=shape: attention(*shape, True)
    for width in (128, 768):
        found[f"layer-norm-{width}"] = lambda width=width: layer_norm(width, False)
        found[f"layer-norm-backward-{width}"] = lambda width=width: layer_norm(width, True)
    for vocabulary in (96, 4096):
        found[f"softmax-cross-entropy-{vocabulary}"] = lambda vocabulary=vocabulary: cross_entropy(vocabulary)
    found["adamw"] = lambda: adamw(6 << 20)
    return found


def fastest(call, seconds):
    """Seconds of the fastest call in about `seconds`, at least three; as Stopwatch.fastest does it."""
    best, runs, start = float("inf"), 0, time.perf_counter()
    while runs < 3 or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
        runs += 1
    return best


def main():
    found = kernels()
    arguments = parser(__doc__, ["all", *found])
    arguments.set_defaults(seconds=0.2)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    chosen = {name: make for name, make in found.items() if options.case in ("all", name)}

    def measure(_):
        figures = {}
        for name, make in chosen.items():
            work, call = make()
            figures[name] = work / fastest(call, options.seconds) / 1e9
        return {"figures": figures}

    serve(options, measure)


if __name__ == "__main__":
    main()
