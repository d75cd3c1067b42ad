"""Tiny GPT-2 and Llama models with low-rank adapters by PEFT: folders as PEFT writes them, and what they compute.

    python Tests/ComputeTests/Fixtures/make_adapter_fixture.py

For each family writes `adapter_<family>/base` (the base model by transformers), `adapter_<family>/peft` (adapter_config
and adapter_model) and `adapter_<family>/expected.json`: logits of the adapted model, the mean loss of a batch, the
gradients of the adapter's matrices, and the weights of a target after merging.
"""

import json
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).parent
SEQUENCES = [[3, 1, 4, 1, 5, 9], [2, 6, 5], [8, 9, 7, 0]]


def gpt2():
    config = GPT2Config(vocab_size=11, n_positions=8, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
    lora = LoraConfig(r=3, lora_alpha=6, target_modules=["c_attn", "mlp.c_proj"], fan_in_fan_out=True)
    return GPT2LMHeadModel(config), lora


def llama():
    config = LlamaConfig(
        vocab_size=11, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=8, rms_norm_eps=1e-6, tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=0)
    lora = LoraConfig(r=2, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"])
    return LlamaForCausalLM(config), lora


def floats(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().double().flatten().tolist()]


def loss_of(model):
    total, count = 0.0, 0
    for tokens in SEQUENCES:
        logits = model(torch.tensor([tokens])).logits[0, :-1]
        total = total + torch.nn.functional.cross_entropy(logits, torch.tensor(tokens[1:]), reduction="sum")
        count += len(tokens) - 1
    return total / count


def make(family, build):
    torch.manual_seed(5)
    folder = HERE / f"adapter_{family}"
    shutil.rmtree(folder, ignore_errors=True)
    base, lora = build()
    base = base.eval()
    for parameter in base.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    base.save_pretrained(folder / "base")
    model = get_peft_model(base, lora).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(0, 0.2)
    model.save_pretrained(folder / "peft")
    # PEFT keeps the targets as a set, in another order every time.
    place = folder / "peft" / "adapter_config.json"
    config = json.loads(place.read_text())
    config["target_modules"].sort()
    place.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    for extra in ["README.md", "generation_config.json"]:
        for place in ["base", "peft"]:
            (folder / place / extra).unlink(missing_ok=True)
    loss = loss_of(model)
    loss.backward()
    gradients = {
        name.replace(".default", ""): floats(parameter.grad)
        for name, parameter in model.named_parameters() if parameter.requires_grad
    }
    logits = [floats(model(torch.tensor([tokens])).logits) for tokens in SEQUENCES]
    targets = [name.split(".lora_A")[0].removeprefix("base_model.model.") + ".weight"
               for name in gradients if "lora_A" in name]
    merged = model.merge_and_unload().state_dict()
    expected = {
        "sequences": SEQUENCES, "loss": float(loss.detach()), "gradients": gradients, "logits": logits,
        "merged": {name: floats(merged[name]) for name in targets},
    }
    (folder / "expected.json").write_text(json.dumps(expected))


make("gpt2", gpt2)
make("llama", llama)
