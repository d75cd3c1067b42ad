"""Loads checkpoint folders that the compute core saved in transformers and compares the logits.

    SAVED_CHECKPOINTS=/tmp/saved swift test --filter 'Saved for transformers'
    python check_saved_checkpoints.py /tmp/saved

Each folder holds beside the model `logits.json`: token sequences and the logits the compute core gives for them from
this very folder. Weights are loaded as stored and computed in float32.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from make_model_fixtures import outputs_of

TOLERANCE = 2e-5


def load(folder):
    architecture = json.loads((folder / "config.json").read_text())["architectures"][0]
    kind = AutoModelForSequenceClassification if "Classification" in architecture else AutoModelForCausalLM
    model, report = kind.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    missing = [str(key) for key in [*report["missing_keys"], *report["unexpected_keys"], *report["mismatched_keys"]]]
    assert not missing, f"{folder.name}: {missing}"
    stored = {str(tensor.dtype) for file in folder.glob("*.safetensors") for tensor in load_file(file).values()}
    return model.eval(), "/".join(sorted(stored)).replace("torch.", "")


def main():
    folders = sorted(path for path in pathlib.Path(sys.argv[1]).iterdir() if (path / "logits.json").exists())
    assert folders, "no folder with logits.json"
    worst = 0.0
    for folder in folders:
        expected = json.loads((folder / "logits.json").read_text())
        model, stored = load(folder)
        with torch.no_grad():
            logits = torch.cat([outputs_of(model, sequence).flatten() for sequence in expected["sequences"]])
        error = (logits - torch.tensor(expected["logits"])).abs().max().item()
        worst = max(worst, error)
        shards = len(list(folder.glob("*.safetensors")))
        print(f"{folder.name:24} {type(model).__name__:32} {stored:9} {shards:2} file(s)  largest difference {error:.1e}")
        assert logits.numel() == len(expected["logits"]) and error < TOLERANCE, folder.name
    print(f"{len(folders)} folders, largest difference {worst:.1e}")


if __name__ == "__main__":
    main()
