"""Attention with coverage in loops: graphs, outputs and gradients for the sum of output * upstream."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .archive import Archive, Source
from .attention import MEMORY, QUERIES, padded

SEED = 9127
Q, V, H, X = 5, 18, 6, 3


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)
    sequence = lambda size, axis: {"input": {"sequence": {"size": size, "axis": axis}}}
    linear = lambda weight: {"linear": {"weight": weight}}

    def loop(name: str, asks: str, shows: bool, reverse: bool, prefix: str) -> dict:
        """A scan whose attention asks with the value `asks`; its context enters the step, or is `shown` alone."""
        body = [
            {"name": "x", "op": {"input": {"vector": {"size": X}}}, "inputs": []},
            {"name": "m", "op": sequence(V, "source"), "inputs": []},
            {"name": "h", "op": {"state": {"size": H}}, "inputs": []},
            {"name": "k", "op": linear(f"{prefix}wk"), "inputs": ["m"]},
            {"name": "q", "op": linear(f"{prefix}wq"), "inputs": [asks]},
            {"name": "a", "op": covering(prefix), "inputs": ["q", "k", "m"]},
            {"name": "c", "op": "concat", "inputs": ["x"] if shows else ["x", "a:context"]},
            {"name": "p", "op": linear(f"{prefix}wi"), "inputs": ["c"]},
            {"name": "r", "op": linear(f"{prefix}wh"), "inputs": ["h"]},
            {"name": "s", "op": "add", "inputs": ["p", "r"]},
            {"name": "n", "op": {"activation": "tanh"}, "inputs": ["s"]},
            {"name": "o", "op": "concat", "inputs": ["n", "a:context", "a:coverageLoss"]},
        ]
        ports = [("h", "n"), ("output", "o"), ("weights", "a:weights")]
        outputs = [{"name": port, "from": wire} for port, wire in ports]
        scan = {"reverse": reverse, "initial": [], "body": {"nodes": body, "outputs": outputs}}
        return {"name": name, "op": {"scan": scan}, "inputs": ["x", "m"]}

    def covering(prefix: str) -> dict:
        return {"attention": {"score": {"additive": {"weight": f"{prefix}v", "coverage": f"{prefix}wc"}}}}

    def weights(prefix: str, asks: str, inputs: int) -> dict[str, Tensor]:
        return {
            f"{prefix}wk": source.normal(Q, V) * 0.3,
            f"{prefix}wq": source.normal(Q, X if asks == "x" else H) * 0.5,
            f"{prefix}wi": source.normal(H, inputs) * 0.3,
            f"{prefix}wh": source.normal(H, H) * 0.4,
            f"{prefix}v": source.normal(Q),
            f"{prefix}wc": source.normal(Q),
        }

    def run(xs, m, wk, wq, wi, wh, v, wc, asks: str, shows: bool, reverse: bool) -> tuple[Tensor, Tensor]:
        """The outputs of one row, and the weights."""
        h, coverage, keys = torch.zeros(H), torch.zeros(len(m)), m @ wk.T
        steps, all_weights = [], []
        for x in reversed(xs) if reverse else xs:
            before = h
            if shows:
                h = torch.tanh(wi @ x + wh @ h)
            query = wq @ {"h": before, "x": x, "n": h}[asks]
            w = torch.softmax(torch.tanh(query + keys + coverage[:, None] * wc) @ v, -1)
            loss = torch.minimum(w, coverage).sum()
            coverage, context = coverage + w, w @ m
            if not shows:
                h = torch.tanh(wi @ torch.cat([x, context]) + wh @ h)
            steps.append(torch.cat([h, context, loss[None]]))
            all_weights.append(w)
        if not steps:
            return torch.zeros(0, H + V + 1), torch.zeros(0, len(m))
        order = (lambda rows: list(reversed(rows))) if reverse else list
        return torch.stack(order(steps)), torch.stack(order(all_weights))

    def add(name: str, nodes: list, parameters: dict[str, Tensor], compute) -> None:
        inputs = {"x": source.normal(5, max(QUERIES), X), "m": source.normal(5, max(MEMORY), V)}
        leaves = {key: value.requires_grad_() for key, value in {**inputs, **parameters}.items()}
        rows = []
        for row, (t, s) in enumerate(zip(QUERIES, MEMORY)):
            given = {**leaves, "x": leaves["x"][row, :t], "m": leaves["m"][row, :s]}
            rows.append(dict(zip("yw", compute(given))))
        outputs = {key: padded([row[key] for row in rows]) for key in "yw"}
        upstream = source.normal(*outputs["y"].shape)
        upstream = torch.stack([F.pad(u[:n], (0, 0, 0, len(u) - n)) for u, n in zip(upstream, QUERIES)])
        (outputs["y"] * upstream).sum().backward()
        gradients = {f"gradient/{key}": leaf.grad for key, leaf in leaves.items()}
        outputs = {f"output/{key}": value for key, value in outputs.items()}
        inputs_first = [
            {"name": "x", "op": sequence(X, "target"), "inputs": []},
            {"name": "m", "op": sequence(V, "source"), "inputs": []},
        ]
        facts = {"nodes": inputs_first + nodes, "inputs": list(inputs), "parameters": list(parameters)}
        archive.add(name, facts, {**leaves, "upstream": upstream, **outputs, **gradients})

    def values(given: dict[str, Tensor], prefix: str) -> list[Tensor]:
        return [given[f"{prefix}{name}"] for name in ("wk", "wq", "wi", "wh", "v", "wc")]

    for name, asks, shows, reverse in (
        ("in_a_loop", "h", False, False),
        ("backwards", "h", False, True),
        ("before_the_loop", "x", False, False),
        ("after_the_loop", "n", True, False),
        ("after_the_loop_backwards", "n", True, True),
    ):

        def single(given, asks=asks, shows=shows, reverse=reverse):
            return run(given["x"], given["m"], *values(given, ""), asks, shows, reverse)

        parameters = weights("", asks, X if shows else X + V)
        add(name, [loop("a", asks, shows, reverse, "")], parameters, single)

    def stacked(given):
        below, _ = run(given["x"], given["m"], *values(given, ""), "h", False, False)
        return run(below @ given["down"].T, given["m"], *values(given, "u"), "h", False, False)

    down = {"name": "d", "op": linear("down"), "inputs": ["lower:output"]}
    lower, upper = loop("lower", "h", False, False, ""), loop("a", "h", False, False, "u")
    upper["inputs"] = ["d", "m"]
    parameters = {**weights("", "h", X + V), "down": source.normal(X, H + V + 1) * 0.3, **weights("u", "h", X + V)}
    add("two_layers", [lower, down, upper], parameters, stacked)
    archive.save(path)
