#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the golden files of the training tests with PyTorch, in double:

    /usr/bin/python3 tests/train/golden/make-golden.py tests/train/golden

Each file is a model before training (safetensors), with the batch, the
targets, every step's loss and, after the last, the weights and the output in
evaluation mode as further tensors. All numbers that go in are exact in float."""

import json
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def save(path, description, tensors):
    header = {"__metadata__": {"rnncore": json.dumps(description)}}
    blobs = []
    offset = 0
    for name, tensor in tensors.items():
        wide = name.startswith("golden.")
        flat = tensor.detach().double().flatten().tolist()
        blob = struct.pack("<%d%s" % (len(flat), "d" if wide else "f"), *flat)
        header[name] = {"dtype": "F64" if wide else "F32",
                        "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def exact(module):
    for p in list(module.parameters()) + list(module.buffers()):
        if p.is_floating_point():
            p.data = p.data.float().double()
    return module


def optimiser(kind, model):
    decay = 0.01
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": decay},
              {"params": vectors, "weight_decay": 0}]
    if kind == "sgd":
        return torch.optim.SGD(groups, lr=0.05, momentum=0.9), 0.05
    if kind == "adam":
        return torch.optim.Adam(groups, lr=0.01), 0.01
    return torch.optim.AdamW(groups, lr=0.01), 0.01


class Speech(nn.Module):
    layers = [
        {"type": "conv1d", "name": "conv", "channels": 8, "kernel": 5,
         "stride": 2, "left": 2, "right": 2, "bias": False},
        {"type": "batch-norm", "name": "norm"},
        {"type": "relu"},
        {"type": "lstm", "name": "rnn", "hidden": 7, "layers": 2,
         "bidirectional": True},
        {"type": "dense", "name": "head", "units": 5},
        {"type": "log-softmax"},
    ]
    frontend = {"type": "none", "features": 6}
    loss = "ctc"

    def __init__(self):
        super().__init__()
        # No bias: batch norm takes it out again, its gradient is rounding
        # noise, which Adam would blow up.
        self.conv = nn.Conv1d(6, 8, 5, stride=2, padding=2, bias=False)
        self.norm = nn.BatchNorm1d(8)
        self.rnn = nn.LSTM(8, 7, 2, bidirectional=True)
        self.head = nn.Linear(14, 5)

    def forward(self, x, lengths):
        out = [(n - 1) // 2 + 1 for n in lengths]
        sequences = []
        for b, n in enumerate(lengths):
            sequences.append(self.conv(x[:n, b].t()[None])[0].t())
        rows = F.relu(self.norm(torch.cat(sequences)))
        padded = nn.utils.rnn.pad_sequence(torch.split(rows, out))
        packed = pack_padded_sequence(padded, torch.tensor(out),
                                      enforce_sorted=False)
        h, _ = pad_packed_sequence(self.rnn(packed)[0])
        return F.log_softmax(self.head(h), -1), out

    def data(self):
        lengths = [17, 25, 4, 20]
        x = torch.randn(25, 4, 6)
        labels = [1, 2, 3, 4, 4, 1, 2, 2, 1, 3, 3]
        target_lengths = [3, 5, 1, 2]  # the third: 2 steps, 1 label
        return x, lengths, labels, target_lengths

    def compute_loss(self, y, out, labels, target_lengths):
        return F.ctc_loss(y, torch.tensor(labels), torch.tensor(out),
                          torch.tensor(target_lengths), zero_infinity=True)


class Infeasible(Speech):
    def data(self):
        x, lengths, labels, _ = super().data()
        return x, lengths, [1, 2, 3, 4, 4, 1, 1, 1, 2, 2, 1], [3, 3, 3, 2]


class Gesture(nn.Module):
    layers = [
        {"type": "conv2d", "name": "conv", "channels": 3, "kernel": [3, 2],
         "stride": [2, 1], "padding": [1, 0], "bias": False},
        {"type": "batch-norm", "name": "norm"},
        {"type": "relu"},
        {"type": "flatten"},
        {"type": "dense", "name": "squeeze", "units": 8},
        {"type": "tanh"},
        {"type": "gru", "name": "rnn", "hidden": 6, "layers": 2,
         "bidirectional": True},
        {"type": "rnn", "name": "elman", "hidden": 5},
        {"type": "mean-over-time"},
        {"type": "dense", "name": "head", "units": 4},
        {"type": "log-softmax"},
    ]
    frontend = {"type": "video", "width": 6, "height": 7}
    loss = "cross-entropy"

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, (3, 2), (2, 1), (1, 0), bias=False)
        self.norm = nn.BatchNorm2d(3)
        self.squeeze = nn.Linear(3 * 4 * 5, 8)
        self.rnn = nn.GRU(8, 6, 2, bidirectional=True)
        self.elman = nn.RNN(12, 5)
        self.head = nn.Linear(5, 4)

    def forward(self, x, lengths):
        images = torch.cat([x[:n, b] for b, n in enumerate(lengths)])
        images = images.reshape(-1, 1, 7, 6)
        rows = F.relu(self.norm(self.conv(images))).flatten(1)
        rows = torch.tanh(self.squeeze(rows))
        padded = nn.utils.rnn.pad_sequence(torch.split(rows, lengths))
        packed = pack_padded_sequence(padded, torch.tensor(lengths),
                                      enforce_sorted=False)
        h, _ = pad_packed_sequence(self.elman(self.rnn(packed)[0])[0])
        mean = torch.stack([h[:n, b].mean(0) for b, n in enumerate(lengths)])
        return F.log_softmax(self.head(mean), -1), [1] * len(lengths)

    def data(self):
        return torch.randn(9, 5, 42), [4, 9, 1, 7, 6], [0, 3, 1, 2, 3], None

    def compute_loss(self, y, out, labels, target_lengths):
        return F.cross_entropy(y, torch.tensor(labels), label_smoothing=0.1)


def truncated(kind):
    """A tagger whose state is carried on over every third step, not its
    gradient: truncated backpropagation through time."""

    class Truncated(nn.Module):
        steps = 3
        layers = [
            {"type": kind, "name": "rnn", "hidden": 6, "layers": 2},
            {"type": "dense", "name": "head", "units": 4},
            {"type": "log-softmax"},
        ]
        frontend = {"type": "none", "features": 5}
        loss = "cross-entropy"
        extra = {"truncate": steps, "clip-value": 0.02}

        def __init__(self):
            super().__init__()
            cell = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind]
            self.rnn = cell(5, 6, 2)
            self.head = nn.Linear(6, 4)

        def forward(self, x, lengths):
            rows = []
            for b, n in enumerate(lengths):
                state = None
                pieces = []
                for t in range(0, n, self.steps):
                    h, state = self.rnn(x[t:min(t + self.steps, n), b], state)
                    state = (tuple(s.detach() for s in state)
                             if kind == "lstm" else state.detach())
                    pieces.append(h)
                rows.append(F.log_softmax(self.head(torch.cat(pieces)), -1))
            return nn.utils.rnn.pad_sequence(rows), lengths

        def data(self):
            lengths = [11, 7, 3, 1]
            return (torch.randn(11, 4, 5), lengths,
                    torch.randint(4, (sum(lengths),)).tolist(), None)

        def compute_loss(self, y, out, labels, target_lengths):
            rows = torch.cat([y[:n, b] for b, n in enumerate(out)])
            return F.cross_entropy(rows, torch.tensor(labels),
                                   label_smoothing=0.1)

    return Truncated


def make(path, cls, kind, n_steps):
    torch.manual_seed(1)
    model = exact(cls())
    x, lengths, labels, target_lengths = model.data()
    extra = getattr(cls, "extra", {})
    x = x.float().double()
    tensors = {k: v.clone() for k, v in model.state_dict().items()
               if v.is_floating_point()}
    optim, rate = optimiser(kind, model)
    losses, norms = [], []
    for _ in range(n_steps):
        optim.zero_grad()
        y, out = model(x, lengths)
        loss = model.compute_loss(y, out, labels, target_lengths)
        loss.backward()
        if not losses:
            for name, p in model.named_parameters():
                tensors["golden.gradient." + name] = p.grad.clone()
        losses.append(loss.item())
        norms.append(float(torch.sqrt(sum((p.grad ** 2).sum()
                                          for p in model.parameters()))))
        if "clip-value" in extra:
            nn.utils.clip_grad_value_(model.parameters(), extra["clip-value"])
        total = float(nn.utils.clip_grad_norm_(model.parameters(), 1.0))
        # clip_grad_norm_ divides by norm + 1e-6: undo the difference.
        if total > 1:
            for p in model.parameters():
                p.grad *= (total + 1e-6) / total
        optim.step()
    for name, p in model.state_dict().items():
        if p.is_floating_point():
            tensors["golden.after." + name] = p
    model.eval()
    tensors["golden.output"] = model(x, lengths)[0]
    tensors["golden.losses"] = torch.tensor(losses)
    tensors["golden.norms"] = torch.tensor(norms)
    tensors["input"] = x
    tensors["lengths"] = torch.tensor(lengths)
    tensors["labels"] = torch.tensor(labels)
    if target_lengths:
        tensors["target-lengths"] = torch.tensor(target_lengths)
    description = {"format": 1, "task": "test", "frontend": cls.frontend,
                   "layers": cls.layers, "labels": [], "loss": cls.loss,
                   "optimiser": kind, "rate": rate}
    description.update(extra)
    if cls.loss == "ctc":
        description["blank"] = 0
    save(path, description, tensors)
    print(path, losses[0], losses[-1])


folder = sys.argv[1]
make(folder + "/speech-adam.safetensors", Speech, "adam", 50)
make(folder + "/speech-adamw.safetensors", Speech, "adamw", 20)
make(folder + "/speech-sgd.safetensors", Speech, "sgd", 20)
make(folder + "/speech-infeasible.safetensors", Infeasible, "adam", 5)
make(folder + "/gesture-adam.safetensors", Gesture, "adam", 30)
for cell in ("rnn", "gru", "lstm"):
    make(folder + "/truncated-" + cell + ".safetensors", truncated(cell), "sgd",
         20)
