"""Writes test/golden/onnx/*.json: ONNX files, inputs, and the outputs that ONNX Runtime computes of them.

    python tools/onnx-files.py           # all groups
    python tools/onnx-files.py torch     # one of them

Needs onnx, onnxruntime and numpy; the group `torch` needs torch and onnxscript too. Each case has the file in base64, and
for each input and output its axes ("time", "batch" or a size) beside its numbers.
"""

import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parent.parent / "test" / "golden" / "onnx"
STEPS, ROWS, INPUTS, HIDDEN = 4, 3, 2, 3
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def numbers(random, *shape, scale=0.8):
    return (random.standard_normal(shape) * scale).astype(np.float32)


def run(model, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def value(name, array, axes):
    ids = {"ids": True} if np.asarray(array).dtype.kind == "i" else {}
    return {"name": name, "axes": axes, **ids, "data": [float(f"{x:.9g}") for x in np.asarray(array).ravel()]}


def case(name, model, inputs, outputs, *, feeds=None, lengths=None, layout=None):
    """A case; `inputs` and `outputs` are axes by name, `layout` the axes to which outputs are turned."""
    return {
        "name": name,
        "sizes": sizes_of({**inputs, **outputs}, {**feeds, **layout}),
        "model": base64.b64encode(model.SerializeToString()).decode(),
        "inputs": [value(key, feeds[key], axes) for key, axes in inputs.items()],
        "outputs": [value(key, layout[key], axes) for key, axes in outputs.items()],
        **({"lengths": [int(length) for length in lengths]} if lengths is not None else {}),
    }


def sizes_of(axes, arrays):
    sizes = {"batch": 1, "time": 1}
    for name, own in axes.items():
        for axis, size in zip(own, np.shape(arrays[name])):
            if isinstance(axis, str):
                sizes[axis] = size
    return sizes


def model_of(nodes, inputs, outputs, initializers, opset, ir=None):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        [numpy_helper.from_array(array, name) for name, array in initializers.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="onnx")
    model.ir_version = ir or (3 if opset < 9 else 8)
    if model.ir_version < 4:
        for name, array in initializers.items():
            graph = model.graph
            graph.input.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape))
    onnx.checker.check_model(model)
    return model


def cell(name, op, *, layers=1, direction="forward", bias=True, ragged=False, opset=14, initial=None, rows=ROWS,
         layout=0, peepholes=False, seed=0, steps=STEPS, **attributes):
    random = np.random.default_rng([seed, len(name), *name.encode()])
    ways = 2 if direction == "bidirectional" else 1
    wide = GATES[op] * HIDDEN
    nodes, initializers, size, x = [], {}, INPUTS, "x"
    inputs = {"x": ["time", "batch", INPUTS]}
    feeds = {"x": numbers(random, steps, rows, INPUTS, scale=1.0)}
    kinds = [("x", TensorProto.FLOAT, ["time", "batch", INPUTS])]
    lengths = None
    if ragged:
        lengths = np.array([max(1, steps - 2 * i) for i in range(rows)], np.int32)
        feeds["lengths"] = lengths
        kinds.append(("lengths", TensorProto.INT32, ["batch"]))
    states = ["h", "c"] if op == "LSTM" else ["h"]
    given = []
    if initial is not None:
        for state in states:
            array = numbers(random, ways, rows, HIDDEN)
            if initial == "constant":
                initializers[f"initial_{state}"] = np.repeat(array[:, :1], rows, axis=1)
            else:
                key = f"initial_{state}"
                feeds[key] = array
                inputs[key] = [ways, "batch", HIDDEN]
                kinds.append((key, TensorProto.FLOAT, [ways, "batch", HIDDEN]))
            given.append(f"initial_{state}")
    outputs = {}
    for layer in range(layers):
        initializers[f"W{layer}"] = numbers(random, ways, wide, size)
        initializers[f"R{layer}"] = numbers(random, ways, wide, HIDDEN)
        names = [x, f"W{layer}", f"R{layer}", "", "lengths" if ragged else "", *given]
        if bias:
            initializers[f"B{layer}"] = numbers(random, ways, 2 * wide)
            names[3] = f"B{layer}"
        if peepholes:
            initializers[f"P{layer}"] = numbers(random, ways, 3 * HIDDEN)
            names += [""] * (7 - len(names)) + [f"P{layer}"]
        top = layer == layers - 1
        made = [f"Y{layer}", *([f"Y_{state}" for state in states] if top else [])]
        while names[-1] == "":
            names.pop()
        nodes.append(helper.make_node(op, names, made, name=f"/{op.lower()}/{op}_{layer}", hidden_size=HIDDEN,
                                      direction=direction, **attributes))
        if not top:
            nodes.append(helper.make_node("Transpose", [f"Y{layer}"], [f"T{layer}"], perm=[0, 2, 1, 3]))
            initializers[f"shape{layer}"] = np.array([0, 0, -1], np.int64)
            nodes.append(helper.make_node("Reshape", [f"T{layer}", f"shape{layer}"], [f"X{layer}"]))
            x, size = f"X{layer}", ways * HIDDEN
        else:
            outputs[f"Y{layer}"] = ["time", ways, "batch", HIDDEN]
            for state in states:
                outputs[f"Y_{state}"] = [ways, "batch", HIDDEN]
    shapes = list(outputs.items())
    model = model_of(nodes, kinds, shapes, initializers, opset)
    results = run(model, feeds)
    if layout == 1:
        # ONNX Runtime knows layout 0 alone: the numbers are those of layout 0, turned.
        model, feeds, results, inputs, outputs = batch_first(model, nodes, feeds, results, inputs, outputs)
    return case(name, model, inputs, outputs, feeds=feeds, lengths=lengths, layout=results)


