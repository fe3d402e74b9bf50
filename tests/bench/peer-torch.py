#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One network of bench-peers in PyTorch, on one thread:
peer-torch.py lstm|conv2d|train HIDDEN FRAMES BATCH f32|int8

For each line of standard input, a number of times, does the work that often
and answers with the seconds of processor that it took.
"""

import sys
import time

import torch
from torch import nn

CHANNELS = (3, 16, 32, 64, 64)


def convolutions():
    layers = []
    for n_in, n_out in zip(CHANNELS, CHANNELS[1:]):
        layers += [nn.Conv2d(n_in, n_out, 3, 2, 1), nn.ReLU()]
    return nn.Sequential(*layers)


def train(network, x):
    """What does a step: mean squared error, clipping, Adam."""
    optimiser = torch.optim.Adam(network.parameters(), 1e-4)
    target = torch.rand_like(x)

    def step():
        optimiser.zero_grad()
        nn.functional.mse_loss(network(x)[0], target).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    return step


def answer(work):
    for line in sys.stdin:
        start = time.process_time()
        for _ in range(int(line)):
            work()
        print(time.process_time() - start, flush=True)


def main():
    kind, storage = sys.argv[1], sys.argv[5]
    hidden, n_frames, batch = (int(word) for word in sys.argv[2:5])
    torch.set_num_threads(1)
    if kind in ("lstm", "train"):
        network = nn.LSTM(hidden, hidden)
        x = torch.rand(n_frames, batch, hidden)
    else:
        network = convolutions()
        x = torch.rand(1, 3, 112, 112).to(memory_format=torch.channels_last)
        network = network.to(memory_format=torch.channels_last)
    if kind == "train":
        answer(train(network, x))
        return
    if storage == "int8":
        network = torch.quantization.quantize_dynamic(network, {nn.LSTM})
    network.eval()
    with torch.inference_mode():
        answer(lambda: network(x))


main()
