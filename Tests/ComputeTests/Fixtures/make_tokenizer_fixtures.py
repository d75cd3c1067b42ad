"""Trains tiny tokenizers and writes what the tokenizers library makes of hostile texts with them.

Usage: python make_tokenizer_fixtures.py      (needs `tokenizers`; run anywhere, writes beside itself)

`tokenizers/texts.json` has the texts. One folder a family: `tokenizer.json` as the library saves it, and `cases.json`
with the tokens of each text, its text decoded with and without special tokens, and some token sequences that were not encoded
from a text (cut characters, bytes in a row).
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).parent / "tokenizers"
HERE.mkdir(exist_ok=True)
LINES = [
    "The quick brown fox jumps over the lazy dog; it's the 3rd time they've done so since 2019.",
    "What is 12 + 345? It is 357, and 1000 times that is 357000.",
    "def add(a, b):\n    return a + b  # adds two numbers\n\n\tprint(add(1, 2))\r\n",
    "Größe, façade, naïve, Ångström: letters with marks. Ένα δύο τρία. Привет, мир!",
    "强化学习训练语言模型。日本語のテキスト。한국어 문장입니다.",
    "مرحبا بالعالم שלום עולם नमस्ते दुनिया",
    "Emoji: 😀 👍🏽 👨‍👩‍👧 🇩🇪 and more words, more words, more words.",
    "I'm, you're, he'll, she'd, we've, don't; I'M YOU'RE HE'LL",
]
TEXTS = [
    "",
    " ",
    "  ",
    "a",
    "Hello world",
    "Hello  world ",
    "   leading and trailing   ",
    "tab\tand\ttabs\t\t",
    "line\nline\n\nline\r\nline\r\n\r\n",
    " \n \n  x",
    "\n\n\n",
    "a \n b\t\n  c",
    "x   \r\n   y",
    "no-break\u00a0space\u00a0 and\u2003em\u2003\u2003space",
    "\u3000ideographic\u3000",
    "\u0085next\u2028line\u2029paragraph",
    "vertical\x0btab\x0cform\x1cfeed",
    "it's we're I'll you've he'd I'm don't",
    "IT'S WE'RE I'LL YOU'VE HE'D I'M DON'T",
    "it'S we'Re i'lL yOu'vE 'tis 's' ''s '",
    "it'ſ long s'ſ",
    " 's 't 're",
    "'sand 'llama 'reverb",
    "0 1 12 123 1234 12345 123456789012345678901234567890",
    "3.14159 -1e-10 1,000,000 ½ ² Ⅷ ٣٤٥ १२३ 一二三",
    "a1b22c333d4444",
    "!!! ??? ... ---- ==== <<>> $$$ ((()))",
    "price: $5.00!\n\n- item\n- item",
    "foo_bar.baz(qux) => {return x;}",
    "    indented\n        more\n\t\tthen tabs",
    "https://example.org/path?query=1&b=2#frag",
    "café cafe\u0301 CAFÉ Å Å Å",
    "e\u0301\u0323 e\u0323\u0301 a\u0308\u0304 \u1e9b\u0323 o\u0302\u0301",
    "\u0301 leading mark, zalgo: t\u0335\u0321\u035fe\u0336\u0330x\u0337t",
    "각 가 \u1100\u1161\u11a8 \u1100\u1161 힣 \u1112\u1175\u11c2",
    "ﬁ ﬀ ⅓ ① K Ω Å 豈 樂",
    "क्षि नमस्ते दुनिया की",
    "强化学习 训练 语言模型。日本語テキスト",
    "汉字mixed漢字with英語words",
    "مرحبا بالعالم، كيف الحال؟ ١٢٣",
    "שלום עולם! \u202bRTL\u202c \u200fmark",
    "Привет мир Ёлка",
    "Ένα ΔΎΟ τρία",
    "😀",
    "😀😀 👍🏽 👨\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 🇩🇪🇫🇷 1️⃣",
    "text😀text 😀 text",
    "\u200b\u200czero\u200dwidth\ufeff",
    "\x00\x01\x7f\x80\x9f\xad",
    "\U0001d400\U0001d401 𝔘𝔫𝔦 \U0010ffff \U000e0041",
    "�\ufffe\uffff",
    "<|endoftext|>",
    "a<|endoftext|>b <|endoftext|> c",
    "<|endoftext|><|endoftext|>  <|endoftext|>\n",
    "<|endof<|endoftext|>text|>",
    "<s>hello</s> <s> hello </s><unk>",
    "un<tool>ed <tool> x<tool>",
    "say left and  left  or leftover cleft",
    "say right  and right\n\n x rightly",
    "word wordy sword word. (word) _word é\u0301word word\u0301",
    "Ünïk ünïk U\u0308ni\u0308k ÜnïkX",
    "<too<tool><tool_call>call</tool_call>",
    "▁under▁score ▁ ▁▁",
    "a" * 300,
    "ab" * 100 + " " * 50 + "!" * 60 + "12" * 30,
    "The quick brown fox jumps over the lazy dog. " * 4,
    # Writing systems, each with its digits, marks and punctuation.
    "Ούτε η γη, ούτε ο ουρανός· «τίποτα»; ᾳ ᾀ ῥῆμα 1,5€",
    "Съешь ещё этих мягких французских булок — 3½ кг, №7; їжак ґанок ѣ",
    "Բարեւ ձեզ, աշխարհ։ Ի՞նչ կա՝ 12",
    "שָׁלוֹם עֲלֵיכֶם — ״ציטוט״ 5₪",
    "السَّلامُ عَلَيْكُم، كِتابٌ ۱۲۳ ٪٥٠ ﷺ ﻻ لله",
    "सत्यमेव जयते। क्ष त्र ज्ञ हिन्दी १२३४ ₹५००",
    "আমার সোনার বাংলা, ৳১০০ ক্ষ্ম",
    "ਸਤਿ ਸ੍ਰੀ ਅਕਾਲ ੧੨੩",
    "નમસ્તે દુનિયા ૧૨૩",
    "வணக்கம் உலகம் ஸ்ரீ க்ஷ ௧௨௩",
    "నమస్కారం ప్రపంచం ౧౨౩",
    "ನಮಸ್ಕಾರ ಪ್ರಪಂಚ ೧೨೩",
    "നമസ്കാരം ലോകം ൧൨൩ ക\u0d4d\u200d",
    "ආයුබෝවන් ලෝකය ශ\u0dca\u200dරී",
    "สวัสดีชาวโลก ภาษาไทยไม่มีช่องว่าง ๑๒๓ น้ำ",
    "ສະບາຍດີ ໂລກ ໑໒໓",
    "བཀྲ་ཤིས་བདེ་ལེགས། ༡༢༣",
    "မင်္ဂလာပါ ကမ္ဘာ ၁၂၃။",
    "გამარჯობა მსოფლიო ᲒᲐᲛᲐᲠᲯᲝᲑᲐ",
    "안녕하세요, 세계! 제3장 ㄱㄴㄷ ﾡ",
    "ሰላም ልዑል፣ ዓለም። ፩፪፫",
    "ᎣᏏᏲ ᎡᎶᎯ ꭳꮟ",
    "សួស្តីពិភពលោក ១២៣",
    "ᠰᠠᠢᠨ ᠪᠠᠢᠨ\u180eᠠ ᠤᠤ",
    "いろはにほへと チリヌルヲ ｶﾞｷﾞ 々〆〇 「引用」ー～",
    "敏捷的棕色狐狸，跳過懶狗。𠀀𠮷𪚥 ㊊㋿㍻ ①②③",
    "Tiếng Việt: ẫ ễ ữ ợ — Đường số 9",
    "𐌰𐌱𐌲 𓀀𓁐 𒀀 𐤀𐤁 𞤀𞤣 ꧋ꦱꦏ ߊߋ",
    # Emoji sequences.
    "👩🏽\u200d🚀 👨\u200d👩\u200d👧\u200d👦 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 🇯🇵🇺 ❤\ufe0f\u200d🔥 ☎\ufe0e 5\ufe0f\u20e3 #\ufe0f\u20e3 🫱🏻\u200d🫲🏿",
    # Code.
    "fn main() -> Result<(), Box<dyn Error>> {\n\tlet x: u64 = 0xFF_u64 >> 3; // ok?\n    println!(\"{:?}\", &x[..]);\n}\n",
    "SELECT * FROM t WHERE a='b''c' AND d<>\"e\" -- x\r\n;\t/* y */ #include <stdio.h>\n@x = $y->{z}[0] ?? `w`;",
    "<p class=\"a\">x &amp; y</p>\n\n```python\nprint(f'{a!r:>10}')\n```\n| a | b |\n|---|---|\n$$\\frac{1}{2}^n_{i=0}$$ \\\\",
    "snake_case camelCase PascalCase HTTPServer iPhone15 XMLHttpRequest v1.2.3-rc4 user@host.com 1e-9 0b1010 10_000 #tag @me",
    # White space and line ends of every kind.
    "a\u00a0\u00a0b\u2007c\u202fd\u205fe\u3000\u3000f\u1680g\u180eh\u200bi\u2060j",
    "one\rtwo\r\rthree\n\rfour\u2028five\u2029\u2029six\u0085\u0085seven\x0b\x0ceight\x1c\x1d\x1e\x1fnine",
    "\t \t\n \n\t \r\n \r\n\n  \u3000\n end \n",
    "trailing spaces   \nleading\n   spaces\n\n\n\n   ",
    # Compatibility forms, case and marks.
    "ﬃ ﬅ ㎏ ㍿ ﾊﾟ ｱｲ ＡＢＣ１２３ ℌ ℃ ㏒ ½ x² ™ … ‥ ﹏ ｡ ㌀ ﷲ ǆ ĳ",
    "İstanbul ISPARTA ıi ẞß ΑΣ ΣΑΣ ǅ Ⓐ ᾈ ŉ ſ \u212a",
    "a\u0300\u0301\u0302b\u20dd c\u0488 d\u1ab0 \u0e01\u0e33\u0e49 \u0f77 \ufb49 \u2126\u1f71",
    # What is left of cut characters, and what no character is.
    "\ufffd\ufffd cut \ufdd0\U0001fffe private \ue000\U000f0000 tag \U000e0001 soft\u00adhyphen \u2066iso\u2069",
    "don’t ‘quote’ “double” – — ‒ ⸺ ‚low’ l’été d'accord O’Neil's 'tis rock'n'roll",
]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
HEAD = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def split(digits):
    return pre_tokenizers.Split(Regex(HEAD + digits + TAIL), behavior="isolated", invert=False)


def byte_level(pre, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def trained(tokenizer, size, special, **options):
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False, **options)
    tokenizer.train_from_iterator(LINES * 3, trainer)
    return tokenizer


def gpt2():
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False))
    trained(tokenizer, 380, ["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def qwen2():
    pre = pre_tokenizers.Sequence([split(r"\p{N}"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = byte_level(pre)
    tokenizer.normalizer = normalizers.NFC()
    trained(tokenizer, 380, [], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens(
        [
            AddedToken("<tool>", normalized=False),
            AddedToken("<tool_call>", normalized=False),
            AddedToken("left", lstrip=True, normalized=False),
            AddedToken("right", rstrip=True, normalized=False),
            AddedToken("word", single_word=True, normalized=False),
            AddedToken("U\u0308nïk", normalized=True),
        ]
    )
    return tokenizer


def llama3():
    pre = pre_tokenizers.Sequence(
        [split(r"\p{N}{1,3}"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer = byte_level(pre, ignore_merges=True)
    trained(tokenizer, 400, [], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    # A word that no merges lead to is found all the same.
    content = json.loads(tokenizer.to_str())
    content["model"]["vocab"]["Ġworld"] = len(content["model"]["vocab"])
    tokenizer = Tokenizer.from_str(json.dumps(content))
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>", "<|endoftext|>"])
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|begin_of_text|> $A",
                pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
                special_tokens=[("<|begin_of_text|>", begin)],
            ),
        ]
    )
    return tokenizer


def sentence_piece(size):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    trained(tokenizer, size, special, limit_alphabet=60)
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = content["added_tokens"][:3]
    tokenizer = Tokenizer.from_str(json.dumps(content))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def llama2():
    tokenizer = sentence_piece(420)
    tokenizer.pre_tokenizer = None
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.add_tokens([AddedToken("<tool>", normalized=True)])
    return tokenizer


def metaspace():
    return sentence_piece(400)


def smollm():
    """Digits apart, prefix space, no byte alphabet gap; merges in the old spelling."""
    pre = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=True)]
    )
    tokenizer = byte_level(pre)
    trained(tokenizer, 340, ["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    return tokenizer


DEEPSEEK = [
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
]
O200K = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)


def deepseek():
    """Three patterns one behind the other, none of which matches everywhere."""
    splits = [pre_tokenizers.Split(Regex(pattern), behavior="isolated") for pattern in DEEPSEEK]
    tokenizer = byte_level(pre_tokenizers.Sequence(splits + [pre_tokenizers.ByteLevel(False, use_regex=False)]))
    tokenizer.normalizer = normalizers.Sequence([])
    return trained(tokenizer, 380, ["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def o200k():
    """What is matched is kept by way of `removed` and `invert`."""
    split = pre_tokenizers.Split(Regex(O200K), behavior="removed", invert=True)
    tokenizer = byte_level(pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)]))
    tokenizer.normalizer = normalizers.NFKC()
    return trained(tokenizer, 380, ["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())


def behaviours():
    """Every way with a match, every small normalizer; characters, with one token for those that are not known."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Strip(),
            normalizers.Replace(Regex(r"(.)\1{3,}"), "…"),
            normalizers.Replace("foo", "bar baz"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(",", "removed"),
            pre_tokenizers.Split("-", "merged_with_previous"),
            pre_tokenizers.Split(Regex(r"[#$@(]"), "merged_with_next"),
            pre_tokenizers.Split(Regex(r"[\n\t]"), "contiguous"),
            pre_tokenizers.Split(Regex(r"^\w+$"), "isolated", invert=True),
            pre_tokenizers.CharDelimiterSplit("|"),
            pre_tokenizers.Punctuation("merged_with_previous"),
            pre_tokenizers.Digits(individual_digits=False),
        ]
    )
    return trained(tokenizer, 300, ["<unk>"])


