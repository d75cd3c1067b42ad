"""Writes models/<case>/: tiny checkpoints saved by transformers, and what transformers computes with them.

    python make_model_fixtures.py

A case is a folder as `save_pretrained` leaves it (config.json, model.safetensors or shards) beside
  expected.json         token sequences, loss, losses of six AdamW steps, greedy tokens, and which case has the weights
                        where they are another case's (models that differ in config.json alone share them)
  expected.safetensors  logits (or values) of every position, `gradient.<name>` and `updated.<name>` in float32
Random weights are much larger than a new model's, so that logits are not flat and greedy margins are wide.
"""

import json
import pathlib
import shutil

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

FOLDER = pathlib.Path(__file__).with_name("models")
VOCABULARY, CONTEXT = 40, 32
SEQUENCES = [[3, 1, 4, 1, 5, 9, 2], [6], [5, 35, 8, 9, 7, 9, 3, 2, 38, 4, 6, 26], list(range(39, 17, -1)), [27, 18]]
PROMPT = [31, 4, 15, 9, 26]
NEW_TOKENS = 20
ADAMW = {"learningRate": 2e-3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-5, "weightDecay": 0.1, "clipNorm": 1.0}
STEPS = 6
# What a reward model is trained towards, one number a sequence.
TARGETS = [0.5, -1.0, 0.25, 1.5, -0.75]


def gpt2():
    return transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=16, n_layer=2, n_head=2, n_inner=32, bos_token_id=0,
        eos_token_id=0)


def llama(**changes):
    sizes = dict(
        vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, hidden_size=16, intermediate_size=20,
        num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, rms_norm_eps=1e-5, bos_token_id=0,
        eos_token_id=[0, 1], rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    return transformers.LlamaConfig(**(sizes | changes))


def rope(rope_type, **parameters):
    return {"rope_parameters": {"rope_type": rope_type, "rope_theta": 10000.0} | parameters}


def qwen2():
    return transformers.Qwen2Config(
        vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, hidden_size=16, intermediate_size=20,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True, bos_token_id=0,
        eos_token_id=0, rope_parameters={"rope_type": "default", "rope_theta": 1000000.0})


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            values = torch.randn(weight.shape, generator=generator)
            is_gain = weight.dim() == 1 and name.endswith("weight")
            weight.copy_(1 + 0.2 * values if is_gain else 0.3 * values)


def outputs_of(model, tokens):
    """Logits of one sequence, [tokens, vocabulary], or the value of every token, [tokens]."""
    base = model.base_model
    if hasattr(base, "rotary_emb"):
        # Dynamic frequencies depend on the longest sequence a module has seen: each sequence gets a new one.
        base.rotary_emb = type(base.rotary_emb)(config=model.config)
    tokens = torch.tensor([tokens])
    if hasattr(model, "score"):
        return model.score(base(input_ids=tokens, use_cache=False).last_hidden_state)[0, :, 0]
    return model(input_ids=tokens, use_cache=False).logits[0]


def loss_of(model):
    if hasattr(model, "score"):
        return sum((outputs_of(model, s)[-1] - t) ** 2 for s, t in zip(SEQUENCES, TARGETS)) / len(SEQUENCES)
    losses = []
    for sequence in SEQUENCES:
        log_probabilities = outputs_of(model, sequence).log_softmax(-1)
        losses += [-log_probabilities[position, target] for position, target in enumerate(sequence[1:])]
    return torch.stack(losses).mean()


def greedy(model, count):
    tokens, smallest = list(PROMPT), float("inf")
    with torch.no_grad():
        for _ in range(count):
            best = outputs_of(model, tokens)[-1].topk(2)
            smallest = min(smallest, (best.values[0] - best.values[1]).item())
            tokens.append(best.indices[0].item())
    assert smallest > 1e-3, f"margin {smallest}"
    return tokens[len(PROMPT):], smallest


def train(model):
    weights = list(model.parameters())
    optimizer = torch.optim.AdamW(
        [{"params": [w for w in weights if w.dim() > 1], "weight_decay": ADAMW["weightDecay"]},
         {"params": [w for w in weights if w.dim() == 1], "weight_decay": 0.0}],
        lr=ADAMW["learningRate"], betas=(ADAMW["beta1"], ADAMW["beta2"]), eps=ADAMW["epsilon"])
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, ADAMW["clipNorm"])
        optimizer.step()
        losses.append(loss.item())
    return losses


def tensors(model, values):
    return {name: values(weight).detach().float().clone().contiguous() for name, weight in model.named_parameters()}


