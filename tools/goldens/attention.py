"""Attention, outside of loops and in them: graphs, outputs and gradients for the sum of output * upstream."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .archive import Archive, Source

SEED = 7741
QUERIES, MEMORY = [4, 1, 3, 0, 2], [3, 5, 0, 2, 1]
Q, V, H, X = 6, 19, 6, 3


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)
    sequence = lambda size, axis: {"input": {"sequence": {"size": size, "axis": axis}}}
    items = lambda size: source.normal(len(QUERIES), max(QUERIES), size)
    memory = lambda size: source.normal(len(MEMORY), max(MEMORY), size)
    dot = {"attention": {"score": {"dot": {"scale": 0.5}}}}
    additive = {"attention": {"score": {"additive": {"weight": "v"}}}}

    def add(name, nodes, inputs, parameters, compute) -> None:
        """`compute(row, **leaves)` gives the outputs of one row, alone."""
        leaves = {key: value.requires_grad_() for key, value in {**inputs, **parameters}.items()}
        rows = [compute(row, **leaves) for row in range(len(QUERIES))]
        outputs = {key: padded([row[key] for row in rows]) for key in rows[0]}
        y = outputs["y"]
        upstream = source.normal(*y.shape)
        if y.dim() == 3:
            upstream = torch.stack([F.pad(u[:n], (0, 0, 0, len(u) - n)) for u, n in zip(upstream, QUERIES)])
        (y * upstream).sum().backward()
        gradients = {f"gradient/{key}": leaf.grad for key, leaf in leaves.items()}
        outputs = {f"output/{key}": value for key, value in outputs.items()}
        facts = {"nodes": nodes, "inputs": list(inputs), "parameters": list(parameters)}
        archive.add(name, facts, {**leaves, "upstream": upstream, **outputs, **gradients})

    def attend(query: Tensor, keys: Tensor, values: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
        if weight is None:
            scores = 0.5 * query @ keys.T
        else:
            scores = torch.tanh(query[..., None, :] + keys) @ weight
        weights = torch.softmax(scores, -1)
        return weights @ values, weights

    for name, op, parameters in (("dot", dot, {}), ("additive", additive, {"v": source.normal(Q)})):
        nodes = [
            {"name": "q", "op": sequence(Q, "target"), "inputs": []},
            {"name": "k", "op": sequence(Q, "source"), "inputs": []},
            {"name": "m", "op": sequence(V, "source"), "inputs": []},
            {"name": "a", "op": op, "inputs": ["q", "k", "m"]},
        ]

        def rows(row: int, q: Tensor, k: Tensor, m: Tensor, v: Tensor | None = None) -> dict[str, Tensor]:
            t, s = QUERIES[row], MEMORY[row]
            y, w = attend(q[row, :t], k[row, :s], m[row, :s], v)
            return {"y": y, "w": w}

        add(name, nodes, {"q": items(Q), "k": memory(Q), "m": memory(V)}, parameters, rows)

        single = [{"name": "q", "op": {"input": {"vector": {"size": Q}}}, "inputs": []}, nodes[1]]
        single.append({"name": "a", "op": op, "inputs": ["q", "k"]})

        def alone(row: int, q: Tensor, k: Tensor, v: Tensor | None = None) -> dict[str, Tensor]:
            s = MEMORY[row]
            y, w = attend(q[row], k[row, :s], k[row, :s], v)
            return {"y": y, "w": w}

        again = {key: value.detach().clone() for key, value in parameters.items()}
        add(f"{name}_pooling", single, {"q": source.normal(5, Q), "k": memory(Q)}, again, alone)

        body = [
            {"name": "x", "op": {"input": {"vector": {"size": X}}}, "inputs": []},
            {"name": "m", "op": sequence(V, "source"), "inputs": []},
            {"name": "h", "op": {"state": {"size": H}}, "inputs": []},
            {"name": "k", "op": {"linear": {"weight": "wk"}}, "inputs": ["m"]},
            {"name": "q", "op": {"linear": {"weight": "wq"}}, "inputs": ["h"]},
            {"name": "a", "op": op, "inputs": ["q", "k", "m"]},
            {"name": "c", "op": "concat", "inputs": ["x", "a:context"]},
            {"name": "p", "op": {"linear": {"weight": "wi", "bias": "b"}}, "inputs": ["c"]},
            {"name": "r", "op": {"linear": {"weight": "wh"}}, "inputs": ["h"]},
            {"name": "s", "op": "add", "inputs": ["p", "r"]},
            {"name": "n", "op": {"activation": "tanh"}, "inputs": ["s"]},
            {"name": "o", "op": "concat", "inputs": ["n", "a:context"]},
        ]
        ports = [("h", "n"), ("output", "o"), ("weights", "a:weights")]
        outputs = [{"name": port, "from": wire} for port, wire in ports]
        scan = {"reverse": False, "initial": [], "body": {"nodes": body, "outputs": outputs}}
        loop = [
            {"name": "x", "op": sequence(X, "target"), "inputs": []},
            {"name": "m", "op": sequence(V, "source"), "inputs": []},
            {"name": "a", "op": {"scan": scan}, "inputs": ["x", "m"]},
        ]
        weights = {
            "wk": source.normal(Q, V) * 0.3,
            "wq": source.normal(Q, H) * 0.5,
            "wi": source.normal(H, X + V) * 0.3,
            "wh": source.normal(H, H) * 0.4,
            "b": source.normal(H),
            **{key: value.detach().clone() for key, value in parameters.items()},
        }

        def decode(row: int, x, m, wk, wq, wi, wh, b, v=None) -> dict[str, Tensor]:
            t, s = QUERIES[row], MEMORY[row]
            h, steps, all_weights = torch.zeros(H), [], []
            keys = m[row, :s] @ wk.T
            for step in x[row, :t]:
                context, w = attend(wq @ h, keys, m[row, :s], v)
                h = torch.tanh(wi @ torch.cat([step, context]) + b + wh @ h)
                steps.append(torch.cat([h, context]))
                all_weights.append(w)
            empty = t == 0
            y = torch.zeros(0, H + V) if empty else torch.stack(steps)
            return {"y": y, "w": torch.zeros(0, s) if empty else torch.stack(all_weights)}

        add(f"{name}_in_a_loop", loop, {"x": items(X), "m": memory(V)}, weights, decode)
    archive.save(path)


def padded(rows: list[Tensor]) -> Tensor:
    """Rows of unlike sizes in one tensor, with zeros behind each."""
    sizes = [max(row.shape[i] for row in rows) for i in range(rows[0].dim())]
    out = []
    for row in rows:
        missing = [pad for size, own in zip(reversed(sizes), reversed(row.shape)) for pad in (0, size - own)]
        out.append(F.pad(row, missing))
    return torch.stack(out)