def batch_first(model, nodes, feeds, results, inputs, outputs):
    nodes = model.graph.node
    nodes[0].attribute.append(helper.make_attribute("layout", 1))
    turn = lambda axes: ["batch", *[axis for axis in axes if axis != "batch"]]
    turned = lambda array, axes: np.ascontiguousarray(np.moveaxis(array, axes.index("batch"), 0))
    feeds = {key: turned(feeds[key], axes) for key, axes in inputs.items()}
    results = {key: turned(results[key], axes) for key, axes in outputs.items()}
    for info in [*model.graph.input, *model.graph.output]:
        dims = info.type.tensor_type.shape.dim
        old = [dim.dim_param or dim.dim_value for dim in dims]
        info.type.CopyFrom(helper.make_tensor_type_proto(info.type.tensor_type.elem_type, turn(old)))
    return (model, feeds, results, {key: turn(axes) for key, axes in inputs.items()},
            {key: turn(axes) for key, axes in outputs.items()})


def cells():
    for op in GATES:
        for layers in (1, 2):
            for direction in ("forward", "bidirectional"):
                for bias in (True, False):
                    for ragged in (False, True):
                        name = f"{op} {layers} {direction} {'bias' if bias else 'none'} {'ragged' if ragged else 'full'}"
                        opset = (7, 9, 11, 13, 14, 17, 21, 22)[len(name) % 8]
                        yield cell(name, op, layers=layers, direction=direction, bias=bias, ragged=ragged, opset=opset)


def variants():
    for op in GATES:
        yield cell(f"{op} reverse ragged", op, direction="reverse", ragged=True)
        yield cell(f"{op} clip", op, clip=0.5)
        yield cell(f"{op} clip both ways ragged", op, clip=0.4, direction="bidirectional", ragged=True)
        for initial in ("constant", "input"):
            yield cell(f"{op} initial {initial}", op, initial=initial)
            yield cell(f"{op} initial {initial} both ways", op, initial=initial, direction="bidirectional", ragged=True)
        yield cell(f"{op} layout 1", op, layout=1)
        yield cell(f"{op} layout 1 both ways initial", op, layout=1, direction="bidirectional", initial="input")
        for rows in (1, 2):
            yield cell(f"{op} rows {rows}", op, rows=rows)
        for opset in (7, 9, 11, 13, 14, 17, 21, 22):
            yield cell(f"{op} opset {opset}", op, opset=opset)
    for direction in ("forward", "bidirectional"):
        yield cell(f"LSTM peepholes {direction}", "LSTM", peepholes=True, direction=direction)
        yield cell(f"LSTM input_forget {direction}", "LSTM", input_forget=1, direction=direction)
        yield cell(f"LSTM peepholes input_forget {direction}", "LSTM", peepholes=True, input_forget=1, direction=direction)
        yield cell(f"LSTM peepholes clip {direction}", "LSTM", peepholes=True, clip=0.6, direction=direction)
        yield cell(f"LSTM peepholes input_forget clip {direction}", "LSTM", peepholes=True, input_forget=1, clip=0.6, direction=direction)
        yield cell(f"LSTM input_forget no bias {direction}", "LSTM", input_forget=1, bias=False, direction=direction)
        for lbr in (0, 1):
            for rows in (1, 2, 3):
                yield cell(f"GRU linear_before_reset {lbr} rows {rows} {direction}", "GRU", linear_before_reset=lbr, rows=rows, direction=direction)
            yield cell(f"GRU linear_before_reset {lbr} initial {direction}", "GRU", linear_before_reset=lbr, initial="input", direction=direction, ragged=True)
            yield cell(f"GRU linear_before_reset {lbr} clip {direction}", "GRU", linear_before_reset=lbr, clip=0.5, direction=direction)
            yield cell(f"GRU linear_before_reset {lbr} no bias {direction}", "GRU", linear_before_reset=lbr, bias=False, direction=direction)
            yield cell(f"GRU linear_before_reset {lbr} relu {direction}", "GRU", linear_before_reset=lbr, direction=direction,
                       activations=["HardSigmoid", "Relu"] * (2 if direction == "bidirectional" else 1))


