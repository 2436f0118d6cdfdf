"""Options of recurrent layers: values and every gradient.

`projSize` is PyTorch's own `nn.LSTM(proj_size=...)`; for the others PyTorch has no module, and their equations stand
here, differentiated by PyTorch. The scalar is the sum of (value - target)^2 over the outputs and the final states.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .archive import Archive, Source

SEED = 4503
LENGTHS = torch.tensor([3, 6, 1, 4])
TIME, INPUT, UNITS = 6, 3, 5
FUNCTIONS = {
    "tanh": torch.tanh,
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "hardSigmoid": F.hardsigmoid,
    "softplus": F.softplus,
    "identity": lambda x: x,
    "elu": F.elu,
}
CASES = {
    "lstm": [
        {"peepholes": True},
        {"coupledGates": True},
        {"peepholes": True, "coupledGates": True},
        {"layerNorm": True},
        {"activation": "softplus"},
        {"initialState": "learned"},
        {"zoneout": {"h": 0.25, "c": 0.5}},
        {
            "peepholes": True,
            "coupledGates": True,
            "layerNorm": True,
            "projSize": 2,
            "activation": "elu",
            "initialState": "learned",
            "zoneout": 0.125,
        },
    ],
    "gru": [
        {"layerNorm": True},
        {"activation": "elu"},
        {"initialState": "learned", "zoneout": 0.5},
        {"resetAfter": False, "bias": True, "activation": "softplus"},
        {"resetAfter": False, "layerNorm": True},
        {
            "layerNorm": True,
            "activation": "hardSigmoid",
            "initialState": "learned",
            "zoneout": 0.25,
        },
    ],
    "rnn": [
        {"layerNorm": True},
        *({"activation": name} for name in ("sigmoid", "hardSigmoid", "softplus", "identity", "elu")),
        {"layerNorm": True, "activation": "relu", "initialState": "learned", "zoneout": 0.25},
    ],
}
MODULES = (
    {"numLayers": 1, "bidirectional": False, "projSize": 2},
    {"numLayers": 2, "bidirectional": True, "projSize": 3},
)


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)
    for kind, cases in CASES.items():
        for index, options in enumerate(cases):
            facts = {"kind": kind, "input": INPUT, "units": UNITS, "options": options}
            archive.add(f"{kind}_{index}", facts, composed(kind, options, source))
    for options in MODULES:
        facts = {"kind": "lstm", "input": INPUT, "units": UNITS, "options": options}
        archive.add(f"projected_{options['numLayers']}", facts, projected(options, source))
    archive.save(path)


def squared(results: dict[str, Tensor], leaves: dict[str, Tensor], source: Source):
    """The targets of all results, and the gradients of the leaves."""
    targets = {name: source.normal(*value.shape) for name, value in results.items()}
    valid = (torch.arange(TIME) < LENGTHS[:, None])[..., None]
    targets["output"] = torch.where(valid, targets["output"], torch.zeros(()))
    sum(((value - targets[name]) ** 2).sum() for name, value in results.items()).backward()
    return {
        "lengths": LENGTHS,
        **leaves,
        **{f"target/{name}": value for name, value in targets.items()},
        **{f"result/{name}": value for name, value in results.items()},
        **{f"gradient/{name}": leaf.grad for name, leaf in leaves.items()},
    }


def projected(options: dict, source: Source) -> dict[str, Tensor]:
    net = nn.LSTM(
        INPUT,
        UNITS,
        options["numLayers"],
        batch_first=True,
        bidirectional=options["bidirectional"],
        proj_size=options["projSize"],
    )
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(source.uniform(1.0, *parameter.shape))
    x = source.normal(len(LENGTHS), TIME, INPUT).requires_grad_()
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    packed, (h, c) = net(packed)
    output, _ = pad_packed_sequence(packed, batch_first=True, total_length=TIME)
    # The last layer's states, both directions side by side.
    ways = 2 if options["bidirectional"] else 1
    results = {"output": output, "h": torch.cat(list(h[-ways:]), 1), "c": torch.cat(list(c[-ways:]), 1)}
    return squared(results, {"x": x, **dict(net.named_parameters())}, source)


def shapes(kind: str, options: dict) -> dict[str, tuple[int, ...]]:
    """The parameters of one layer, under their names here without the layer's."""
    gates = {"lstm": 3 if options.get("coupledGates") else 4, "gru": 3, "rnn": 1}[kind]
    rows, hidden, norm = gates * UNITS, options.get("projSize", UNITS), options.get("layerNorm")
    found = {"weight_ih": (rows, INPUT), "weight_hh": (rows, hidden)}
    if not norm or kind == "lstm":
        found |= {"bias_ih": (rows,), "bias_hh": (rows,)}
    if norm and kind == "lstm":
        found |= {"gain_ih": (rows,), "gain_hh": (rows,), "gain_c": (UNITS,), "bias_c": (UNITS,)}
    if norm and kind == "gru":
        for side in ("ih", "hh"):
            for part, size in (("rz", 2 * UNITS), ("n", UNITS)):
                found |= {f"gain_{side}_{part}": (size,), f"bias_{side}_{part}": (size,)}
    if norm and kind == "rnn":
        found |= {"gain": (UNITS,), "bias": (UNITS,)}
    if "projSize" in options:
        found["weight_hr"] = (hidden, UNITS)
    if options.get("peepholes"):
        found |= {f"weight_c{gate}": (UNITS,) for gate in ("fo" if options.get("coupledGates") else "ifo")}
    if options.get("initialState") == "learned":
        found |= {"initial_h": (hidden,)} | ({"initial_c": (UNITS,)} if kind == "lstm" else {})
    return found


