"""PyTorch peer of the training suite: the same model, batch and optimizer, timed the same way.

    python training.py --case tiny [--compile] [--threads 2] [--seconds 3] [--serve]

The loop is eager and as good as we can make it: fused AdamW, SDPA, gradients set to none, logits of all positions flattened
without a copy (positions without a target are ignored by the loss), right-padded rows under the causal mask alone, which
hides the padding from every real token. --compile runs the model through torch.compile.
"""

import torch
import torch.nn.functional as functional

from model import GPT, MODELS, RAGGED_LENGTHS, median_seconds, parser, peak_resident_bytes, serve

CASES = {
    "tiny": ("tiny", 128, [128] * 32),
    "small": ("small", 256, [256] * 16),
    "gpt2-124m-b4t64": ("gpt2-124m", 1024, [64] * 4),
    "gpt2-124m-b2t256": ("gpt2-124m", 1024, [256] * 2),
    "gpt2-124m-b2t256-recompute": ("gpt2-124m", 1024, [256] * 2),
    "ragged": ("tiny", 128, RAGGED_LENGTHS),
}


def prepare(options):
    torch.manual_seed(1)
    name, context, lengths = CASES[options.case]
    model = GPT(**MODELS[name], context=context)
    if options.case.endswith("-recompute"):
        model.gradient_checkpointing_enable()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-4, betas=(0.9, 0.95), eps=1e-5, weight_decay=0.05, fused=True)
    vocabulary = MODELS[name]["vocabulary"]
    tokens = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    targets = torch.full_like(tokens, -100)
    for row, length in enumerate(lengths):
        tokens[row, :length] = torch.randint(vocabulary, (length,))
        targets[row, : length - 1] = tokens[row, 1:length]
    run = torch.compile(model) if options.compile else model

    def step():
        logits = run(tokens)
        loss = functional.cross_entropy(logits.view(-1, vocabulary), targets.view(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step, sum(lengths)


def main():
    arguments = parser(__doc__, list(CASES))
    arguments.add_argument("--compile", action="store_true", help="run the model through torch.compile")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    step, tokens = prepare(options)
    for _ in range(2):
        step()

    def measure(_):
        return {
            "tokensPerSecond": tokens / median_seconds(step, options.seconds),
            "peakResidentBytes": peak_resident_bytes(),
        }

    serve(options, measure)


if __name__ == "__main__":
    main()
