"""Elementwise functions and arithmetic: outputs and gradients for sum(output * upstream)."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .archive import Archive, Source


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(context, hard: Tensor, soft: Tensor) -> Tensor:
        return hard.clone()

    @staticmethod
    def backward(context, upstream: Tensor) -> tuple[None, Tensor]:
        return None, upstream


SEED = 9203
ROWS, TIME, SIZE = 3, 4, 19


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)

    def add(name: str, op: dict | str, inputs: list[Tensor], compute) -> None:
        leaves = {key: value.requires_grad_() for key, value in zip("xyz", inputs)}
        output = compute(*leaves.values())
        upstream = source.normal(*output.shape)
        if output.requires_grad:
            (output * upstream).sum().backward()
        gradients = {f"gradient/{key}": leaf.grad for key, leaf in leaves.items() if leaf.grad is not None}
        archive.add(name, {"op": op}, {**leaves, "upstream": upstream, "output": output, **gradients})

    def numbers(size: int = SIZE) -> Tensor:
        return source.normal(ROWS, TIME, size) * 2

    def positive(size: int = SIZE) -> Tensor:
        return numbers(size).exp()

    add("abs", "abs", [numbers()], torch.abs)
    add("exp", "exp", [numbers()], torch.exp)
    add("log", "log", [positive()], torch.log)
    add("sqrt", "sqrt", [positive()], torch.sqrt)
    add("softplus", {"activation": "softplus"}, [numbers()], F.softplus)
    # F.hardsigmoid takes its sixth in single precision.
    add("hard_sigmoid", {"activation": "hardSigmoid"}, [numbers()], lambda x: ((x + 3) / 6).clamp(0, 1))
    add("silu", {"activation": "silu"}, [numbers()], F.silu)
    add("gelu", {"activation": "gelu"}, [numbers()], F.gelu)
    add("elu", {"elu": {"alpha": 1.5}}, [numbers()], lambda x: F.elu(x, 1.5))
    add("leaky_relu", {"leakyRelu": {"slope": 0.2}}, [numbers()], lambda x: F.leaky_relu(x, 0.2))
    add("sum", "sum", [numbers()], lambda x: x.sum(-1, keepdim=True))
    for name, compute in (
        ("divide", torch.div),
        ("maximum", torch.maximum),
        ("minimum", torch.minimum),
        ("add", torch.add),
        ("multiply", torch.mul),
    ):
        add(name, name, [numbers(), numbers()], compute)
        add(f"{name}_of_one", name, [numbers(1), positive()], compute)
        add(f"{name}_by_one", name, [numbers(), positive(1)], compute)
    condition = (numbers() > 0).double()
    add("where", "where", [condition, numbers(), numbers()], lambda c, a, b: torch.where(c != 0, a, b))
    add("argmax", "argmax", [numbers()], lambda x: F.one_hot(x.argmax(-1), SIZE).double())
    add("straight_through", "straightThrough", [numbers(), numbers()], StraightThrough.apply)
    # Matrices that a step holds flat, row by row.
    for transpose in (None, "a", "b"):
        op = {"matmul": {"rows": 3, "inner": 5, "columns": 4, "transpose": transpose}}

        def product(a: Tensor, b: Tensor) -> Tensor:
            a = a.unflatten(-1, (5, 3)).mT if transpose == "a" else a.unflatten(-1, (3, 5))
            b = b.unflatten(-1, (4, 5)).mT if transpose == "b" else b.unflatten(-1, (5, 4))
            return (a @ b).flatten(-2)

        add(f"matmul_{transpose}" if transpose else "matmul", op, [numbers(15), numbers(20)], product)
    archive.save(path)
