"""PyTorch's side of trees: answers lines of JSON on stdin (bench/trees/protocol.ts)."""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1] / "compare"))
from side import ADAM, answer_numbers, loss_and_gradients, parameters, random_numbers, timed  # noqa: E402

INPUT, HIDDEN, CLASSES = 150, 150, 5


def children_of(parents):
    children = [[] for _ in parents]
    for node, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(node)
    return children


class TreeLstm(nn.Module):
    """A Tree-LSTM of two places, and scores of the classes at every node."""

    def __init__(self, values):
        super().__init__()
        self.input = nn.Linear(INPUT, 5 * HIDDEN)
        self.places = nn.Linear(2 * HIDDEN, 5 * HIDDEN, bias=False)
        self.dense = nn.Linear(HIDDEN, CLASSES)
        ours = lambda name: name if name.startswith("dense") else f"treeLstm.{name}"
        self.names = {name: ours(name) for name, _ in self.named_parameters()}
        for name, parameter in self.named_parameters():
            parameter.data.copy_(values[self.names[name]])

    def cell(self, gates, kept):
        i, o, u, *f = gates.chunk(5, 1)
        c = torch.sigmoid(i) * torch.tanh(u)
        for gate, below in zip(f, kept):
            c = c + torch.sigmoid(gate) * below
        return torch.sigmoid(o) * torch.tanh(c), c


class Recursion(TreeLstm):
    """The usual way: a call for each node, its children first."""

    def __init__(self, values, parents, classes, x):
        super().__init__(values)
        nodes = len(parents[0])
        self.trees = [(children_of(tree), x[row * nodes : (row + 1) * nodes]) for row, tree in enumerate(parents)]
        self.labels = torch.tensor(classes).flatten()

    def visit(self, node, children, x, states):
        below = [self.visit(child, children, x, states) for child in children[node]]
        gates = self.input(x[node : node + 1])
        if below:
            gates = gates + self.places(torch.cat([h for h, _ in below], 1))
        states[node] = self.cell(gates, [c for _, c in below])
        return states[node]

    def loss(self):
        states = []
        for children, x in self.trees:
            found = [None] * len(children)
            self.visit(len(children) - 1, children, x, found)
            states += [h for h, _ in found]
        return F.cross_entropy(self.dense(torch.cat(states)), self.labels)


class Levels(TreeLstm):
    """
    Level by level over all trees, with places that are found once before: inputs in the order of the levels in one
    product; h and c in one gather a level; states wait until their parent takes them, and no longer.
    """

    def __init__(self, values, parents, classes, x):
        super().__init__(values)
        levels = {}
        for row, tree in enumerate(parents):
            heights = [0] * len(tree)
            for node, parent in enumerate(tree):
                levels.setdefault(heights[node], []).append((row, node))
                if parent >= 0:
                    heights[parent] = max(heights[parent], heights[node] + 1)
        below = [children_of(tree) for tree in parents]
        levels, nodes = [levels[height] for height in sorted(levels)], len(parents[0])
        order = torch.tensor([row * nodes + node for level in levels for row, node in level])
        self.x, self.labels = x[order], torch.tensor(classes).flatten()[order]
        self.sizes = [len(level) for level in levels]
        self.takes, waiting = [], []
        for level in levels:
            place = {it: at for at, it in enumerate(waiting)}
            taken = [place[row, child] for row, node in level for child in below[row][node]]
            gone = set(taken)
            kept = [at for at in range(len(waiting)) if at not in gone]
            self.takes.append((torch.tensor(taken), torch.tensor(kept, dtype=torch.long)))
            waiting = [waiting[at] for at in kept] + level

    def loss(self):
        inputs, states, waiting = self.input(self.x).split(self.sizes), [], None
        for gates, (taken, kept) in zip(inputs, self.takes):
            if waiting is None:
                h, c = self.cell(gates, [])
                waiting = torch.cat([h, c], 1)
            else:
                below = waiting.index_select(0, taken).view(len(gates), 2, 2 * HIDDEN)
                gates = torch.addmm(gates, below[:, :, :HIDDEN].reshape(len(gates), -1), self.places.weight.t())
                h, c = self.cell(gates, [below[:, 0, HIDDEN:], below[:, 1, HIDDEN:]])
                waiting = torch.cat([waiting.index_select(0, kept), torch.cat([h, c], 1)])
            states.append(h)
        return F.cross_entropy(self.dense(torch.cat(states)), self.labels)


class Work:
    def __init__(self, way, model, trees):
        parents, classes = trees["parents"], trees["classes"]
        x = random_numbers(len(parents) * len(parents[0]) * INPUT, 1).view(-1, INPUT)
        self.model = (Levels if way == "levels" else Recursion)(parameters(model), parents, classes, x)
        self.adam = torch.optim.Adam(self.model.parameters(), **ADAM, fused=True)

    def numbers(self):
        return loss_and_gradients(self.model, self.model.loss)

    def train(self):
        self.model.zero_grad(set_to_none=True)
        self.model.loss().backward()
        self.adam.step()

    def sample(self, calls, warm):
        return timed(self.train, calls, warm)


answer_numbers(lambda request: Work(request["way"], request["model"], request["trees"]))