def activations():
    plain = ["Tanh", "Sigmoid", "Relu", "Softsign", "Softplus"]
    with_alpha = {"LeakyRelu": [0.2], "ThresholdedRelu": [0.3], "Elu": [0.7]}
    with_both = {"Affine": ([0.5], [0.1]), "ScaledTanh": ([1.5], [0.6]), "HardSigmoid": ([0.3], [0.4])}
    for name in plain:
        yield cell(f"RNN {name}", "RNN", activations=[name])
    for name, alpha in with_alpha.items():
        yield cell(f"RNN {name}", "RNN", activations=[name], activation_alpha=alpha)
    for name, (alpha, beta) in with_both.items():
        yield cell(f"RNN {name}", "RNN", activations=[name], activation_alpha=alpha, activation_beta=beta)
    # Without ThresholdedRelu: its alpha is 1 by default, but ONNX Runtime takes 0 within an RNN.
    for name in ("LeakyRelu", "Elu", "HardSigmoid"):
        yield cell(f"RNN {name} by default", "RNN", activations=[name])
    yield cell("RNN both ways unlike", "RNN", direction="bidirectional", activations=["Tanh", "Relu"])
    yield cell("LSTM relu", "LSTM", activations=["Sigmoid", "Relu", "Relu"])
    yield cell("LSTM three functions", "LSTM", activations=["HardSigmoid", "ScaledTanh", "Softsign"],
               activation_alpha=[0.3, 1.2], activation_beta=[0.45, 0.7], ragged=True)
    yield cell("LSTM both ways unlike", "LSTM", direction="bidirectional", initial="input",
               activations=["Sigmoid", "Tanh", "Tanh", "HardSigmoid", "Softsign", "Relu"],
               activation_alpha=[0.25], activation_beta=[0.5])
    yield cell("GRU alphas in turn", "GRU", direction="bidirectional", linear_before_reset=1,
               activations=["HardSigmoid", "LeakyRelu", "Sigmoid", "ScaledTanh"],
               activation_alpha=[0.3, 0.1, 1.1], activation_beta=[0.4, 0.8])


def graph_case(name, nodes, inputs, outputs, initializers, feeds, opset=17, ids=()):
    """A case of nodes; outputs are axes by name."""
    kinds = [(key, TensorProto.INT64 if key in ids else TensorProto.FLOAT, axes) for key, axes in inputs.items()]
    model = model_of(nodes, kinds, list(outputs.items()), initializers, opset)
    results = run(model, feeds)
    return case(name, model, inputs, outputs, feeds=feeds, layout=results)


