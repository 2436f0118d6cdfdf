"""A whole model trained for some steps: embedding -> lstm (2 layers) -> linear, cross-entropy.

Some cases train a part of it: frozen parameters have requires_grad False.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .archive import Archive, Source
from .optimizers import ADAM, SGD, optimizer

# Parameters without a gradient: the encoder, the output layer, and some tensors of each kernel.
ENCODER = ["embedding.weight"] + [
    f"lstm.{kind}_{side}_l{layer}"
    for layer in (0, 1)
    for kind in ("weight", "bias")
    for side in ("ih", "hh")
]
HEAD = ["dense.weight", "dense.bias"]
PARTS = ["lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.weight_ih_l1", "dense.bias"]

SEED = 4802
VOCABULARY, FEATURES, UNITS, LAYERS = 11, 6, 7, 2
LENGTHS = torch.tensor([9, 4, 1, 7, 9, 3])
TIME = 9
STEPS = 8
# Equal rows of 12 steps, in batches of 4 whose state is carried on, twice from the start.
WINDOW, STREAM, PASSES = 4, 12, 2


class Net(nn.Module):
    def __init__(self, source: Source):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, FEATURES)
        self.lstm = nn.LSTM(FEATURES, UNITS, LAYERS, batch_first=True)
        self.dense = nn.Linear(UNITS, VOCABULARY)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(source.uniform(0.5, *parameter.shape))

    def forward(self, ids: Tensor, lengths: Tensor, states=None):
        x = pack_padded_sequence(
            self.embedding(ids), lengths, batch_first=True, enforce_sorted=False
        )
        packed, states = self.lstm(x, states)
        output, _ = pad_packed_sequence(packed, batch_first=True, total_length=ids.shape[1])
        return self.dense(output), states

    def tensors(self, prefix: str) -> dict[str, Tensor]:
        values = {key: value.detach().clone() for key, value in self.named_parameters()}
        return {f"{prefix}/{key}": value for key, value in values.items()}


def write(path: Path) -> None:
    archive = Archive(SEED)
    adam = ("adam", {"rate": 0.01, "optimizer": {"adam": ADAM}})
    # The norm falls from 0.25 to 0.13: some steps are clipped and some are not.
    sgd = {"rate": 0.2, "optimizer": {"sgd": SGD | {"momentum": 0.9}}, "clip": {"norm": 0.2}}
    for name, config in (adam, ("sgd_clip", sgd)):
        archive.add(name, config, batches(config))
    carried = adam[1] | {"window": WINDOW}
    archive.add("carried", carried, windows(carried))
    for k1, k2 in ((4, 4), (2, 5)):
        config = adam[1] | {"truncate": {"k1": k1, "k2": k2}}
        archive.add(f"truncated_{k1}_{k2}", config, truncated(config))
    # Weight decay would move a parameter whose gradient is 0.
    adamw = {"rate": 0.01, "optimizer": {"adamw": ADAM | {"weightDecay": 0.1}}}
    momentum = {"rate": 0.2, "optimizer": {"sgd": SGD | {"momentum": 0.9, "weightDecay": 0.1}}}
    clip = {"clip": {"norm": 0.05}}
    for name, config in (
        ("frozen_encoder", adamw | clip | {"frozen": ENCODER}),
        ("frozen_head", momentum | clip | {"frozen": HEAD}),
        ("frozen_parts", adamw | clip | {"frozen": PARTS}),
        ("frozen_phases", adamw | {"phases": [ENCODER, PARTS, []]}),
    ):
        archive.add(name, config, batches(config))
    config = carried | momentum | clip | {"frozen": PARTS}
    archive.add("frozen_carried", config, windows(config))
    config = adamw | clip | {"truncate": {"k1": 2, "k2": 5}, "frozen": ENCODER[:5]}
    archive.add("frozen_truncated", config, truncated(config))
    archive.save(path)


def update(net: Net, steps, config: dict, losses: list[Tensor]) -> tuple[Tensor, Tensor]:
    """One optimizer step; the summed loss and the gradients' norm before clipping."""
    steps.zero_grad()
    for loss in losses:
        loss.backward()
    bound = config.get("clip", {}).get("norm", float("inf"))
    norm = clip_grad_norm_(net.parameters(), bound, foreach=False)
    steps.step()
    return sum(loss.detach() for loss in losses), norm.detach()


