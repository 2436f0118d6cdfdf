"""PyTorch's side of the comparison: answers lines of JSON on stdin (bench/compare/protocol.ts)."""

import torch
from side import ADAM, answer_lines, prepare, timed

KINDS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}


def read(path, shape):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(shape)


def write(path, tensor):
    with open(path, "wb") as file:
        file.write(tensor.detach().float().contiguous().numpy().tobytes())


class Contender:
    """One model on one batch, in one way of computing."""

    def __init__(self, work, dtype, autocast):
        shape = work["shape"]
        sizes = (shape["input"], shape["hidden"], shape["layers"])
        kind = {"nonlinearity": shape["activation"]} if "activation" in shape else {}
        self.shape, self.autocast, self.dtype = shape, autocast, dtype
        self.model = KINDS[shape["cell"]](*sizes, batch_first=True, **kind)
        self.set_weights(work["weights"])
        self.model.to(dtype)
        rows = (shape["batch"], shape["time"])
        self.x = read(work["x"], (*rows, shape["input"])).to(dtype)
        if shape["task"] == "train":
            self.y = read(work["y"], (*rows, shape["hidden"])).to(dtype)
            self.adam = torch.optim.Adam(self.model.parameters(), **ADAM, fused=True)
        self.steps, self.place, self.state = list(self.x.split(1, dim=1)), 0, None

    def set_weights(self, path):
        flat, at = read(path, (-1,)), 0
        for parameter in self.model.parameters():
            count = parameter.numel()
            parameter.data.copy_(flat[at : at + count].reshape(parameter.shape))
            at += count

    def forward(self, x, state=None):
        if not self.autocast:
            return self.model(x, state)
        with torch.autocast("cpu", torch.bfloat16):
            return self.model(x, state)

    def loss(self):
        output, _ = self.forward(self.x)
        return torch.nn.functional.mse_loss(output.to(self.y.dtype), self.y)

    def outputs(self):
        with torch.inference_mode():
            return self.forward(self.x)[0]

    def gradients(self):
        self.model.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        grads = [parameter.grad.float().reshape(-1) for parameter in self.model.parameters()]
        return loss.item(), torch.cat(grads)

    def train(self):
        self.model.zero_grad(set_to_none=True)
        self.loss().backward()
        self.adam.step()

    def infer(self):
        self.forward(self.x)

    def step(self):
        _, self.state = self.forward(self.steps[self.place], self.state)
        self.place = (self.place + 1) % len(self.steps)

    def sample(self, calls, warm=True):
        task = self.shape["task"]
        call = getattr(self, task)
        with torch.inference_mode(task != "train"):
            return timed(call, calls, warm)


def ways_of(work):
    if work["precision"] == "f32":
        return {"": (torch.float32, False)}
    return {"module in bfloat16": (torch.bfloat16, False), "autocast": (torch.float32, True)}


def opened(work):
    """The contender, the faster where there are two ways, and what to say of it."""
    tried, words = [], []
    for name, way in ways_of(work).items():
        try:
            contender = Contender(work, *way)
            if work["precision"] == "f32":
                return contender, {}
            tried.append((contender.sample(1)["wall"], name, way))
        except RuntimeError as error:
            words.append(f"{name} cannot: {error}")
    if not tried:
        return None, {"refused": "; ".join(words)}
    (_, name, way), *_ = sorted(tried, key=lambda one: one[0])
    return Contender(work, *way), {"note": "; ".join([name, *words])}


def hello():
    about = f"oneDNN {torch.backends.mkldnn.is_available()}, {torch.backends.cpu.get_cpu_capability()}"
    return {"version": torch.__version__, "about": f"{about}, {torch.get_num_threads()} threads"}


def main():
    contender = None

    def answer(request):
        nonlocal contender
        ask = request["ask"]
        if ask == "hello":
            return hello()
        if ask == "open":
            contender, words = opened(request["work"])
            return words
        if ask == "outputs":
            write(request["file"], contender.outputs())
            return {}
        if ask == "gradients":
            loss, gradients = contender.gradients()
            write(request["file"], gradients)
            return {"loss": loss}
        return contender.sample(request["calls"], request["warm"])

    prepare()
    torch.manual_seed(1)
    answer_lines(answer)


main()