def graphs():
    node = helper.make_node
    random = np.random.default_rng(5)
    ints = lambda *values: np.array(values, np.int64)
    x = {"x": ["batch", "time", 3]}
    feeds = {"x": numbers(random, ROWS, STEPS, 3, scale=1.0)}
    w = numbers(random, 3, 4)
    yield graph_case("MatMul, Add, Relu", [
        node("MatMul", ["x", "w"], ["a"], name="dense"), node("Add", ["a", "b"], ["c"], name="bias"), node("Relu", ["c"], ["y"]),
    ], x, {"y": ["batch", "time", 4]}, {"w": w, "b": numbers(random, 4)}, feeds, 13)
    functions = {"Tanh": {}, "Sigmoid": {}, "Elu": {"alpha": 0.6}, "LeakyRelu": {"alpha": 0.3}, "Softplus": {}, "Softsign": {},
                 "HardSigmoid": {"alpha": 0.3, "beta": 0.4}, "Abs": {}, "Exp": {}, "Neg": {}, "ThresholdedRelu": {"alpha": 0.5}}
    yield graph_case("functions", [
        *[node(op, ["x"], [f"y_{op}"], name=op, **options) for op, options in functions.items()],
        node("Abs", ["x"], ["p"]), node("Add", ["p", "half"], ["q"]), node("Log", ["q"], ["y_Log"]), node("Sqrt", ["q"], ["y_Sqrt"]),
        node("Pow", ["q", "three"], ["y_Pow"]), node("Reciprocal", ["q"], ["y_Reciprocal"]), node("Clip", ["x", "low", "high"], ["y_Clip"]),
        node("Softmax", ["x"], ["y_Softmax"]), node("LogSoftmax", ["x"], ["y_LogSoftmax"]),
    ], x, {f"y_{op}": ["batch", "time", 3] for op in [*functions, "Log", "Sqrt", "Pow", "Reciprocal", "Clip", "Softmax", "LogSoftmax"]},
        {"half": np.float32(0.5), "three": np.float32(3), "low": np.float32(-0.4), "high": np.float32(0.7)}, feeds)
    pairs = ["Add", "Sub", "Mul", "Div", "Min", "Max", "Sum"]
    yield graph_case("pairs", [
        node("Abs", ["x"], ["p"]), node("Add", ["p", "half"], ["q"]), node("Tanh", ["x"], ["t"]),
        *[node(op, ["t", "q"], [f"a_{op}"]) for op in pairs], *[node(op, ["t", "v"], [f"b_{op}"]) for op in pairs],
        *[node(op, ["v", "q"], [f"c_{op}"]) for op in pairs], *[node(op, ["half", "q"], [f"d_{op}"]) for op in pairs],
    ], x, {f"{k}_{op}": ["batch", "time", 3] for k in "abcd" for op in pairs},
        {"half": np.float32(0.5), "v": np.array([0.5, -1.5, 2.0], np.float32)}, feeds, 13)
    yield graph_case("Gemm and Flatten", [
        node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("ReduceMean", ["t"], ["m"], axes=[2], keepdims=1), node("Flatten", ["m"], ["f"]),
        node("Gemm", ["f", "w", "b"], ["g"], name="gemm", alpha=0.5, beta=2.0, transB=1), node("Softmax", ["g"], ["y"], axis=1),
    ], x, {"y": ["batch", 4]}, {"w": numbers(random, 4, 3), "b": numbers(random, 4)}, feeds, 11)
    yield graph_case("LayerNormalization and reductions", [
        node("LayerNormalization", ["x", "g", "b"], ["n"], name="norm", epsilon=1e-4), node("ReduceMean", ["n"], ["y"], axes=[1], keepdims=0),
        node("ReduceMax", ["n"], ["z"], axes=[1], keepdims=0), node("ReduceSum", ["n", "last"], ["s"], keepdims=1),
        node("ReduceMean", ["n"], ["u"], axes=[-1], keepdims=0), node("Unsqueeze", ["u", "last"], ["v"]), node("Mul", ["n", "v"], ["r"]),
    ], x, {"y": ["batch", 3], "z": ["batch", 3], "s": ["batch", "time", 1], "r": ["batch", "time", 3]},
        {"g": numbers(random, 3), "b": numbers(random, 3), "last": ints(-1)}, feeds)
    yield graph_case("moves of features", [
        node("MatMul", ["x", "w6"], ["a"]), node("Reshape", ["a", "two"], ["b"]), node("Transpose", ["b"], ["c"], perm=[0, 1, 3, 2]),
        node("Reshape", ["c", "flat"], ["y"]), node("Split", ["a", "parts"], ["s0", "s1"], axis=2), node("Concat", ["s1", "x", "s0"], ["z"], axis=-1),
        node("Slice", ["a", "from", "to", "axis", "by"], ["r"]), node("Gather", ["a", "picks"], ["g"], axis=2),
        node("Reshape", ["a", "rows"], ["k"]), node("Gemm", ["k", "w62"], ["l"]), node("Shape", ["x"], ["sh"]),
        node("Slice", ["sh", "zero", "pair"], ["bt"]), node("Concat", ["bt", "rest"], ["full"], axis=0), node("Reshape", ["l", "full"], ["m"]),
    ], x, {"y": ["batch", "time", 6], "z": ["batch", "time", 9], "r": ["batch", "time", 3], "g": ["batch", "time", 4], "m": ["batch", "time", 2]},
        {"w6": numbers(random, 3, 6), "w62": numbers(random, 6, 2), "two": ints(0, 0, 2, 3), "flat": ints(0, 0, -1), "parts": ints(2, 4),
         "from": ints(5), "to": ints(-100), "axis": ints(2), "by": ints(-2), "picks": ints(0, -1, 3, 3), "rows": ints(-1, 6),
         "zero": ints(0), "pair": ints(2), "rest": ints(-1)}, feeds)
    yield graph_case("a kernel of one place", [
        node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("Conv", ["t", "k", "b"], ["c"], name="conv", kernel_shape=[1]), node("Sigmoid", ["c"], ["y"]),
    ], x, {"y": ["batch", 5, "time"]}, {"k": numbers(random, 5, 3, 1), "b": numbers(random, 5)}, feeds, 13)
    # As tf2onnx writes Keras models: names with ":0", time first around the LSTM, batch first outside.
    wide = 4 * HIDDEN
    yield graph_case("as tf2onnx", [
        node("Transpose", ["input:0"], ["t:0"], perm=[1, 0, 2]), node("LSTM", ["t:0", "W", "R", "B"], ["Y:0", "Yh:0"], name="lstm/LSTM:1", hidden_size=HIDDEN),
        node("Squeeze", ["Y:0", "one"], ["s:0"]), node("Transpose", ["s:0"], ["b:0"], perm=[1, 0, 2]), node("MatMul", ["b:0", "D"], ["d:0"]),
        node("Add", ["d:0", "e"], ["Identity:0"]), node("Squeeze", ["Yh:0", "zero"], ["h:0"]),
    ], {"input:0": ["batch", "time", 3]}, {"Identity:0": ["batch", "time", 2], "h:0": ["batch", HIDDEN]},
        {"W": numbers(random, 1, wide, 3), "R": numbers(random, 1, wide, HIDDEN), "B": numbers(random, 1, 2 * wide),
         "D": numbers(random, HIDDEN, 2), "e": numbers(random, 2), "one": ints(1), "zero": ints(0)}, {"input:0": feeds["x"]}, 15)


    body = lambda: helper.make_graph(
        [node("MatMul", ["xt", "u"], ["p"], name="in"), node("MatMul", ["h", "v"], ["q"], name="back"), node("Add", ["p", "q"], ["s"]),
         node("Add", ["s", "bias"], ["t"]), node("Tanh", ["t"], ["hn"]), node("Add", ["m", "hn"], ["mn"]), node("Mul", ["hn", "gain"], ["o"])],
        "body", [helper.make_tensor_value_info(key, TensorProto.FLOAT, None) for key in ("h", "m", "xt")],
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, None) for key in ("hn", "mn", "o")],
        [numpy_helper.from_array(weights["bias"], "bias")])
    weights = {"u": numbers(random, 3, 4), "v": numbers(random, 4, 4), "bias": numbers(random, 4), "gain": numbers(random, 4), "m0": np.zeros((ROWS, 4), np.float32)}
    for name, directions in (("Scan", {}), ("Scan in reverse", {"scan_input_directions": [1], "scan_output_directions": [1]})):
        yield graph_case(name, [
            node("Transpose", ["x"], ["xt0"], perm=[1, 0, 2]),
            node("Scan", ["h0", "m0", "xt0"], ["h_n", "m_n", "y"], name="loop", num_scan_inputs=1, body=body(), **directions),
        ], {**x, "h0": ["batch", 4]}, {"h_n": ["batch", 4], "m_n": ["batch", 4], "y": ["time", "batch", 4]},
            {key: weights[key] for key in ("u", "v", "gain", "m0")}, {**feeds, "h0": numbers(random, ROWS, 4)}, 11)