def clip():
    """What ends a word has another token than inside it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trained(tokenizer, 700, ["<|endoftext|>"], initial_alphabet=alphabet, end_of_word_suffix="</w>")
    content = json.loads(tokenizer.to_str())
    for character in sorted(alphabet):
        content["model"]["vocab"].setdefault(character + "</w>", len(content["model"]["vocab"]))
    tokenizer = Tokenizer.from_str(json.dumps(content))
    tokenizer.post_processor = processors.RobertaProcessing(("<|endoftext|>", 0), ("<|endoftext|>", 0))
    return tokenizer


def wordpieces():
    """What goes on with a word is marked; words and punctuation as BERT cuts them."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##", fuse_unk=True))
    tokenizer.normalizer = normalizers.NFKD()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    return trained(tokenizer, 400, ["<unk>"], continuing_subword_prefix="##")


def openai_gpt():
    """Words as runs of letters and digits; their ends are spaces again."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    return trained(tokenizer, 400, ["<unk>"], end_of_word_suffix="</w>")


def sequences(tokenizer, texts):
    """Token sequences that no text gives: parts of encodings, and random ones."""
    random.seed(7)
    found = []
    for text in texts:
        tokens = tokenizer.encode(text, add_special_tokens=False).ids
        if len(tokens) > 3:
            found.append(tokens[1:-1])
    for _ in range(20):
        found.append([random.randrange(tokenizer.get_vocab_size()) for _ in range(12)])
    return found[-32:]


def write(name, tokenizer):
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    content = json.loads(tokenizer.to_str())
    if name == "smollm":
        content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text)
    tokenizer = Tokenizer.from_str(text)
    cases = []
    for text in TEXTS:
        tokens = tokenizer.encode(text, add_special_tokens=False).ids
        shown = tokenizer.decode(tokens, skip_special_tokens=False)
        hidden = tokenizer.decode(tokens)
        case = {"tokens": tokens}
        # What is not written is the text itself.
        if shown != text:
            case["shown"] = shown
        if hidden != text:
            case["hidden"] = hidden
        cases.append(case)
    decoded = [
        {"tokens": tokens, "shown": tokenizer.decode(tokens, skip_special_tokens=False)}
        for tokens in sequences(tokenizer, TEXTS)
    ]
    content = {
        "vocabulary": tokenizer.get_vocab_size(),
        "template": tokenizer.encode("").ids,
        "cases": cases,
        "sequences": decoded,
    }
    (folder / "cases.json").write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


(HERE / "texts.json").write_text(json.dumps(TEXTS, ensure_ascii=False) + "\n")
for name, make in [
    ("gpt2", gpt2),
    ("qwen2", qwen2),
    ("llama3", llama3),
    ("llama2", llama2),
    ("metaspace", metaspace),
    ("smollm", smollm),
    ("deepseek", deepseek),
    ("o200k", o200k),
    ("behaviours", behaviours),
    ("clip", clip),
    ("wordpieces", wordpieces),
    ("openai_gpt", openai_gpt),
]:
    write(name, make())
