"""Writes test/golden/onnx/{packed,layers,sweep,keras}.json: usual models as PyTorch and Keras export them.

    python tools/onnx-exports.py               # the groups of PyTorch
    python tools/onnx-exports.py keras         # needs keras, tensorflow and tf2onnx

Needs what the group `torch` of tools/onnx-files.py needs, whose form the cases have. `sweep all` writes every case of the
sweep, beside the few that are kept.
"""

import importlib
import math
import os
import sys
import warnings

import numpy as np
import onnx

files = importlib.import_module("onnx-files")
warnings.filterwarnings("ignore")
STEPS, ROWS, HIDDEN = 5, 3, 3
SCRIPT = ((11, False), (13, False), (17, False))
BOTH = (*SCRIPT, (18, True), (20, True))


def model_of(run, **parts):
    import inspect

    from torch import nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

    # torch.export asks for a forward of as many names as inputs.
    count = len(inspect.signature(run).parameters) - 1
    names = ", ".join("xyz"[:count])
    scope = {"run": run}
    exec(f"def forward(self, {names}): return run(self, {names})", scope)
    Model.forward = scope["forward"]
    return Model()


def ragged(it, lengths):
    """A case whose rows have lengths: without these as an input, and with 0 in the padding, which is none here."""
    for output in it["outputs"]:
        axes, sizes = output["axes"], it["sizes"]
        array = np.reshape(output["data"], [sizes.get(axis, axis) for axis in axes])
        if "time" in axes:
            rows = np.moveaxis(array, [axes.index("batch"), axes.index("time")], [0, 1])
            for row, length in zip(rows, lengths):
                row[length:] = 0
        output["data"] = array.ravel().tolist()
    return {**it, "inputs": [value for value in it["inputs"] if value["name"] != "lengths"], "lengths": lengths}


def packed():
    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    torch.manual_seed(5)
    for kind, first, sort, opsets in (
        ("LSTM", True, False, SCRIPT), ("LSTM", True, True, SCRIPT), ("GRU", False, False, SCRIPT[2:]), ("RNN", True, False, SCRIPT[2:]),
    ):
        def run(self, x, lengths):
            y, state = self.rnn(pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=sort))
            state = state[0] if kind == "LSTM" else state
            return self.head(pad_packed_sequence(y, batch_first=first)[0]), state[-1]

        rnn = getattr(nn, kind)(2, HIDDEN, batch_first=first, bidirectional=True)
        lengths = [5, 3, 2] if sort else [2, 5, 3]
        axes = ["batch", "time", 2] if first else ["time", "batch", 2]
        x = torch.randn(ROWS, STEPS, 2)
        inputs = [("x", x if first else x.transpose(0, 1), axes), ("lengths", torch.tensor(lengths), ["batch"])]
        for opset, dynamo in opsets:
            model = model_of(run, rnn=rnn, head=nn.Linear(2 * HIDDEN, 2)).eval()
            name = f"packed {kind}{' sorted' if sort else ''} opset {opset}"
            yield ragged(files.exported(name, model, inputs, [("y", axes), ("h", ["batch", HIDDEN])], opset, dynamo), lengths)


def layers():
    import torch
    from torch import nn

    torch.manual_seed(6)
    dense = ["batch", "time", 4]
    still = lambda: nn.BatchNorm1d(4).train().requires_grad_(False)
    tanh = lambda y: 0.5 * y * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * torch.pow(y, 3))))
    time = lambda self, x: self.f(x.transpose(1, 2)).transpose(1, 2)
    plain = lambda self, x: self.f(x)
    fold = lambda self, x: self.f(x.reshape(-1, 4)).view(x.size(0), x.size(1), 4)
    old = ((9, False), *BOTH)
    for name, part, run, axes, opsets in (
        ("GELU", nn.GELU(), plain, dense, old),
        ("GELU by tanh", nn.GELU(approximate="tanh"), plain, dense, old),
        ("GELU by tanh, spelled out", nn.Identity(), lambda self, x: tanh(x), dense, SCRIPT),
        ("GELU, halved first", nn.Identity(), lambda self, x: 0.5 * x * (torch.erf(x * math.sqrt(0.5)) + 1), dense, SCRIPT),
        ("BatchNorm1d along the time", still(), time, dense, old),
        ("BatchNorm1d of a row", still(), lambda self, x: self.f(x[:, -1]), ["batch", 4], old),
        ("BatchNorm1d without weights", nn.BatchNorm1d(4, affine=False), time, dense, SCRIPT[2:]),
        ("LayerNorm", nn.LayerNorm(4), plain, dense, old),
        ("Softmax and Dropout", nn.Sequential(nn.Dropout(0.3), nn.Identity(), nn.Softmax(-1)), plain, dense, old),
        ("rows and steps as one", nn.Linear(4, 4), fold, dense, BOTH),
        *((kind, getattr(nn, kind)(), plain, dense, BOTH[2:4]) for kind in ("Hardswish", "Mish", "SELU", "SiLU")),
        ("CELU", nn.CELU(0.7), plain, dense, BOTH[2:4]),
        ("PReLU", nn.PReLU(1), plain, dense, BOTH[2:4]),
        ("PReLU of each feature", nn.PReLU(4), time, dense, BOTH[2:4]),
    ):
        if isinstance(part, nn.BatchNorm1d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.3, 2)
        for value in part.parameters():
            nn.init.normal_(value)
        for opset, dynamo in opsets:
            inputs = [("x", torch.randn(ROWS, STEPS, 4), dense)]
            yield files.exported(f"{name} opset {opset}", model_of(run, f=part).eval(), inputs, [("y", axes)], opset, dynamo)