def torch_files():
    import torch
    from torch import nn

    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(7, 3)
            self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
            self.head = nn.Linear(8, 5)

        def forward(self, ids):
            return self.head(self.lstm(self.table(ids))[0])

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(3, 4, batch_first=True)
            self.norm = nn.LayerNorm(4)
            self.head = nn.Linear(4, 2)

        def forward(self, x):
            y, h = self.gru(x)
            return torch.softmax(self.head(self.norm(h[-1])), -1), y[:, -1], y.mean(1)

    class Stateful(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(3, 4, num_layers=2)

        def forward(self, x, h, c):
            y, (h, c) = self.lstm(x, (h, c))
            return y, h, c

    class Elman(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.RNN(3, 4, nonlinearity="relu", bidirectional=True, bias=False)

        def forward(self, x):
            y, h = self.rnn(x)
            return torch.tanh(y), torch.cat([h[0], h[1]], -1)

    torch.manual_seed(3)
    x = torch.randn(ROWS, STEPS, 3)
    state = torch.randn(2, ROWS, 4)
    dense = ["batch", "time", 3]
    models = [
        ("tagger", Tagger(), [("ids", torch.randint(0, 7, (ROWS, STEPS)), ["batch", "time"])], [("y", ["batch", "time", 5])]),
        ("classifier", Classifier(), [("x", x, dense)], [("p", ["batch", 2]), ("last", ["batch", 4]), ("mean", ["batch", 4])]),
        ("stateful", Stateful(), [("x", x.transpose(0, 1), ["time", "batch", 3]), ("h0", state, [2, "batch", 4]), ("c0", -state, [2, "batch", 4])],
         [("y", ["time", "batch", 4]), ("hn", [2, "batch", 4]), ("cn", [2, "batch", 4])]),
        ("Elman", Elman(), [("x", x.transpose(0, 1), ["time", "batch", 3])], [("y", ["time", "batch", 8]), ("h", ["batch", 8])]),
    ]
    for name, model, inputs, outputs in models:
        for opset, dynamo in ((11, False), (13, False), (17, False), (20, True)):
            # From the graph of torch.export these two work for 4 steps alone: it unrolls the one, and fixes a shape in the other.
            if dynamo and name in ("stateful", "Elman"):
                continue
            try:
                yield exported(f"torch {name} opset {opset}", model.eval(), inputs, outputs, opset, dynamo)
            except Exception as error:  # The exporter knows not every model at every opset.
                print(f"{name} {opset}: {str(error)[:300]}", file=sys.stderr)


def exported(name, model, inputs, outputs, opset, dynamo, fixed=(), names={}):
    """A file of torch; the axes `fixed` have one size there, and `names` are those of the others."""
    import torch

    roles = lambda axes: {i: names.get(axis, axis) for i, axis in enumerate(axes) if isinstance(axis, str) and axis not in fixed}
    more = {"dynamo": True} if dynamo else {"dynamo": False, "dynamic_axes": {
        **{key: roles(axes) for key, _, axes in inputs}, **{key: roles(axes) for key, axes in outputs}}}
    if dynamo:
        dims = {role: torch.export.Dim(role) for role in (names.get(axis, axis) for axis in ("batch", "time"))}
        more["dynamic_shapes"] = [{i: dims[role] for i, role in roles(axes).items()} for _, _, axes in inputs]
    file = io.BytesIO()
    torch.onnx.export(model, tuple(value for _, value, _ in inputs), file, opset_version=opset, input_names=[key for key, _, _ in inputs],
                      output_names=[key for key, _ in outputs], external_data=False, **more)
    proto = onnx.load_from_string(file.getvalue())
    for node in proto.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    feeds = {key: value.numpy() for key, value, _ in inputs}
    with torch.no_grad():
        results = model(*[value for _, value, _ in inputs])
    results = results if isinstance(results, tuple) else (results,)
    theirs = run(proto, feeds)
    for (key, _), result in zip(outputs, results):
        assert np.abs(theirs[key] - result.numpy()).max() < 1e-5
    return case(name, proto, {key: axes for key, _, axes in inputs}, dict(outputs), feeds=feeds, layout=theirs)


def write(name, cases):
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(it, separators=(",", ":")) for it in cases)
    path = FOLDER / f"{name}.json"
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


GROUPS = {"cells": cells, "variants": variants, "activations": activations, "graphs": graphs, "torch": torch_files}


def main(names):
    for name in names or GROUPS:
        write(name, GROUPS[name]())


if __name__ == "__main__":
    main(sys.argv[1:])
