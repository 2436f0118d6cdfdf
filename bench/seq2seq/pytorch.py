"""PyTorch's side of sequence to sequence: answers lines of JSON on stdin (bench/seq2seq/protocol.ts)."""

import math
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

sys.path.insert(0, str(Path(__file__).parents[1] / "compare"))
from side import ADAM, answer_numbers, loss_and_gradients, parameters, random_numbers, timed  # noqa: E402

VOCABULARY, MOST, STEPS, BEAMS = 64, 24, 30, 4


class Translator(nn.Module):
    def __init__(self, values, embedding, hidden):
        super().__init__()
        self.source_embedding = nn.Embedding(VOCABULARY, embedding)
        self.target_embedding = nn.Embedding(VOCABULARY, embedding)
        self.encoder = nn.GRU(embedding, hidden, batch_first=True, bidirectional=True)
        self.bridge_h_l0 = nn.Linear(2 * hidden, hidden)
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(2 * hidden, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)
        self.cell = nn.GRUCell(embedding + 2 * hidden, hidden)
        self.output = nn.Linear(3 * hidden, VOCABULARY)
        self.names = {name: self.ours(name) for name, _ in self.named_parameters()}
        for name, parameter in self.named_parameters():
            parameter.data.copy_(values[self.names[name]].reshape(parameter.shape))

    def ours(self, name):
        attention = {"query.weight": "weight_q", "query.bias": "bias", "key.weight": "weight_k", "score.weight": "weight_v"}
        if name in attention:
            return f"decoder.attention.{attention[name]}"
        return f"decoder.{name}" if name.startswith("cell.") else name

    def encode(self, source, lengths):
        packed = pack_padded_sequence(self.source_embedding(source), lengths, batch_first=True, enforce_sorted=False)
        packed, last = self.encoder(packed)
        memory, _ = pad_packed_sequence(packed, batch_first=True)
        h = torch.tanh(self.bridge_h_l0(torch.cat([last[0], last[1]], 1)))
        padding = torch.arange(memory.shape[1])[None] >= lengths[:, None]
        return memory, self.key(memory), padding, h

    def step(self, x, h, memory, keys, padding):
        scores = self.score(torch.tanh(self.query(h)[:, None] + keys)).squeeze(-1)
        weights = torch.softmax(scores.masked_fill(padding, -math.inf), 1)
        context = torch.bmm(weights[:, None], memory).squeeze(1)
        h = self.cell(torch.cat([x, context], 1), h)
        return h, torch.cat([h, context], 1)

    def loss(self, batch):
        memory, keys, padding, h = self.encode(batch["source"], batch["source_lengths"])
        before = torch.cat([torch.zeros_like(batch["target"][:, :1]), batch["target"][:, :-1]], 1)
        steps, outputs = self.target_embedding(before), []
        for t in range(steps.shape[1]):
            h, output = self.step(steps[:, t], h, memory, keys, padding)
            outputs.append(output)
        scores = self.output(torch.stack(outputs, 1))
        return F.cross_entropy(scores.flatten(0, 1), batch["labels"].flatten(), ignore_index=-100)

    def greedy(self, batch):
        memory, keys, padding, h = self.encode(batch["source"], batch["source_lengths"])
        ids, chosen = torch.zeros(len(h), dtype=torch.long), []
        for _ in range(STEPS):
            h, output = self.step(self.target_embedding(ids), h, memory, keys, padding)
            ids = self.output(output).argmax(1)
            chosen.append(ids)
        return torch.stack(chosen, 1)

    def beam(self, batch):
        held = self.encode(batch["source"], batch["source_lengths"])
        memory, keys, padding, h = (value.repeat_interleave(BEAMS, 0) for value in held)
        rows = len(h) // BEAMS
        ids = torch.zeros(rows * BEAMS, dtype=torch.long)
        scores = torch.full((rows, BEAMS), -math.inf)
        scores[:, 0] = 0
        chosen = torch.zeros(rows * BEAMS, 0, dtype=torch.long)
        first = torch.arange(rows)[:, None] * BEAMS
        for _ in range(STEPS):
            h, output = self.step(self.target_embedding(ids), h, memory, keys, padding)
            logs = torch.log_softmax(self.output(output), 1).view(rows, BEAMS, VOCABULARY)
            scores, best = (scores[..., None] + logs).flatten(1).topk(BEAMS, 1)
            origin = (first + best // VOCABULARY).flatten()
            ids = (best % VOCABULARY).flatten()
            h, chosen = h[origin], torch.cat([chosen[origin], ids[:, None]], 1)
        return chosen.view(rows, BEAMS, STEPS)[:, 0]


class Factors(nn.Module):
    """A factor for each number."""

    def __init__(self, size):
        super().__init__()
        self.values = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return self.values * x


class Attender(nn.Module):
    def __init__(self, values, hidden, alone):
        super().__init__()
        for name in ("query", "keys", "values"):
            setattr(self, name, Factors(hidden) if alone else nn.Linear(hidden, hidden, bias=False))
        self.out = nn.Identity() if alone else nn.Linear(hidden, hidden, bias=False)
        self.names = {name: name.removesuffix(".values") if alone else name for name, _ in self.named_parameters()}
        for name, parameter in self.named_parameters():
            parameter.data.copy_(values[self.names[name]])

    def loss(self, batch):
        q, m = batch["q"], batch["m"]
        context = F.scaled_dot_product_attention(
            self.query(q), self.keys(m), self.values(m), attn_mask=batch["mask"]
        )
        error = (self.out(context) - batch["y"]).square() * batch["valid"]
        return error.sum() / (batch["valid"].sum() * q.shape[-1])


def padded(rows):
    lengths = torch.tensor([len(row) for row in rows])
    return torch.tensor([row + [0] * (MOST - len(row)) for row in rows]), lengths


class Work:
    def __init__(self, task, widths, model, texts):
        source, source_lengths = padded(texts["source"])
        target, target_lengths = padded(texts["target"])
        after = torch.arange(MOST)[None] >= target_lengths[:, None]
        values, self.task = parameters(model), task
        if task in ("attend", "alone"):
            shape = (len(source), MOST, widths["hidden"])
            valid = [(~after)[..., None].float(), (torch.arange(MOST)[None] < source_lengths[:, None])]
            q, m, y = (random_numbers(math.prod(shape), seed).reshape(shape) for seed in (1, 2, 3))
            mask = valid[1][:, None].expand(-1, MOST, -1)
            self.model = Attender(values, widths["hidden"], task == "alone")
            self.batch = {"q": q, "m": m, "y": y, "mask": mask, "valid": valid[0]}
        else:
            labels = target.masked_fill(after, -100)
            self.model = Translator(values, **widths)
            self.batch = {"source": source, "source_lengths": source_lengths, "target": target, "labels": labels}
        self.adam = torch.optim.Adam(self.model.parameters(), **ADAM, fused=True)

    def numbers(self):
        if self.task in ("greedy", "beam"):
            with torch.inference_mode():
                return getattr(self.model, self.task)(self.batch).flatten().float()
        return loss_and_gradients(self.model, lambda: self.model.loss(self.batch))

    def train(self):
        self.model.zero_grad(set_to_none=True)
        self.model.loss(self.batch).backward()
        self.adam.step()

    def sample(self, calls, warm):
        training = self.task not in ("greedy", "beam")
        call = self.train if training else lambda: getattr(self.model, self.task)(self.batch)
        with torch.inference_mode(not training):
            return timed(call, calls, warm)


answer_numbers(lambda request: Work(request["task"], request["widths"], request["model"], request["texts"]))
