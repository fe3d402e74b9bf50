#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The work of bench-inference in PyTorch, one thread, in the same run:
/usr/bin/python3 tests/bench/peer-inference.py build/tests/bench/bench-inference

Prints microseconds per input frame of both and how many times longer PyTorch
takes. Weights are random: the time does not depend on them. A bidirectional
core has no frame-by-frame twin in PyTorch, so that its stream is not compared.
"""

import subprocess
import sys
import time

import torch
from torch import nn

N_REPEATS = 5


class Speech(nn.Module):
    def __init__(self, bidirectional):
        super().__init__()
        self.conv = nn.Conv1d(80, 192, 5, stride=2)
        self.core = nn.LSTM(192, 256, 2, bidirectional=bidirectional)
        self.head = nn.Linear(512 if bidirectional else 256, 29)

    def forward(self, x, state=None):
        """x [time, 80], with its two frames of context on either side"""
        x = torch.relu(self.conv(x.t()[None]))[0].t()
        x, state = self.core(x, state)
        return torch.log_softmax(self.head(x), -1), state


class Gesture(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU(), nn.Flatten())
        self.core = nn.GRU(64 * 8 * 8, 128)

    def forward(self, x, state=None):
        return self.core(self.convs(x), state)


def context(x, first, n):
    """Frames first - 2 ... first + n + 1, zeros outside."""
    padded = nn.functional.pad(x, (0, 0, 2, 2))
    return padded[first:first + n + 4]


def best_of(work, n_frames):
    best = 1e9
    for _ in range(N_REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1e6 / n_frames


def streamed(model, pieces):
    def work():
        state = None
        for piece in pieces:
            _, state = model(piece, state)
    return work


def cases():
    sequence = torch.rand(1000, 256)
    yield "LSTM 256", nn.LSTM(256, 256), sequence, sequence.split(1)
    sequence = torch.rand(1000, 512)
    yield "GRU 512", nn.GRU(512, 512), sequence, sequence.split(1)
    sequence = torch.rand(1000, 80)
    yield ("speech: conv 192, LSTM 2x256", Speech(False),
           context(sequence, 0, 999),
           [context(sequence, t, 1).clone() for t in range(0, 1000, 2)])
    yield ("speech: conv 192, BiLSTM 2x256", Speech(True),
           context(sequence, 0, 999), None)
    clip = torch.rand(60, 1, 64, 64)
    yield "gesture: 3 convs on 64x64, GRU 128", Gesture(), clip, clip.split(1)


def main():
    torch.set_num_threads(1)
    lines = subprocess.run(sys.argv[1:2], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    ours = {tuple(key): float(value)
            for *key, value in (line.split("\t") for line in lines)}
    print("%-38s %-7s %9s %9s %6s" % ("us per input frame", "", "rnncore",
                                      "PyTorch", "times"))
    with torch.inference_mode():
        for name, model, whole, pieces in cases():
            n_frames = 60 if name.startswith("gesture") else 1000
            rows = [("whole", best_of(lambda: model(whole), n_frames))]
            if pieces is not None:
                rows.append(("stream",
                             best_of(streamed(model, pieces), n_frames)))
            for kind, peer in rows:
                own = ours[name, kind]
                print("%-38s %-7s %9.2f %9.2f %6.1f"
                      % (name, kind, own, peer, peer / own))


main()
