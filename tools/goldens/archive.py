"""Random inputs with a fixed seed, and the safetensors file that they and the results go into."""

import json
import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


class Source:
    """Random values that are exact in float32, so that a float32 run sees the same inputs."""

    def __init__(self, seed: int):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, dtype=torch.float32).double()

    def uniform(self, bound: float, *shape: int) -> Tensor:
        unit = torch.rand(shape, generator=self.generator, dtype=torch.float32)
        return ((unit * 2 - 1) * bound).double()

    def integers(self, end: int, *shape: int) -> Tensor:
        return torch.randint(end, shape, generator=self.generator)


class Archive:
    """Tensors named `case/name`, and the facts of each case as JSON in the metadata."""

    def __init__(self, seed: int):
        self.seed = seed
        self.cases: list[dict] = []
        self.tensors: dict[str, np.ndarray] = {}

    def add(self, name: str, facts: dict, tensors: dict[str, Tensor]) -> None:
        self.cases.append({"name": name, **facts})
        for key, tensor in tensors.items():
            self.tensors[f"{name}/{key}"] = compact(tensor.detach().numpy())

    def save(self, path: Path) -> None:
        header: dict = {
            "__metadata__": {
                "cases": json.dumps(self.cases, separators=(",", ":")),
                "command": f"python tools/golden.py {path.stem}",
                "seed": str(self.seed),
                "torch": torch.__version__,
            }
        }
        # Widest elements first keeps every tensor aligned.
        ordered = sorted(self.tensors.items(), key=lambda item: -item[1].itemsize)
        body = bytearray()
        for name, array in ordered:
            begin = len(body)
            body += array.tobytes()
            header[name] = {
                "dtype": {"float64": "F64", "float32": "F32", "int32": "I32"}[array.dtype.name],
                "shape": array.shape,
                "data_offsets": [begin, len(body)],
            }
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def compact(array: np.ndarray) -> np.ndarray:
    """The same values in half the bytes where nothing is lost by it."""
    if array.dtype == np.int64:
        return array.astype("<i4")
    if array.dtype != np.float64 or not np.isfinite(array).all():
        raise ValueError(f"a golden tensor must be finite float64 or int64, got {array.dtype}")
    narrow = array.astype("<f4")
    return narrow if np.array_equal(narrow.astype("<f8"), array) else array.astype("<f8")
