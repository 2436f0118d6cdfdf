"""Writes test/golden/pytorch/: files by `torch.save` and `safetensors`, and the outputs of their modules.

    python tools/pytorch_files.py           # writes the files
    python tools/pytorch_files.py check FOLDER   # loads what `node` wrote there, see test/pytorch/written.test.ts

Needs torch and safetensors; nothing else in the project does.
"""

import copy
import itertools
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

FOLDER = Path(__file__).resolve().parent.parent / "test" / "golden" / "pytorch"
KINDS = {
    "tanh": lambda **options: nn.RNN(3, 4, nonlinearity="tanh", **options),
    "relu": lambda **options: nn.RNN(3, 4, nonlinearity="relu", **options),
    "lstm": lambda **options: nn.LSTM(3, 4, **options),
    "gru": lambda **options: nn.GRU(3, 4, **options),
    "projected": lambda **options: nn.LSTM(3, 4, proj_size=2, **options),
}
LENGTHS = [5, 2, 3]


def spread(module: nn.Module) -> nn.Module:
    """Gives every weight a value of some size, biases and gains too."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.7)
    return module.eval()


def ragged(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(module(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Tagger(nn.Module):
    """All other layers: embedding, both ways, layer norm, linear; a counter of steps as well."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 3)
        self.encoder = nn.ModuleDict({"rnn": nn.LSTM(3, 4, bidirectional=True, batch_first=True)})
        self.norm = nn.LayerNorm(8)
        self.out = nn.Linear(8, 5)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.out(self.norm(self.encoder["rnn"](self.embed(ids))[0]))


def write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(16)
    torch.set_num_threads(1)
    x = torch.randn(len(LENGTHS), max(LENGTHS), 3)
    expected = {"x": x}
    for kind, make in KINDS.items():
        dicts = {}
        for layers, both, bias in itertools.product([1, 2], [False, True], [True, False]):
            options = {"num_layers": layers, "bidirectional": both, "bias": bias}
            module = spread(make(batch_first=True, **options))
            name = f"{layers}{'both' if both else 'one'}{'bias' if bias else ''}"
            dicts[name] = module.state_dict()
            expected[f"{kind}.{name}.full"] = module(x)[0]
            expected[f"{kind}.{name}.ragged"] = ragged(module, x)
        torch.save(dicts, FOLDER / f"{kind}.pt")
    tagger = spread(Tagger())
    tagger.register_buffer("num_batches_tracked", torch.tensor(3))
    expected["tagger"] = tagger(torch.tensor([[1, 6, 0, 3], [2, 2, 5, 4]]))
    save_file({name: value.contiguous() for name, value in expected.items()}, FOLDER / "expected.safetensors")
    # A copy: the optimizer changes the tagger's own.
    state = copy.deepcopy(tagger.state_dict())
    torch.save(state, FOLDER / "tagger.pt")
    torch.save(state, FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    optimizer = torch.optim.Adam(tagger.parameters())
    tagger(torch.tensor([[1, 2]])).sum().backward()
    optimizer.step()
    checkpoint = {"epoch": 3, "loss": 0.5, "done": False, "state_dict": state, "optimizer": optimizer.state_dict()}
    torch.save(checkpoint, FOLDER / "checkpoint.pt")
    save_file(state, FOLDER / "tagger.safetensors")
    for name, dtype in {"f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16}.items():
        rounded = {key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}
        torch.save(rounded, FOLDER / f"{name}.pt")
        save_file(rounded, FOLDER / f"{name}.safetensors")
    # Views: transposed, of a part of a storage, shared between tensors, expanded, of Parameter objects.
    base = torch.arange(24, dtype=torch.float32)
    views = {
        "transposed": base[:6].view(3, 2).t(),
        "offset": base[5:9],
        "shared": base[5:9].view(2, 2),
        "every_third": base[1::3],
        "expanded": base[7:8].expand(2, 3),
        "scalar": torch.tensor(0.25),
        "none": torch.zeros(0, 3),
        "parameter": nn.Parameter(base[:2].clone()),
    }
    torch.save(views, FOLDER / "views.pt")
    for path in sorted(FOLDER.iterdir()):
        print(f"{path.name}: {path.stat().st_size} bytes")


def check(folder: Path) -> None:
    """Loads `NAME.pt` and `NAME.safetensors` that the library wrote into modules, and compares the outputs."""
    expected = load_file(FOLDER / "expected.safetensors")
    checked = 0
    for kind, make in KINDS.items():
        for layers, both, bias in itertools.product([1, 2], [False, True], [True, False]):
            module = make(batch_first=True, num_layers=layers, bidirectional=both, bias=bias)
            name = f"{kind}.{layers}{'both' if both else 'one'}{'bias' if bias else ''}"
            for state in (torch.load(folder / f"{name}.pt", weights_only=True), load_file(folder / f"{name}.safetensors")):
                layer = {key.split(".", 1)[1]: value for key, value in state.items()}
                module.load_state_dict(layer, strict=True)
                assert torch.equal(module(expected["x"])[0], expected[f"{name}.full"]), name
                checked += 1
    tagger = Tagger()
    for state in (torch.load(folder / "tagger.pt", weights_only=True), load_file(folder / "tagger.safetensors")):
        tagger.load_state_dict(state, strict=True)
        assert torch.equal(tagger(torch.tensor([[1, 6, 0, 3], [2, 2, 5, 4]])), expected["tagger"])
        checked += 1
    print(f"{checked} files load, each with the bits of the module that it came from")


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        check(Path(sys.argv[2]))
    else:
        write()
