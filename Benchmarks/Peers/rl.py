"""TRL peers of the rl suite: GRPOTrainer and SFTTrainer on the CPU, same model, data, batch and threads as ours.

    python rl.py --case grpo-tiny [--threads 2] [--seconds 3] [--serve]

A GPT-2 without dropout and a tokenizer of characters. GRPO: 64 prompts "x+y=" with 4 answers each, up to 16 new tokens at
temperature 1, beta 0, one update a batch, reward 1 for the right number, else 0.1 times the share of characters in the right
place. SFT: 32 rows of 128 tokens (small: 16 rows of 256) of repeated additions. Gradient checkpointing, which TRL turns on by
itself, is off, as are bf16, logging and saving. A measurement is the median of whole steps, taken inside the trainer's own
loop, which waits between requests.
"""

import json
import os
import random
import sys
import tempfile
import time
import warnings

import torch
from datasets import Dataset, disable_progress_bars
from tokenizers import Tokenizer, models, pre_tokenizers, decoders, Regex
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast, TrainerCallback
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer

from model import MODELS, parser

CASES = {"grpo-tiny": ("tiny", 128), "grpo-small": ("small", 256), "sft-tiny": ("tiny", 128, 32), "sft-small": ("small", 256, 16)}
END = "<eos>"


def tokenizer(size):
    """One token a character: <eos>, printable ASCII, then Han characters up to `size`."""
    characters = [chr(code) for code in range(0x20, 0x7F)]
    characters += [chr(0x4E00 + index) for index in range(size - 1 - len(characters))]
    vocabulary = {END: 0, **{character: index + 1 for index, character in enumerate(characters)}}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token=END))
    core.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    core.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=core, eos_token=END, pad_token=END, padding_side="left")


def model(name, context):
    sizes = MODELS[name]
    return GPT2LMHeadModel(GPT2Config(
        vocab_size=sizes["vocabulary"], n_positions=context, n_embd=sizes["width"], n_layer=sizes["layers"],
        n_head=sizes["heads"], resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=0, eos_token_id=0, pad_token_id=0))


def addition():
    x, y = random.randrange(100), random.randrange(100)
    return f"{x}+{y}=", f"{x + y}"


def reward(completions, answer, **_):
    """As AnswerRule: right, or a share of the characters in place."""
    scores = []
    for completion, expected in zip(completions, answer):
        text = completion.strip()
        if text == expected:
            scores.append(1.0)
        else:
            right = sum(a == b for a, b in zip(text, expected))
            scores.append(0.1 * right / max(len(text), len(expected)))
    return scores


class Meter(TrainerCallback):
    """Times whole steps; after two that warm up, one window of steps for every request."""

    def __init__(self, options):
        self.options = options
        self.times, self.begin, self.warm_up, self.left = [], None, 2, options.repeats
        self.window_start = None

    def on_step_end(self, arguments, state, control, **_):
        now = time.perf_counter()
        if self.warm_up:
            self.warm_up -= 1
            if not self.warm_up:
                self.ready()
                self.await_request(control)
            return control
        self.times.append(now - self.begin)
        self.begin = now
        if len(self.times) >= 2 and now - self.window_start >= self.options.seconds:
            middle = sorted(self.times)
            median = (middle[(len(middle) - 1) // 2] + middle[len(middle) // 2]) / 2
            print(json.dumps({"case": self.options.case, "stepsPerSecond": 1 / median}), flush=True)
            self.await_request(control)
        return control

    def ready(self):
        from importlib.metadata import version

        names = {"python": sys.version.split()[0], **{name: version(name) for name in ("torch", "transformers", "trl")}}
        print(json.dumps({"ready": True, "versions": names}), flush=True)

    def await_request(self, control):
        if self.options.serve:
            control.should_training_stop = sys.stdin.readline() == ""
        else:
            control.should_training_stop = self.left == 0
            self.left -= 1
        self.times = []
        self.begin = self.window_start = time.perf_counter()


def settings(kind, folder, batch, **more):
    return kind(
        output_dir=folder, per_device_train_batch_size=batch, gradient_accumulation_steps=1, learning_rate=1e-4,
        lr_scheduler_type="constant", max_steps=1_000_000, max_grad_norm=1.0, optim="adamw_torch_fused", use_cpu=True, bf16=False,
        fp16=False, gradient_checkpointing=False, logging_strategy="no", save_strategy="no", report_to=[], disable_tqdm=True,
        dataloader_num_workers=0, **more)


def grpo(options, folder):
    name, context = CASES[options.case]
    pairs = [addition() for _ in range(4096)]
    data = Dataset.from_dict({"prompt": [pair[0] for pair in pairs], "answer": [pair[1] for pair in pairs]})
    return GRPOTrainer(
        model=model(name, context), reward_funcs=reward, train_dataset=data,
        processing_class=tokenizer(MODELS[name]["vocabulary"]), callbacks=[Meter(options)],
        args=settings(
            GRPOConfig, folder, 256, num_generations=4, max_completion_length=16, temperature=1.0, beta=0.0, num_iterations=1))


def sft(options, folder):
    name, length, rows = CASES[options.case]
    words = tokenizer(MODELS[name]["vocabulary"])
    texts = []
    for _ in range(512):
        text = ""
        while len(text) < length:
            text += "".join(addition()) + " "
        texts.append(words(text[:length])["input_ids"])
    assert all(len(text) == length for text in texts)
    return SFTTrainer(
        model=model(name, length), train_dataset=Dataset.from_dict({"input_ids": texts}), processing_class=words,
        callbacks=[Meter(options)], args=settings(SFTConfig, folder, rows, max_length=length, packing=False))


def main():
    options = parser(__doc__, list(CASES)).parse_args()
    warnings.filterwarnings("ignore")
    disable_progress_bars()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        (grpo if options.case.startswith("grpo") else sft)(options, folder).train()


if __name__ == "__main__":
    main()
