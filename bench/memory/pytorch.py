"""Measures the memory of a training step of PyTorch: the argument is a shape (bench/memory/memory.ts), the answer a line of JSON."""

import json
import sys

import torch

KINDS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}


def status(name):
    with open("/proc/self/status") as file:
        (line,) = (line for line in file if line.startswith(name))
    return 1024 * int(line.split()[1])


def forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def saved_bytes(step, apart):
    """Bytes of the storages that a step keeps for going back, but for some tensors'."""
    known = {tensor.untyped_storage().data_ptr() for tensor in apart}
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        step()
    return sum(storages.values())


def main():
    shape = json.loads(sys.argv[1])
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = KINDS[shape["cell"]](shape["input"], shape["hidden"], batch_first=True)
    adam = torch.optim.Adam(model.parameters(), fused=True)

    def batch(time):
        rows = (shape["batch"], time)
        return torch.randn(*rows, shape["input"]), torch.randn(*rows, shape["hidden"])

    def step(x, y):
        model.zero_grad(set_to_none=True)
        torch.nn.functional.mse_loss(model(x)[0], y).backward()
        adam.step()

    one, short = batch(shape["time"]), batch(2)
    for _ in range(3):
        step(*short)
    forget_peak()
    before = status("VmRSS")
    for _ in range(3):
        step(*one)
    growth = status("VmHWM") - before
    # Ours counts no targets either.
    apart = [*model.parameters(), one[1]]
    print(json.dumps({"tape": saved_bytes(lambda: step(*one), apart), "growth": growth}))


main()