def sweep(every=False):
    import itertools

    import torch
    from torch import nn

    torch.manual_seed(7)
    ways_of_axes = [("", {}), (" other names", {"names": {"batch": "N", "time": "L"}}), (" one row", {"fixed": ("batch",)}),
                    (" fixed time", {"fixed": ("time",)}), (" one row, fixed time", {"fixed": ("batch", "time")})]
    kept = {("LSTM", True, "", 17), ("LSTM", False, " one row", 17), ("GRU", True, " other names", 18), ("GRU", False, " fixed time", 17),
            ("RNN", True, " one row, fixed time", 17)}
    for kind, depth, ways, first, given in itertools.product(("LSTM", "GRU", "RNN"), (1, 2), (1, 2), (True, False), (True, False)):
        for (words, how), (opset, dynamo) in itertools.product(ways_of_axes, BOTH[2:4]):
            if not every and (not given or depth * ways < 4 or (kind, first, words, opset) not in kept):
                continue
            rows = 1 if "one row" in words else ROWS
            count = depth * ways
            axes = lambda size: ["batch", "time", size] if first else ["time", "batch", size]
            names = ["h", "c"] if kind == "LSTM" else ["h"]
            x = torch.randn(rows, STEPS, 2)
            inputs = [("x", x if first else x.transpose(0, 1), axes(2))]
            inputs += [(f"{name}0", torch.randn(count, rows, HIDDEN), [count, "batch", HIDDEN]) for name in names] if given else []
            outputs = [("y", axes(ways * HIDDEN)), *((f"{name}n", [count, "batch", HIDDEN]) for name in names)]

            def flat(y, state):
                return (y, *state) if kind == "LSTM" else (y, state)

            runs = [lambda self, x: flat(*self.rnn(x)), lambda self, x, y: flat(*self.rnn(x, y)), lambda self, x, y, z: flat(*self.rnn(x, (y, z)))]
            model = model_of(runs[len(inputs) - 1], rnn=getattr(nn, kind)(2, HIDDEN, depth, batch_first=first, bidirectional=ways == 2))
            name = f"{kind} {depth} x {ways} {'batch' if first else 'time'} first{' from states' if given else ''}{words} opset {opset}"
            try:
                yield files.exported(name, model.eval(), inputs, outputs, opset, dynamo, **how)
            except Exception as error:
                print(f"{name}: {str(error)[:200]}", file=sys.stderr)


def keras_files():
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import tempfile

    import keras
    from keras import layers as of

    keras.utils.set_random_seed(8)
    random = np.random.default_rng(8)
    for name, layer, axes in (("LSTM", of.LSTM(HIDDEN, return_sequences=True), ["batch", "time", 2]), ("GRU", of.GRU(HIDDEN), ["batch", 2])):
        model = keras.Sequential([keras.Input((None, 2), name="x"), layer, of.Dense(2)])
        x = files.numbers(random, ROWS, STEPS, 2)
        model(x)
        with tempfile.TemporaryDirectory() as folder:
            model.export(f"{folder}/m.onnx", format="onnx", verbose=False)
            proto = onnx.load(f"{folder}/m.onnx")
        feeds = {proto.graph.input[0].name: x}
        theirs = files.run(proto, feeds)
        key = proto.graph.output[0].name
        assert np.abs(theirs[key] - model(x).numpy()).max() < 1e-5
        yield files.case(f"keras {name}", proto, {next(iter(feeds)): ["batch", "time", 2]}, {key: axes}, feeds=feeds, layout=theirs)


if __name__ == "__main__":
    groups = {"packed": packed, "layers": layers, "sweep": sweep, "keras": keras_files}
    for name in sys.argv[1:2] or ["packed", "layers", "sweep"]:
        files.write(name, groups[name](*([True] if "all" in sys.argv[2:] else [])))
