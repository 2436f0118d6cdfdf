"""The Gumbel Tree-LSTM without noise: roots, merges, and straight-through gradients for the sum of root * upstream."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .archive import Archive, Source

SEED = 5413
LENGTHS = [5, 1, 0, 2, 9, 3, 7, 4]


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)
    for size, temperature, biased in ((3, 1.0, True), (3, 0.3, False), (17, 2.0, True), (20, 0.7, True)):
        leaves = {
            "x": source.normal(len(LENGTHS), max(LENGTHS), 2 * size),
            "weight": source.normal(5 * size, 2 * size) * 0.5,
            "query": source.normal(size) * 3.0,
        }
        if biased:
            leaves["bias"] = source.normal(5 * size)
        leaves = {name: leaf.requires_grad_() for name, leaf in leaves.items()}
        rows = [grow(leaves, temperature, row, length) for row, length in enumerate(LENGTHS)]
        root = torch.stack([root for root, _ in rows])
        upstream = source.normal(*root.shape)
        (root * upstream).sum().backward()
        tensors = {**leaves, "upstream": upstream, "root": root, "merges": torch.stack([m for _, m in rows])}
        gradients = {f"gradient/{name}": leaf.grad for name, leaf in leaves.items()}
        name = f"{size}_{temperature}" + ("" if biased else "_no_bias")
        archive.add(name, {"temperature": temperature, "biased": biased}, {**tensors, **gradients})
    archive.save(path)


def grow(leaves: dict[str, Tensor], temperature: float, row: int, length: int) -> tuple[Tensor, Tensor]:
    """The state left of one row, alone, and the places of its merges with -1 at its last step."""
    h, c = leaves["x"][row, :length].chunk(2, dim=-1)
    merges = torch.zeros(max(LENGTHS))
    if length == 0:
        return torch.zeros(leaves["x"].shape[-1]), merges
    for merge in range(length - 1):
        pairs = torch.cat([h[:-1], h[1:]], dim=-1)
        i, left, right, o, u = F.linear(pairs, leaves["weight"], leaves.get("bias")).chunk(5, dim=-1)
        new_c = i.sigmoid() * u.tanh() + left.sigmoid() * c[:-1] + right.sigmoid() * c[1:]
        new_h = o.sigmoid() * new_c.tanh()
        soft = F.softmax(new_h @ leaves["query"] / temperature, dim=0)
        hard = F.one_hot(soft.argmax(), len(soft)).to(soft)
        merges[merge] = soft.argmax()
        mask = ((hard - soft).detach() + soft)[:, None]
        done = mask.cumsum(0)
        before = torch.cat([torch.zeros(1, 1), done[:-1]])
        h, c = (mask * new + (1 - done) * old[:-1] + before * old[1:] for new, old in ((new_h, h), (new_c, c)))
    merges[length - 1] = -1
    return torch.cat([h[0], c[0]]), merges
