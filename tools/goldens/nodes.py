"""Nodes without state: outputs and gradients for sum(output * upstream)."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .archive import Archive, Source

SEED = 4601
LENGTHS = torch.tensor([4, 1, 7, 5, 2])
TIME = 7


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)

    def add(name: str, op: dict | str, leaves: dict[str, Tensor], compute, constants=None) -> None:
        leaves = {key: value.requires_grad_() for key, value in leaves.items()}
        output = compute(**leaves)
        upstream = source.normal(*output.shape)
        (output * upstream).sum().backward()
        gradients = {f"gradient/{key}": leaf.grad for key, leaf in leaves.items()}
        tensors = {**leaves, **(constants or {}), "upstream": upstream, "output": output}
        archive.add(name, {"op": op}, {**tensors, **gradients})

    def sequence(size: int) -> Tensor:
        return source.normal(len(LENGTHS), TIME, size)

    for size, epsilon in ((7, 1e-5), (19, 1e-3)):
        leaves = {"x": sequence(size), "gain": source.normal(size), "bias": source.normal(size)}
        add(
            f"layer_norm_{size}",
            {"layerNorm": {"gain": "gain", "bias": "bias", "epsilon": epsilon}},
            leaves,
            lambda x, gain, bias: F.layer_norm(x, (x.shape[-1],), gain, bias, epsilon),
        )
    for size in (5, 19):
        x = {"x": sequence(size) * 4}
        add(f"softmax_{size}", {"activation": "softmax"}, x, lambda x: torch.softmax(x, -1))
    for name in ("tanh", "sigmoid", "relu"):
        x = {"x": sequence(19) * 4}
        add(name, {"activation": name}, x, getattr(torch, name))
    for padding in (None, 3):
        ids = source.integers(11, len(LENGTHS), TIME)
        ids[1, 2] = 3
        weight = source.normal(11, 6)
        if padding is not None:
            weight[padding] = 0
        add(
            "embedding" if padding is None else "embedding_padding",
            {"embedding": {"weight": "weight", "padding": padding}},
            {"weight": weight},
            lambda weight: F.embedding(ids, weight, padding_idx=padding),
            {"ids": ids},
        )
    for inputs, outputs, bias in ((3, 5, True), (17, 19, True), (3, 5, False)):
        leaves = {"x": sequence(inputs), "weight": source.normal(outputs, inputs)}
        if bias:
            leaves["bias"] = source.normal(outputs)
        op = {"linear": {"weight": "weight", "bias": "bias" if bias else None, "rows": None}}
        name = f"linear_{outputs}" if bias else "linear_plain"
        add(name, op, leaves, lambda x, weight, bias=None: F.linear(x, weight, bias))
    for size in (6, 19):
        lengths = {"lengths": LENGTHS}
        add(f"last_{size}", "last", {"x": sequence(size)}, last, lengths)
        add(f"mean_{size}", "mean", {"x": sequence(size)}, mean, lengths)
        add(f"sum_over_time_{size}", "sumOverTime", {"x": sequence(size)}, total, lengths)
        x = {"x": sequence(size) * 4}
        add(f"softmax_over_time_{size}", "softmaxOverTime", x, softmax_over_time, lengths)
        add(f"max_{size}", "max", {"x": sequence(size)}, maximum, lengths)
    archive.save(path)


def last(x: Tensor) -> Tensor:
    return x[torch.arange(len(LENGTHS)), LENGTHS - 1]


def total(x: Tensor) -> Tensor:
    return torch.stack([row[:length].sum(0) for row, length in zip(x, LENGTHS.tolist())])


def softmax_over_time(x: Tensor) -> Tensor:
    padding = torch.arange(TIME)[None, :] >= LENGTHS[:, None]
    return x.masked_fill(padding[:, :, None], -torch.inf).softmax(1)


def mean(x: Tensor) -> Tensor:
    return torch.stack([row[:length].mean(0) for row, length in zip(x, LENGTHS.tolist())])


def maximum(x: Tensor) -> Tensor:
    return torch.stack([row[:length].amax(0) for row, length in zip(x, LENGTHS.tolist())])
