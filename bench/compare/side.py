"""Pieces of PyTorch's sides: the answer loop, the time of calls, and numbers as the other side has them."""

import json
import os
import struct
import sys
import time

import torch

ADAM = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-7}


def prepare():
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)


def answer_lines(answer):
    """Answers the lines of JSON on stdin, one after another, until it ends."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"answer": answer(request)}
        except Exception as error:  # what went wrong is the answer
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"id": request["id"], **reply}, separators=(",", ":")), flush=True)


def answer_numbers(open_work):
    """Answers the questions to a side that gives its numbers as one list (`NumbersRequest` in bench/compare/protocol.ts)."""
    work = None

    def answer(request):
        nonlocal work
        ask = request["ask"]
        if ask == "hello":
            return {"version": torch.__version__, "about": f"{torch.get_num_threads()} threads"}
        if ask == "open":
            work = open_work(request)
        elif ask == "numbers":
            with open(request["file"], "wb") as file:
                file.write(work.numbers().contiguous().numpy().tobytes())
        else:
            return work.sample(request["calls"], request["warm"])
        return {}

    prepare()
    answer_lines(answer)


def timed(call, calls, warm):
    """Milliseconds a call, after one that is not counted if `warm`."""
    if warm:
        call()
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(calls):
        call()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {"wall": 1e3 * wall / calls, "processor": 1e3 * processor / calls}


def parameters(path):
    """The parameters of a safetensors file, by name."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header, body = json.loads(file.read(size)), bytearray(file.read())
    header.pop("__metadata__", None)
    take = lambda at: torch.frombuffer(body, dtype=torch.float32, offset=at[0], count=(at[1] - at[0]) // 4)
    return {name: take(it["data_offsets"]).reshape(it["shape"]).clone() for name, it in header.items()}


def random_numbers(count, seed):
    state, numbers = seed, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        numbers.append((state - (1 << 32) if state >> 31 else state) / 2**31)
    return torch.tensor(numbers, dtype=torch.float32)


def loss_and_gradients(model, loss):
    """The loss and the gradients, in the order of our names of the parameters."""
    model.zero_grad(set_to_none=True)
    loss = loss()
    loss.backward()
    named = sorted(model.named_parameters(), key=lambda it: model.names[it[0]])
    return torch.cat([loss.detach().reshape(1), *(p.grad.flatten() for _, p in named)])
