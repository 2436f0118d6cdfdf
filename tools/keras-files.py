"""Writes files of Keras with expected outputs into test/golden/keras/, for the tests of `unrolled/keras`.

Run once with Keras 3 (any backend), `python tools/keras-files.py`, and once with tf-keras, the last Keras 2,
`python tools/keras-files.py 2`. Each model has a file, and an entry in a JSON of samples: x and y by input and output,
with the lengths of ragged rows. Weights are uniform in +-0.7, biases too.
"""

import itertools
import json
import os
import pathlib
import sys
import zipfile

OLD = sys.argv[1:] == ["2"]
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np

if OLD:
    import tf_keras as keras
else:
    import keras

L = keras.layers
FOLDER = pathlib.Path(__file__).parent.parent / "test/golden/keras"
rng = np.random.default_rng(7)
samples = {}


def plain(values):
    return np.asarray(values, np.float32).round(7).tolist()


def seq(name="x", size=3):
    return keras.Input((None, size), name=name)


def rows(lengths, size, time=None):
    """Rows padded with zeros."""
    x = np.zeros((len(lengths), time or max(lengths), size), np.float32)
    for row, length in enumerate(lengths):
        x[row, :length] = rng.uniform(-1, 1, (length, size))
    return x


def ids(lengths, vocabulary):
    x = np.zeros((len(lengths), max(lengths)), np.int32)
    for row, length in enumerate(lengths):
        x[row, :length] = rng.integers(1, vocabulary, length)
    return x


def pack(path):
    """Deflates the entries of an archive, which Keras stores as they are: an eighth of the bytes to keep."""
    with zipfile.ZipFile(path) as archive:
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for info, data in entries:
            archive.writestr(info.filename, data)


def keep(name, model, feeds, lengths={}, ending=".keras", config=False):
    """Saves a model with random weights, and what it makes of each feed."""
    model.set_weights([rng.uniform(-0.7, 0.7, w.shape).astype(np.float32) for w in model.get_weights()])
    path = str(FOLDER / f"{name}{ending}")
    (model.save_weights if ending == ".weights.h5" else model.save)(path)
    if ending == ".keras" and name != "tagger":
        pack(path)
    if config:
        (FOLDER / f"{name}.json").write_text(model.to_json())
    entry = {"file": f"{name}{ending}", "samples": []}
    names = ["output"] if isinstance(model, keras.Sequential) else list(model.output_names)
    for feed in feeds:
        single = isinstance(model, keras.Sequential)
        y = model.predict(next(iter(feed.values())) if single else feed, verbose=0)
        y = y if isinstance(y, (list, tuple)) else [y]
        entry["samples"].append(
            {
                "x": {key: plain(value) if value.dtype == np.float32 else value.tolist() for key, value in feed.items()},
                "lengths": lengths if feed is feeds[0] else {},
                "y": {key: plain(value) for key, value in zip(names, y)},
            }
        )
    samples[name] = entry


CELLS = {
    "simple": (L.SimpleRNN, {}),
    "lstm": (L.LSTM, {}),
    "gru-after": (L.GRU, {"reset_after": True}),
    "gru-before": (L.GRU, {"reset_after": False}),
}


def grid(kind):
    """One layer or two, one way or both, with bias or without."""
    layer, extra = CELLS[kind]
    x = seq()
    masked = L.Masking(name="masking")(x)
    outputs = []
    for layers, ways, bias in itertools.product((1, 2), (1, 2), (True, False)):
        h = masked
        for at in range(layers):
            last = at == layers - 1
            name = f"r{layers}{ways}{int(bias)}" + ("" if last else "_below")
            own = dict(units=3, return_sequences=True, use_bias=bias, **extra)
            h = L.Bidirectional(layer(**own), name=name)(h) if ways == 2 else layer(name=name, **own)(h)
        outputs.append(h)
    model = keras.Model(x, outputs)
    keep(f"grid-{kind}", model, [{"x": rows([2, 4, 1], 3)}, {"x": rows([3, 3], 3)}], {"x": [2, 4, 1]})


def stacked():
    x = seq()
    cells = L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(5), L.LSTMCell(3)])
    one = L.RNN(cells, return_sequences=True, return_state=True, name="one")(x)
    both = L.Bidirectional(
        L.RNN(L.StackedRNNCells([L.SimpleRNNCell(3), L.LSTMCell(5)]), return_sequences=False), name="both"
    )(x)
    single = L.RNN(L.GRUCell(5, reset_after=False), name="single")(one[0])
    keep("stacked", keras.Model(x, [one[0], both, single]), [{"x": rows([4, 4], 3)}])


def tagger():
    model = keras.Sequential(
        [
            L.Embedding(11, 3, mask_zero=True),
            L.Bidirectional(L.LSTM(5, return_sequences=True, dropout=0.1, recurrent_dropout=0.2), merge_mode="ave"),
            L.LayerNormalization(),
            L.Dropout(0.5),
            L.TimeDistributed(L.Dense(3, activation="softmax")),
        ]
    )
    model.build((None, None))
    keep("tagger", model, [{"input": ids([3, 5, 1], 11)}], {"input": [3, 5, 1]})


