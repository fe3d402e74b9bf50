#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The work of bench-train in PyTorch, for comparison:
/usr/bin/python3 tests/bench/peer-train.py [THREADS [CASES]]"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

n_cases = int(sys.argv[2]) if len(sys.argv) > 2 else 99
threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
torch.set_num_threads(threads)


def bench(name, model, step):
    optimiser = torch.optim.Adam(model.parameters(), 1e-4)
    best = 1e9
    for i in range(6):
        start = time.perf_counter()
        optimiser.zero_grad()
        step().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if i > 0:
            best = min(best, (time.perf_counter() - start) * 1e3)
    print("%-38s %7.1f ms" % (name, best))


def recurrent(name, cls, hidden, layers=1, both=False):
    model = cls(hidden, hidden, layers, bidirectional=both)
    x = torch.rand(200, 16, hidden) * 2 - 1
    target = torch.rand(200, 16, hidden * (2 if both else 1)) * 2 - 1
    bench(name, model, lambda: F.mse_loss(model(x)[0], target))


def speech():
    conv = nn.Conv1d(80, 192, 5, 2, 2, bias=False)
    norm = nn.BatchNorm1d(192)
    rnn = nn.LSTM(192, 256, 2, bidirectional=True)
    head = nn.Linear(512, 29)
    x = torch.rand(16, 80, 400) * 2 - 1
    labels = torch.tensor([[1 + (b * 40 + i) % 9 for i in range(40)]
                           for b in range(16)])

    def step():
        h = F.relu(norm(conv(x))).permute(2, 0, 1).contiguous()
        y = F.log_softmax(head(rnn(h)[0]), -1)
        return F.ctc_loss(y, labels, [200] * 16, [40] * 16)
    bench("speech", nn.ModuleList([conv, norm, rnn, head]), step)


def gesture():
    features = nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.Flatten())
    rnn = nn.GRU(4096, 128)
    head = nn.Linear(128, 10)
    x = torch.rand(32 * 16, 1, 64, 64) * 2 - 1
    labels = torch.arange(16) % 10

    def step():
        h = features(x).view(32, 16, -1)
        return F.cross_entropy(head(rnn(h)[0].mean(0)), labels)
    bench("gesture", nn.ModuleList([features, rnn, head]), step)


for case in [lambda: recurrent("LSTM 256", nn.LSTM, 256),
             lambda: recurrent("LSTM 512", nn.LSTM, 512),
             lambda: recurrent("BiLSTM 2x256", nn.LSTM, 256, 2, True),
             lambda: recurrent("GRU 256", nn.GRU, 256),
             speech, gesture][:n_cases]:
    case()
