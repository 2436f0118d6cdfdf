"""The reset-before GRU by its literal equations, for which PyTorch has no module:

    z = sigmoid(W_z [h, x]);  r = sigmoid(W_r [h, x]);  n = tanh(W [r*h, x]);  h' = (1 - z)*h + z*n

The library's z has PyTorch's sign, where z keeps the past: its rows are the negated W_z.
"""

from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from .archive import Archive, Source
from .recurrent import Case

SEED = 4502
TIME = 7
# The recurrence is ours, so that a row may be empty: its final state is its initial state.
LENGTHS = torch.tensor([3, 7, 1, 0, 5])


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)
    for inputs, units in ((3, 5), (2, 17)):
        case = Case("gru_reset_before", 1, False, True, True, inputs, units)
        archive.add(f"{case.cell}_{units}", asdict(case), run(case, source))
    archive.save(path)


def run(case: Case, source: Source) -> dict[str, Tensor]:
    units, rows = case.units, len(LENGTHS)
    bound = 1.5 / units**0.5
    weights = [source.uniform(bound, units, units + case.input).requires_grad_() for _ in "zrn"]
    x = source.normal(rows, TIME, case.input).requires_grad_()
    initial = source.normal(1, rows, units).requires_grad_()
    output, final = unroll(x, initial[0], *weights)
    results = {"output": output, "h_n": final[None]}
    upstream = {key: source.normal(*value.shape) for key, value in results.items()}
    sum((value * upstream[key]).sum() for key, value in results.items()).backward()
    gradients = stacked([weight.grad for weight in weights], units)
    return {
        "lengths": LENGTHS,
        "x": x,
        "h_0": initial,
        **stacked(weights, units),
        **{f"upstream/{key}": value for key, value in upstream.items()},
        **results,
        "gradient/x": x.grad,
        "gradient/h_0": initial.grad,
        **{f"gradient/{key}": value for key, value in gradients.items()},
    }


def unroll(x: Tensor, h: Tensor, w_z: Tensor, w_r: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    outputs = []
    for t in range(TIME):
        both = torch.cat([h, x[:, t]], 1)
        z, r = torch.sigmoid(both @ w_z.T), torch.sigmoid(both @ w_r.T)
        n = torch.tanh(torch.cat([r * h, x[:, t]], 1) @ w.T)
        new = (1 - z) * h + z * n
        alive = (t < LENGTHS)[:, None]
        outputs.append(torch.where(alive, new, torch.zeros(())))
        h = torch.where(alive, new, h)
    return torch.stack(outputs, 1), h


def stacked(weights: list[Tensor], units: int) -> dict[str, Tensor]:
    """[h, x] columns of z, r, n as the library's rows r, z, n of two matrices; gradients alike."""
    z, r, n = weights
    rows = torch.cat([r, -z, n])
    return {"weight_hh_l0": rows[:, :units], "weight_ih_l0": rows[:, units:]}