def start(config: dict) -> tuple[Source, Net, torch.optim.Optimizer]:
    source = Source(SEED)
    net = Net(source)
    return source, net, phase(net, config, config.get("frozen", []))


def phase(net: Net, config: dict, frozen: list[str]) -> torch.optim.Optimizer:
    """A new optimizer of all parameters, of which some have no gradient."""
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name not in frozen)
        parameter.grad = None
    [(kind, facts)] = config["optimizer"].items()
    return optimizer(kind, config["rate"], facts, list(net.parameters()))


def batches(config: dict) -> dict[str, Tensor]:
    """The same ragged batch in every step; the loss is the mean over the valid targets."""
    source, net, steps = start(config)
    ids = source.integers(VOCABULARY, len(LENGTHS), TIME)
    targets = source.integers(VOCABULARY, len(LENGTHS), TIME)
    valid = torch.arange(TIME) < LENGTHS[:, None]
    initial, reports = net.tensors("initial"), []
    for frozen in config.get("phases", [config.get("frozen", [])]):
        steps = phase(net, config, frozen)
        for _ in range(STEPS):
            logits, _ = net(ids, LENGTHS)
            loss = F.cross_entropy(logits[valid], targets[valid])
            reports.append(update(net, steps, config, [loss]))
    data = {"ids": ids, "targets": targets, "lengths": LENGTHS}
    return {**data, **initial, **history(reports), **net.tensors("final")}


def windows(config: dict) -> dict[str, Tensor]:
    """An update for each chunk of time; the state is carried as a constant, from zero in each pass."""
    source, net, steps = start(config)
    rows = len(LENGTHS)
    ids = source.integers(VOCABULARY, rows, STREAM)
    targets = source.integers(VOCABULARY, rows, STREAM)
    initial, reports = net.tensors("initial"), []
    for _ in range(PASSES):
        states = None
        for begin in range(0, STREAM, WINDOW):
            window = slice(begin, begin + WINDOW)
            logits, states = net(ids[:, window], torch.full((rows,), WINDOW), states)
            loss = F.cross_entropy(logits.flatten(0, 1), targets[:, window].flatten())
            reports.append(update(net, steps, config, [loss]))
            states = tuple(state.detach() for state in states)
    data = {"ids": ids, "targets": targets}
    return {**data, **initial, **history(reports), **net.tensors("final")}


def truncated(config: dict) -> dict[str, Tensor]:
    """Every k1 steps, their losses go back through k2 >= k1 steps; one update for each batch."""
    source, net, steps = start(config)
    rows, k1, k2 = len(LENGTHS), config["truncate"]["k1"], config["truncate"]["k2"]
    ids = source.integers(VOCABULARY, rows, STREAM)
    targets = source.integers(VOCABULARY, rows, STREAM)
    initial, reports = net.tensors("initial"), []
    for _ in range(STEPS):
        losses = []
        for first in range(0, STREAM, k1):
            end = min(first + k1, STREAM)
            begin = max(end - k2, 0)
            states = None
            if begin > 0:
                with torch.no_grad():
                    _, states = net(ids[:, :begin], torch.full((rows,), begin))
            logits, _ = net(ids[:, begin:end], torch.full((rows,), end - begin), states)
            flat = logits[:, first - begin :].flatten(0, 1), targets[:, first:end].flatten()
            losses.append(F.cross_entropy(*flat, reduction="sum") / targets.numel())
        reports.append(update(net, steps, config, losses))
    data = {"ids": ids, "targets": targets}
    return {**data, **initial, **history(reports), **net.tensors("final")}


def history(reports: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    losses, norms = zip(*reports)
    return {"losses": torch.stack(losses), "norms": torch.stack(norms)}
