"""Writes test/golden/*.safetensors: PyTorch's float64 results that the Rust tests compare with.

    python tools/golden.py            # all files
    python tools/golden.py losses     # one of them

Needs torch and numpy; nothing else in the project does. The same torch version writes the same
bytes again, so after a run `git diff --stat test/golden` is empty.
"""

import sys
from pathlib import Path

import torch

from goldens import (
    arithmetic,
    attention,
    coverage,
    gumbel_tree,
    losses,
    nodes,
    optimizers,
    recurrent,
    reset_before,
    tied,
    training,
    variations,
)

FOLDER = Path(__file__).resolve().parent.parent / "test" / "golden"
FILES = {
    "recurrent": recurrent.write,
    "reset_before": reset_before.write,
    "optimizers": optimizers.write,
    "losses": losses.write,
    "nodes": nodes.write,
    "arithmetic": arithmetic.write,
    "attention": attention.write,
    "coverage": coverage.write,
    "gumbel_tree": gumbel_tree.write,
    "tied": tied.write,
    "training": training.write,
    "variations": variations.write,
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in FILES]
    if unknown:
        sys.exit(f"unknown golden file {unknown[0]}: expected one of {', '.join(FILES)}")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or FILES:
        path = FOLDER / f"{name}.safetensors"
        FILES[name](path)
        print(f"{path.name}: {path.stat().st_size} bytes")


main(sys.argv[1:])
