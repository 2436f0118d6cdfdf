"""Losses from logits: the value and its gradient, reduced by mean and by sum."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .archive import Archive, Source

SEED = 4701
SHAPES = ((7, 5), (13, 19))
IGNORED = 2


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)

    def add(name: str, loss: dict, targets: Tensor, compute, scale: float = 3) -> None:
        for reduction in ("mean", "sum"):
            logits = (source.normal(*shape) * scale).requires_grad_()
            value = compute(logits, targets, reduction=reduction)
            value.backward()
            tensors = {"logits": logits, "targets": targets, "gradient": logits.grad}
            # One value has the shape [1], as in the library's reports.
            archive.add(
                f"{name}_{shape[1]}_{reduction}",
                {"loss": loss, "reduction": reduction},
                {**tensors, "value": value.reshape(1)},
            )

    for shape in SHAPES:
        for name, smoothing, weighted, ignore in (
            ("cross_entropy", 0.0, False, None),
            ("cross_entropy_smoothing", 0.125, False, None),
            ("cross_entropy_weights", 0.0, True, None),
            ("cross_entropy_ignore", 0.0, False, IGNORED),
            ("cross_entropy_smoothing_ignore", 0.25, False, IGNORED),
            ("cross_entropy_all", 0.125, True, IGNORED),
        ):
            weights = (source.uniform(0.5, shape[1]) + 0.75).float().double() if weighted else None
            targets = source.integers(shape[1], shape[0])
            targets[:3] = torch.tensor([0, IGNORED, shape[1] - 1])
            facts = {
                "labelSmoothing": smoothing,
                "classWeights": weights.tolist() if weighted else None,
                "ignore": ignore,
            }
            add(name, {"crossEntropy": facts}, targets, cross_entropy(weights, smoothing, ignore))

        binary = source.integers(2, *shape).double()
        binary[0] = (source.uniform(0.5, shape[1]).float() + 0.5).double()
        bce = F.binary_cross_entropy_with_logits
        add("binary_cross_entropy", {"binaryCrossEntropy": {}}, binary, bce)
        add("binary_cross_entropy_far", {"binaryCrossEntropy": {}}, binary, bce, scale=40)

        real = source.normal(*shape)
        add("mean_squared", {"meanSquared": {}}, real, F.mse_loss)
        add("mean_absolute", {"meanAbsolute": {}}, real, F.l1_loss)
        for delta in (0.5, 1.0, 2.5):
            add(f"huber_{delta}", {"huber": {"delta": delta}}, real, huber(delta))
    archive.save(path)


def cross_entropy(weights: Tensor | None, smoothing: float, ignore: int | None):
    def compute(logits: Tensor, targets: Tensor, reduction: str) -> Tensor:
        return F.cross_entropy(
            logits,
            targets,
            weight=weights,
            ignore_index=-100 if ignore is None else ignore,
            label_smoothing=smoothing,
            reduction=reduction,
        )

    return compute


def huber(delta: float):
    def compute(logits: Tensor, targets: Tensor, reduction: str) -> Tensor:
        return F.huber_loss(logits, targets, reduction=reduction, delta=delta)

    return compute
