"""Ten steps of each optimizer with given gradients, and the rates of each schedule."""

from pathlib import Path

import torch
from torch import Tensor, nn, optim
from torch.optim import lr_scheduler

from .archive import Archive, Source

SEED = 4801
STEPS = 10
SIZE = 37

SGD = {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weightDecay": 0.0}
RMSPROP = {"alpha": 0.99, "epsilon": 1e-8, "momentum": 0.0, "weightDecay": 0.0}
ADAGRAD = {"epsilon": 1e-10, "weightDecay": 0.0}
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.0}
ADAMW = {**ADAM, "weightDecay": 0.01}

OPTIMIZERS = [
    ("sgd", 0.1, SGD),
    ("sgd_decay", 0.1, SGD | {"weightDecay": 0.05}),
    ("sgd_momentum", 0.05, SGD | {"momentum": 0.9}),
    ("sgd_dampening", 0.05, SGD | {"momentum": 0.9, "dampening": 0.3}),
    ("sgd_nesterov", 0.05, SGD | {"momentum": 0.9, "nesterov": True}),
    ("sgd_nesterov_decay", 0.05, SGD | {"momentum": 0.8, "nesterov": True, "weightDecay": 0.02}),
    ("sgd_all", 0.05, SGD | {"momentum": 0.8, "dampening": 0.25, "weightDecay": 0.02}),
    ("rmsprop", 0.01, RMSPROP),
    ("rmsprop_alpha", 0.01, RMSPROP | {"alpha": 0.9, "epsilon": 1e-3}),
    ("rmsprop_momentum", 0.01, RMSPROP | {"momentum": 0.9}),
    ("rmsprop_decay", 0.01, RMSPROP | {"weightDecay": 0.05}),
    ("rmsprop_all", 0.01, RMSPROP | {"alpha": 0.95, "momentum": 0.7, "weightDecay": 0.05}),
    ("adagrad", 0.1, ADAGRAD),
    ("adagrad_decay", 0.1, ADAGRAD | {"epsilon": 1e-4, "weightDecay": 0.05}),
    ("adam", 0.01, ADAM),
    ("adam_decay", 0.01, ADAM | {"weightDecay": 0.05}),
    ("adam_betas", 0.03, ADAM | {"beta1": 0.5, "beta2": 0.95, "epsilon": 1e-4}),
    ("adamw", 0.01, ADAMW),
    ("adamw_decay", 0.03, ADAMW | {"beta1": 0.8, "beta2": 0.99, "weightDecay": 0.2}),
]


def optimizer(kind: str, rate: float, config: dict, parameters: list[nn.Parameter]):
    """PyTorch's optimizer for the library's configuration."""
    spelled = {"weightDecay": "weight_decay", "epsilon": "eps"}
    facts = {spelled.get(key, key): value for key, value in config.items()}
    if "beta1" in facts:
        facts["betas"] = (facts.pop("beta1"), facts.pop("beta2"))
    classes = {
        "sgd": optim.SGD,
        "rmsprop": optim.RMSprop,
        "adagrad": optim.Adagrad,
        "adam": optim.Adam,
        "adamw": optim.AdamW,
    }
    return classes[kind](parameters, lr=rate, foreach=False, **facts)


def write(path: Path) -> None:
    archive, source = Archive(SEED), Source(SEED)
    initial = source.normal(SIZE)
    gradients = source.normal(STEPS, SIZE)
    gradients[:, 0] = 0
    gradients[:, 1] *= 2.0**-20
    gradients[:, 2] *= 2.0**20
    initial[3] = 0
    archive.add("shared", {}, {"initial": initial, "gradients": gradients})
    for name, rate, config in OPTIMIZERS:
        kind = name.split("_")[0]
        facts = {"optimizer": {kind: config}, "rate": rate}
        archive.add(name, facts, {"values": updates(kind, rate, config, initial, gradients)})
    schedules(archive)
    archive.save(path)


def updates(kind: str, rate: float, config: dict, initial: Tensor, gradients: Tensor) -> Tensor:
    parameter = nn.Parameter(initial.clone())
    steps = optimizer(kind, rate, config, [parameter])
    values = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        steps.step()
        values.append(parameter.detach().clone())
    return torch.stack(values)


def schedules(archive: Archive) -> None:
    """Rates of the steps 0, 1, 2, ... with a base rate of 1, so that they are the factors too."""

    def add(name: str, schedule: dict, rates: Tensor) -> None:
        archive.add(f"schedule_{name}", {"schedule": schedule, "rate": 1.0}, {"rates": rates})

    add("constant", {"constant": {}}, torch.ones(5))
    for size, gamma in ((1, 0.75), (4, 0.1)):
        rates = trace(lambda o: lr_scheduler.StepLR(o, size, gamma), 13)
        add(f"step_{size}", {"step": {"size": size, "gamma": gamma}}, rates)
    rates = trace(lambda o: lr_scheduler.ExponentialLR(o, 0.9), 13)
    add("exponential", {"exponential": {"gamma": 0.9}}, rates)
    for steps, minimum in ((10, 0.0), (13, 0.05)):
        # Up to the end of the half wave, after which PyTorch's rate would rise again.
        rates = trace(lambda o: lr_scheduler.CosineAnnealingLR(o, steps, minimum), steps + 1)
        add(f"cosine_{steps}", {"cosine": {"steps": steps, "minimum": minimum}}, rates)
    for warmup, steps, minimum in ((4, 13, 0.0), (3, 11, 0.25)):
        # The first step already moves: 1/(warmup + 1), 2/(warmup + 1), ..., 1, and down to the minimum.
        rates = trace(lambda o: warmed(o, warmup, steps, minimum), steps + 3)
        facts = {"warmup": warmup, "steps": steps, "minimum": minimum}
        add(f"linear_{warmup}", {"linear": facts}, rates)


def trace(schedule, count: int) -> Tensor:
    steps = optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = schedule(steps)
    rates = []
    for _ in range(count):
        rates.append(scheduler.get_last_lr()[0])
        steps.step()
        scheduler.step()
    return torch.tensor(rates)


def warmed(steps: optim.Optimizer, warmup: int, end: int, minimum: float):
    up = lr_scheduler.LinearLR(steps, 1 / (warmup + 1), 1, warmup)
    down = lr_scheduler.LinearLR(steps, 1, minimum, end - warmup)
    return lr_scheduler.SequentialLR(steps, [up, down], [warmup])
