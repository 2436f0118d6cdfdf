"""RNN (tanh, relu), LSTM and GRU: outputs, final states and every gradient."""

import itertools
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .archive import Archive, Source

SEED = 4501
CELLS = ("rnn_tanh", "rnn_relu", "lstm", "gru")
LENGTHS = [3, 7, 1, 5, 2]
# Beyond 16 rows and 16 units, with rows that end at every step.
LARGE_LENGTHS = [9, 1, 4, 9, 2, 8, 3, 5, 7, 6, 1, 9, 2, 4, 8, 6, 3, 9, 5]


@dataclass
class Case:
    """One combination; its upstream gradients are random, its scalar is
    sum(output * d_output) + sum(h_n * d_h_n) + sum(c_n * d_c_n)."""

    cell: str
    layers: int
    bias: bool
    ragged: bool
    initial: bool
    input: int
    units: int


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)
    combinations = itertools.product(CELLS, (1, 2), (True, False), (False, True), (False, True))
    for cell, layers, bias, ragged, initial in combinations:
        case = Case(cell, layers, bias, ragged, initial, input=3, units=5)
        archive.add(name(case), asdict(case), run(case, LENGTHS, 7, source))
    for cell in CELLS:
        case = Case(cell, 1, True, True, True, input=17, units=19)
        archive.add(f"{name(case)}_large", asdict(case), run(case, LARGE_LENGTHS, 9, source))
    archive.save(path)


def name(case: Case) -> str:
    words = [f"{case.cell}_{case.layers}"]
    words += [word for word in ("bias", "ragged", "initial") if getattr(case, word)]
    return "_".join(words)


def module(case: Case, source: Source) -> nn.RNNBase:
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}.get(case.cell, nn.RNN)
    extra = {"nonlinearity": case.cell[4:]} if kind is nn.RNN else {}
    net = kind(case.input, case.units, case.layers, bias=case.bias, batch_first=True, **extra)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(source.uniform(1.5 / case.units**0.5, *parameter.shape))
    return net


def run(case: Case, lengths: list[int], time: int, source: Source) -> dict[str, Tensor]:
    net, rows = module(case, source), len(lengths)
    steps = torch.tensor(lengths if case.ragged else [time] * rows)
    x = source.normal(rows, time, case.input).requires_grad_()
    states = ["h", "c"] if case.cell == "lstm" else ["h"]
    initial = {}
    if case.initial:
        initial = {
            f"{state}_0": source.normal(case.layers, rows, case.units).requires_grad_()
            for state in states
        }
    output, final = forward(net, case, x, steps, list(initial.values()))
    results = {"output": output, **{f"{s}_n": value for s, value in zip(states, final)}}
    upstream = {key: source.normal(*value.shape) for key, value in results.items()}
    sum((value * upstream[key]).sum() for key, value in results.items()).backward()

    leaves = {"x": x, **initial, **dict(net.named_parameters())}
    return {
        "lengths": steps,
        **leaves,
        **{f"upstream/{key}": value for key, value in upstream.items()},
        **results,
        **{f"gradient/{key}": leaf.grad for key, leaf in leaves.items()},
    }


def forward(net: nn.RNNBase, case: Case, x: Tensor, steps: Tensor, initial: list[Tensor]):
    states = None
    if initial:
        states = tuple(initial) if case.cell == "lstm" else initial[0]
    if case.ragged:
        packed = pack_padded_sequence(x, steps, batch_first=True, enforce_sorted=False)
        packed, final = net(packed, states)
        output, _ = pad_packed_sequence(packed, batch_first=True, total_length=x.shape[1])
    else:
        output, final = net(x, states)
    return output, final if case.cell == "lstm" else (final,)