def translator(name="translator", ending=".keras", config=False):
    """Two axes, states handed on, a vector, a model inside that is used twice."""
    source = keras.Input((None,), name="source")
    target = keras.Input((None,), name="target")
    extra = keras.Input((3,), name="extra")
    _, h, c = L.LSTM(5, return_state=True, name="encoder")(L.Embedding(7, 3, name="source_table")(source))
    given = L.Embedding(9, 3, name="target_table")(target)
    sequence = L.LSTM(5, return_sequences=True, name="decoder")(given, initial_state=[h, c])
    inner = keras.Sequential([keras.Input((3,)), L.Dense(5, activation="gelu"), L.Dense(3, use_bias=False)], name="inner")
    twice = L.Add(name="twice")([inner(extra), inner(inner(extra))])
    scores = L.Dense(9, name="scores")(L.LayerNormalization(center=False, epsilon=0.01)(sequence))
    pooled = L.Concatenate(name="pooled")(
        [L.GlobalMaxPooling1D()(sequence), L.GlobalAveragePooling1D()(sequence), twice]
    )
    feed = {
        "source": ids([4, 4], 7),
        "target": ids([3, 3], 9),
        "extra": rng.uniform(-1, 1, (2, 3)).astype(np.float32),
    }
    keep(name, keras.Model([source, target, extra], [scores, pooled]), [feed], ending=ending, config=config)


def activations(name="activations", ending=".keras"):
    x = seq()
    hard = dict(recurrent_activation="hard_sigmoid")
    outputs = [
        L.LSTM(3, name="a", return_sequences=True, **hard)(x),
        L.GRU(3, name="b", reset_after=True, activation="softsign", **hard)(x),
        L.GRU(5, name="c", reset_after=False, activation="relu", recurrent_activation="tanh")(x),
        L.SimpleRNN(3, name="d", activation="selu", go_backwards=True)(x),
        L.Bidirectional(L.LSTM(3, activation="softplus", use_bias=False, **hard), name="e")(x),
        L.LSTM(3, name="f", activation="relu", return_sequences=True)(x),
        L.Dense(3, name="g", activation="hard_sigmoid")(x),
        L.GRU(3, name="h", activation="linear", **hard)(x),
    ]
    keep(name, keras.Model(x, outputs), [{"x": rows([4, 4], 3)}], ending=ending)


def merges():
    x = seq()
    outputs = []
    for mode in ("concat", "sum", "mul", "ave"):
        outputs.append(L.Bidirectional(L.GRU(3), merge_mode=mode, name=mode)(x))
    ahead, back = L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode=None, name="apart")(x)
    states = L.Bidirectional(L.LSTM(3, return_state=True), name="states")(x)
    again = L.Bidirectional(L.LSTM(3), name="again")(x, initial_state=states[1:])
    mixed = L.Bidirectional(
        L.LSTM(3, return_sequences=True), backward_layer=L.GRU(5, go_backwards=True, return_sequences=True), name="mixed"
    )(x)
    outputs += [L.Concatenate(name="joined")([ahead, back]), again, mixed]
    keep("merges", keras.Model(x, outputs), [{"x": rows([4, 4], 3)}])


def nested():
    """A model of two outputs inside, called twice, with an Embedding that reads the model's own input."""
    a = keras.Input((None,), name="a")
    r = L.GRU(3, return_sequences=True, name="r")(L.Embedding(7, 5, name="e")(a))
    deep = keras.Sequential([keras.Input((None, 3)), L.Dense(3, activation="tanh")], name="deep")(r)
    encoder = keras.Model(a, [deep, L.LSTM(3, name="l")(r)], name="encoder")
    left, right = keras.Input((None,), name="left"), keras.Input((None,), name="right")
    (_, one), (steps, two) = encoder(left), encoder(right)
    both = L.Concatenate(name="both")([one, two])
    model = keras.Model([left, right], [L.Dense(3, name="d")(both), steps])
    name = "keras2-nested" if OLD else "nested"
    keep(name, model, [{"left": ids([3, 3], 7), "right": ids([5, 5], 7)}], ending=".h5" if OLD else ".keras")


def old():
    nested()
    translator("keras2", ".h5")
    activations("keras2-activations", ".h5")
    model = keras.Sequential(
        [L.Embedding(7, 3, input_length=4), L.Bidirectional(L.GRU(3, return_sequences=True)), L.Dense(3)]
    )
    keep("keras2-weights", model, [{"input": ids([4, 4], 7)}], ending=".weights.h5", config=True)
    model = keras.Sequential([keras.Input((None, 3)), L.LSTM(5, return_sequences=True), L.Dense(3)])
    keep("keras2-archive", model, [{"input": rows([4, 4], 3)}])


FOLDER.mkdir(parents=True, exist_ok=True)
if OLD:
    old()
else:
    for cell in CELLS:
        grid(cell)
    stacked()
    tagger()
    translator()
    translator("translator-legacy", ".h5")
    translator("translator-weights", ".weights.h5", config=True)
    activations()
    merges()
    nested()
(FOLDER / ("samples-2.json" if OLD else "samples-3.json")).write_text(json.dumps(samples, separators=(",", ":")))
