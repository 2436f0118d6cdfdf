"""An embedding whose table is the output's weight too: embedding -> gru -> linear, values and every gradient."""

from pathlib import Path

import torch
from torch import nn

from .archive import Archive, Source

SEED = 4504
VOCABULARY, SIZE, TIME = 6, 4, 5
LENGTHS = torch.tensor([5, 1, 3])


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)
    table = nn.Embedding(VOCABULARY, SIZE)
    net = nn.GRU(SIZE, SIZE, batch_first=True)
    output = nn.Linear(SIZE, VOCABULARY)
    output.weight = table.weight
    with torch.no_grad():
        for parameter in (table.weight, *net.parameters(), output.bias):
            parameter.copy_(source.uniform(1.0, *parameter.shape))
    ids = source.integers(VOCABULARY, len(LENGTHS), TIME)
    valid = (torch.arange(TIME) < LENGTHS[:, None])[..., None]
    hidden, _ = net(table(ids))
    y = torch.where(valid, output(hidden), torch.zeros(()))
    target = torch.where(valid, source.normal(*y.shape), torch.zeros(()))
    ((y - target) ** 2).sum().backward()
    leaves = {
        "embedding.weight": table.weight,
        **{f"gru.{name}": value for name, value in net.named_parameters()},
        "dense.bias": output.bias,
    }
    tensors = {"lengths": LENGTHS, "ids": ids, "target": target, "y": y, **leaves}
    gradients = {f"gradient/{name}": leaf.grad for name, leaf in leaves.items()}
    archive.add("tied", {"vocabulary": VOCABULARY, "size": SIZE}, tensors | gradients)
    archive.save(path)