def make(name, config, kind=AutoModelForCausalLM, share=None, dtype=None, gradients=True, steps=False,
         tokens=NEW_TOKENS, seed=8, **save):
    folder = FOLDER / name
    model = kind.from_config(config, attn_implementation="eager").eval()
    randomize(model, seed)
    (model.to(dtype) if dtype else model).save_pretrained(folder, **save)
    # Dropout is in the file as it was, and off here.
    model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    expected = {"sequences": SEQUENCES, "weights": share or name}
    with torch.no_grad():
        stored = {"outputs": torch.cat([outputs_of(model, s) for s in SEQUENCES]).contiguous()}
    loss = loss_of(model)
    expected["loss"] = loss.item()
    if hasattr(model, "score"):
        expected["targets"] = TARGETS
    else:
        expected["prompt"] = PROMPT
        expected["greedy"], margin = greedy(model, tokens)
        print(f"{name}: smallest margin {margin:.4f}")
    if gradients:
        loss.backward()
        stored |= {f"gradient.{n}": t for n, t in tensors(model, lambda w: w.grad).items()}
    if steps:
        expected["adamw"] = ADAMW
        expected["losses"] = train(model)
        stored |= {f"updated.{n}": t for n, t in tensors(model, lambda w: w).items()}
    if share and (folder / "model.safetensors").exists():
        mine, other = load_file(folder / "model.safetensors"), load_file(FOLDER / share / "model.safetensors")
        assert mine.keys() == other.keys() and all(torch.equal(mine[key], other[key]) for key in mine)
        (folder / "model.safetensors").unlink()
    save_file(stored, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    for extra in ["generation_config.json"]:
        (folder / extra).unlink(missing_ok=True)


def respell(name, of):
    """The case `of` with its config.json as older releases of transformers wrote it."""
    folder = FOLDER / name
    folder.mkdir()
    config = json.loads((FOLDER / of / "config.json").read_text())
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    kind = parameters.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else {"type": kind} | parameters
    config["torch_dtype"] = config.pop("dtype")
    for newer in ["head_dim", "layer_types", "transformers_version"]:
        config.pop(newer, None)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for file in ["expected.json", "expected.safetensors"]:
        shutil.copy(FOLDER / of / file, folder / file)
    expected = json.loads((folder / "expected.json").read_text())
    stored = load_file(folder / "expected.safetensors")
    save_file({"outputs": stored["outputs"]}, folder / "expected.safetensors")
    (folder / "expected.json").write_text(
        json.dumps({key: expected[key] for key in ["sequences", "weights", "loss", "prompt", "greedy"]}) + "\n")
    # The respelt file means the same model to transformers.
    shutil.copy(FOLDER / expected["weights"] / "model.safetensors", folder / "model.safetensors")
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    (folder / "model.safetensors").unlink()
    with torch.no_grad():
        assert torch.equal(torch.cat([outputs_of(model, s) for s in SEQUENCES]), stored["outputs"])


def main():
    torch.manual_seed(0)
    shutil.rmtree(FOLDER, ignore_errors=True)
    make("gpt2", gpt2(), steps=True, seed=9)
    make("llama", llama(), steps=True)
    make("qwen2", qwen2(), steps=True)
    make("llama-linear", llama(**rope("linear", factor=2.5)), share="llama")
    # Greedy tokens up to the original context, where generation ends here: beyond it transformers leaves cached keys turned
    # by the frequencies of the lengths at which they came, so its answers depend on its cache.
    make("llama-dynamic", llama(max_position_embeddings=12, **rope("dynamic", factor=3.0)), share="llama",
        tokens=12 - len(PROMPT))
    make("llama-llama3", llama(**rope(
        "llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
        share="llama")
    make("llama-yarn", llama(**rope("yarn", factor=4.0, original_max_position_embeddings=8)), share="llama")
    make("llama-heads", llama(
        num_attention_heads=4, num_key_value_heads=2, head_dim=6, attention_bias=True, mlp_bias=True))
    make("llama-sharded", llama(), gradients=False, max_shard_size="6KB")
    make("qwen2-bf16", qwen2(), gradients=False, dtype=torch.bfloat16)
    make("llama-reward", llama(num_labels=1, pad_token_id=0), AutoModelForSequenceClassification, steps=True)
    respell("qwen2-old", "qwen2")
    respell("llama-linear-old", "llama-linear")
    size = sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file())
    print(f"{size} bytes")


if __name__ == "__main__":
    main()
