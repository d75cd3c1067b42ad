"""PyTorch peers of the generation suite: a hand-written loop with a key-value cache, or `transformers` generate.

    python generation.py --case tiny-b1 [--peer loop|transformers] [--threads 2] [--seconds 3] [--serve]

256 new tokens after a prompt of 16, greedy. The loop's cache is allocated once and filled in place; prompts of a batch are
computed in one pass, and of their logits only the last row. In `ragged` 128 requests are sampled at temperature 1 in batches
of 32, each until its longest row is done; the lengths come with the request (what our side drew), and only tokens up to each
row's length count.
"""

import torch
import torch.nn.functional as functional

from model import GPT, MODELS, median_seconds, parser, serve

CONTEXT, PROMPT, NEW = 512, 16, 256
CASES = {"tiny-b1": ("tiny", 1), "tiny-b32": ("tiny", 32), "small-b1": ("small", 1), "small-b32": ("small", 32),
         "ragged": ("tiny", 32)}


class Loop:
    """Decodes a batch with `model`, all rows in step."""

    def __init__(self, model, batch, capacity):
        self.model, self.batch = model, batch
        heads = model.blocks[0].heads
        width = model.tokens.weight.shape[1]
        shape = (2, batch, heads, capacity, width // heads)
        self.caches = [torch.empty(shape) for _ in model.blocks]

    def forward(self, tokens, position):
        """Logits of the last position of `tokens`, which begin at `position`."""
        model = self.model
        batch, length = tokens.shape
        end = position + length
        x = functional.embedding(tokens, model.tokens.weight) + model.positions.weight[position:end]
        width = x.shape[2]
        for block, cache in zip(model.blocks, self.caches):
            normed = functional.layer_norm(x, (width,), block.norm_1.weight, block.norm_1.bias)
            packed = functional.linear(normed, block.query_key_value.weight, block.query_key_value.bias)
            query, *key_value = packed.view(batch, length, 3, block.heads, -1).permute(2, 0, 3, 1, 4)
            cache[0, :, :, position:end] = key_value[0]
            cache[1, :, :, position:end] = key_value[1]
            attended = functional.scaled_dot_product_attention(
                query, cache[0, :, :, :end], cache[1, :, :, :end], is_causal=length > 1)
            merged = attended.transpose(1, 2).reshape(batch, length, width)
            x = x + functional.linear(merged, block.projection.weight, block.projection.bias)
            normed = functional.layer_norm(x, (width,), block.norm_2.weight, block.norm_2.bias)
            hidden = functional.gelu(
                functional.linear(normed, block.expansion.weight, block.expansion.bias), approximate="tanh")
            x = x + functional.linear(hidden, block.contraction.weight, block.contraction.bias)
        last = functional.layer_norm(x[:, -1], (width,), model.norm.weight, model.norm.bias)
        return functional.linear(last, model.tokens.weight)

    def generate(self, prompts, new, choose):
        """`new` tokens for every row; the last one is not run through the model."""
        out = torch.empty(prompts.shape[0], new, dtype=torch.long)
        logits = self.forward(prompts, 0)
        for step in range(new):
            token = choose(logits)
            out[:, step] = token
            if step + 1 < new:
                logits = self.forward(token.unsqueeze(1), PROMPT + step)
        return out


def greedy(logits):
    return logits.argmax(-1)


def sample(logits):
    """A draw from the softmax by an exponential race, which is faster than torch.multinomial."""
    probabilities = logits.softmax(-1)
    return (probabilities / torch.empty_like(probabilities).exponential_()).argmax(-1)


def by_loop(options):
    name, batch = CASES[options.case]
    model = GPT(**MODELS[name], context=CONTEXT).eval()
    loop = Loop(model, batch, PROMPT + NEW)
    vocabulary = MODELS[name]["vocabulary"]
    prompts = torch.randint(vocabulary, (128 if options.case == "ragged" else batch, PROMPT))

    def run(request):
        if options.case != "ragged":
            loop.generate(prompts, NEW, greedy)
            return batch * NEW
        lengths = request.get("lengths") or [32] * len(prompts)
        for first in range(0, len(prompts), batch):
            loop.generate(prompts[first : first + batch], max(lengths[first : first + batch]), sample)
        return sum(lengths)

    return run


def by_transformers(options):
    from transformers import GPT2Config, GPT2LMHeadModel

    name, batch = CASES[options.case]
    sizes = MODELS[name]
    config = GPT2Config(
        vocab_size=sizes["vocabulary"], n_positions=CONTEXT, n_embd=sizes["width"], n_layer=sizes["layers"],
        n_head=sizes["heads"], bos_token_id=None, eos_token_id=None, pad_token_id=None)
    model = GPT2LMHeadModel(config).eval()
    count = 128 if options.case == "ragged" else batch
    prompts = torch.randint(sizes["vocabulary"], (count, PROMPT))
    mask = torch.ones(batch, PROMPT, dtype=torch.long)

    def run(request):
        if options.case != "ragged":
            model.generate(prompts, attention_mask=mask, max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False)
            return batch * NEW
        lengths = request.get("lengths") or [32] * count
        for first in range(0, count, batch):
            new = max(lengths[first : first + batch])
            model.generate(
                prompts[first : first + batch], attention_mask=mask, max_new_tokens=new, min_new_tokens=new,
                do_sample=True, top_k=0)
        return sum(lengths)

    return run


def main():
    arguments = parser(__doc__, list(CASES))
    arguments.add_argument("--peer", default="loop", choices=("loop", "transformers"))
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    with torch.inference_mode():
        run = (by_loop if options.peer == "loop" else by_transformers)(options)
        run({})

        def measure(request):
            tokens = []
            seconds = median_seconds(lambda: tokens.append(run(request)), options.seconds)
            return {"tokensPerSecond": tokens[0] / seconds}

        serve(options, measure, ("transformers",) if options.peer == "transformers" else ())


if __name__ == "__main__":
    main()