def composed(kind: str, options: dict, source: Source) -> dict[str, Tensor]:
    p = {name: source.uniform(1.0, *shape) for name, shape in shapes(kind, options).items()}
    p = {name: value.requires_grad_() for name, value in p.items()}
    x = source.normal(len(LENGTHS), TIME, INPUT).requires_grad_()
    names = ["h", "c"] if kind == "lstm" else ["h"]
    sizes = {"h": options.get("projSize", UNITS), "c": UNITS}
    rate = options.get("zoneout", 0)
    rates = rate if isinstance(rate, dict) else {name: rate for name in names}
    state = {
        name: p.get(f"initial_{name}", torch.zeros(sizes[name])).expand(len(LENGTHS), -1) for name in names
    }
    outputs, gates = [], []
    for t in range(TIME):
        alive = (t < LENGTHS)[:, None]
        new, opened = {"lstm": lstm, "gru": gru, "rnn": rnn}[kind](p, options, x[:, t], **state)
        gates.append({name: torch.where(alive, gate, torch.zeros(())) for name, gate in opened.items()})
        # Outside of training a state is the expectation.
        new = {name: rates[name] * state[name] + (1 - rates[name]) * new[name] for name in names}
        outputs.append(torch.where(alive, new["h"], torch.zeros(())))
        state = {name: torch.where(alive, new[name], state[name]) for name in names}
    results = {"output": torch.stack(outputs, 1), **state}
    leaves = {"x": x, **{f"{name}_l0": value for name, value in p.items()}}
    traces = {f"trace/{name}": torch.stack([step[name] for step in gates], 1) for name in gates[0]}
    return {**squared(results, leaves, source), **traces}


def norm(p: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], p[f"gain{name}"], p[f"bias{name}"])


def lstm(p: dict[str, Tensor], options: dict, x: Tensor, h: Tensor, c: Tensor) -> tuple[dict, dict]:
    f_ = FUNCTIONS[options.get("activation", "tanh")]
    if options.get("layerNorm"):
        a = norm(p, "_ih", x @ p["weight_ih"].T) + norm(p, "_hh", h @ p["weight_hh"].T)
    else:
        a = x @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"]
    names = "fgo" if options.get("coupledGates") else "ifgo"
    a = dict(zip(names, a.chunk(len(names), 1)))
    see = lambda gate, cell: a[gate] + (p[f"weight_c{gate}"] * cell if options.get("peepholes") else 0)
    f = torch.sigmoid(see("f", c))
    i = 1 - f if options.get("coupledGates") else torch.sigmoid(see("i", c))
    g = f_(a["g"])
    new = f * c + i * g
    o = torch.sigmoid(see("o", new))
    h = o * f_(norm(p, "_c", new) if options.get("layerNorm") else new)
    h = h @ p["weight_hr"].T if "projSize" in options else h
    return {"h": h, "c": new}, {"i": i, "f": f, "g": g, "o": o}


def gru(p: dict[str, Tensor], options: dict, x: Tensor, h: Tensor) -> tuple[dict, dict]:
    f_ = FUNCTIONS[options.get("activation", "tanh")]

    def product(side: str, part: str, v: Tensor) -> Tensor:
        rows = slice(0, 2 * UNITS) if part == "rz" else slice(2 * UNITS, None)
        y = v @ p[f"weight_{side}"][rows].T
        if options.get("layerNorm"):
            return norm(p, f"_{side}_{part}", y)
        return y + p[f"bias_{side}"][rows]

    r, z = torch.sigmoid(product("ih", "rz", x) + product("hh", "rz", h)).chunk(2, 1)
    after = options.get("resetAfter", True)
    n = f_(product("ih", "n", x) + (r * product("hh", "n", h) if after else product("hh", "n", r * h)))
    return {"h": (1 - z) * n + z * h}, {"r": r, "z": z, "n": n}


def rnn(p: dict[str, Tensor], options: dict, x: Tensor, h: Tensor) -> tuple[dict, dict]:
    f_ = FUNCTIONS[options.get("activation", "tanh")]
    a = x @ p["weight_ih"].T + h @ p["weight_hh"].T
    h = f_(norm(p, "", a) if options.get("layerNorm") else a + p["bias_ih"] + p["bias_hh"])
    return {"h": h}, {}
