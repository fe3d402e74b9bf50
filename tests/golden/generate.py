#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the golden files of the inference tests with PyTorch, in double:

    /usr/bin/python3 tests/golden/generate.py tests/golden

Each file is a model (docs/model-format.md) whose network is built twice: from
its description by us, and here by torch.nn from the same description, whose
state_dict is written as it stands. Two more tensors hold an input and what
PyTorch makes of it. All weights are exact in the type they are stored in."""

import json
import os
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh,
               "sigmoid": torch.sigmoid,
               "softmax": lambda x: torch.softmax(x, -1),
               "log-softmax": lambda x: torch.log_softmax(x, -1)}
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


# --- layers as torch.nn has them; x: [time, features] or [time, h, w, c] ------

def conv1d(layer, shape):
    module = nn.Conv1d(shape[-1], layer["channels"], layer["kernel"],
                       layer.get("stride", 1), bias=layer.get("bias", True))

    def forward(x):
        x = F.pad(x.t()[None], (layer["left"], layer.get("right", 0)))
        return module(x)[0].t()
    return module, forward


def conv2d(layer, shape):
    module = nn.Conv2d(shape[-1], layer["channels"], layer["kernel"],
                       layer.get("stride", 1), layer.get("padding", 0),
                       bias=layer.get("bias", True))
    return module, lambda x: module(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def dense(layer, shape):
    module = nn.Linear(shape[-1], layer["units"], layer.get("bias", True))
    return module, module


def batch_norm(layer, shape):
    kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
    module = kind(shape[-1], eps=layer.get("epsilon", 1e-5))
    nn.init.uniform_(module.weight, -1.5, 1.5)
    nn.init.normal_(module.bias)
    nn.init.normal_(module.running_mean)
    nn.init.uniform_(module.running_var, 0.1, 2)

    def forward(x):
        if x.dim() == 2:
            return module(x)
        return module(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    return module, forward


def recurrent(layer, shape):
    more = {}
    if layer["type"] == "rnn":
        more["nonlinearity"] = layer.get("nonlinearity", "tanh")
    module = CELLS[layer["type"]](shape[-1], layer["hidden"],
                                  layer.get("layers", 1),
                                  layer.get("bias", True),
                                  bidirectional=layer.get("bidirectional",
                                                          False), **more)
    for name, weight in module.named_parameters():
        if layer.get("nonlinearity") != "relu":
            weight.data *= 1.7  # well into the nonlinearities
    return module, lambda x: module(x[:, None])[0][:, 0]


def make_layer(layer, shape):
    kind = layer["type"]
    if kind in ACTIVATIONS:
        return None, ACTIVATIONS[kind]
    if kind in CELLS:
        return recurrent(layer, shape)
    if kind == "dropout":
        return None, lambda x: x
    if kind == "flatten":
        return None, lambda x: x.permute(0, 3, 1, 2).flatten(1)
    if kind == "mean-over-time":
        return None, lambda x: x.mean(0, keepdim=True)
    if kind == "last-step":
        return None, lambda x: x[-1:]
    return {"conv1d": conv1d, "conv2d": conv2d, "dense": dense,
            "batch-norm": batch_norm}[kind](layer, shape)


# --- the container ------------------------------------------------------------

def stored(tensor, dtype):
    """Bytes of a tensor, and the numbers that they stand for."""
    if dtype == "F16":
        half = tensor.half()
        return half.numpy().tobytes(), half.double(), None
    if dtype == "BF16":
        bits = tensor.bfloat16()
        return (bits.view(torch.int16).numpy().astype("<i2").tobytes(),
                bits.double(), None)
    if dtype == "I8":
        rows = tensor.flatten(1)
        scale = (rows.abs().amax(1) / 127).float().double()
        whole = (rows / scale[:, None]).round().clamp(-127, 127)
        return (whole.to(torch.int8).numpy().tobytes(),
                (whole * scale[:, None]).view_as(tensor), scale)
    if dtype == "I64":
        return struct.pack("<%dq" % tensor.numel(),
                           *tensor.flatten().tolist()), tensor, None
    flat = tensor.float()
    return flat.numpy().astype("<f4").tobytes(), flat.double(), None


class Container:
    def __init__(self, description):
        self.header = {"__metadata__": {"rnncore": json.dumps(description)}}
        self.data = b""

    def add(self, name, tensor, dtype="F32"):
        """Returns the numbers as they are stored."""
        data, numbers, scale = stored(tensor.detach().contiguous(), dtype)
        self.header[name] = {
            "dtype": dtype, "shape": list(tensor.shape),
            "data_offsets": [len(self.data), len(self.data) + len(data)]}
        self.data += data
        if scale is not None:
            self.add(name + ".scale", scale)
        return numbers

    def write(self, path):
        text = json.dumps(self.header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + self.data)


# --- cases --------------------------------------------------------------------

def frame_shape(frontend):
    if frontend["type"] == "none":
        return [frontend["features"]]
    channels = 3 if frontend.get("colour") else 1
    if frontend.get("difference"):
        channels *= 2
    return [frontend["height"], frontend["width"], channels]


def make_case(folder, name, frontend, layers, n_frames, storage="F32"):
    torch.manual_seed(sum(name.encode()) + len(name))
    shape = frame_shape(frontend)
    x = torch.randn([n_frames] + shape).float().double()
    description = {"format": 1, "task": "test", "frontend": frontend,
                   "layers": layers, "labels": []}
    file = Container(description)
    y = file.add("golden.input", x)
    for index, layer in enumerate(layers):
        module, forward = make_layer(layer, list(y.shape[1:]))
        if module is not None:
            prefix = layer.get("name", "layer%d" % index)
            module.eval()
            for key, tensor in module.state_dict().items():
                dtype = storage if tensor.dim() > 1 else "F32"
                if not tensor.is_floating_point():
                    dtype = "I64"
                tensor.copy_(file.add(prefix + "." + key, tensor, dtype))
        with torch.no_grad():
            y = forward(y)
    file.add("golden.output", y.reshape(y.shape[0], -1))
    file.write(os.path.join(folder, name + ".safetensors"))


def vector(n):
    return {"type": "none", "features": n}


def image(width, height, **more):
    return dict({"type": "video", "width": width, "height": height}, **more)


def conv1d_cases():
    for name, kernel, stride, left, right, bias in [
            ("causal", 5, 1, 4, 0, True), ("centred", 5, 1, 2, 2, True),
            ("stride-2", 5, 2, 2, 2, True), ("stride-3", 4, 3, 2, 1, False),
            ("stride-beyond-kernel", 2, 5, 0, 1, True),
            ("ahead", 4, 1, 0, 3, True), ("one", 1, 1, 0, 0, False)]:
        yield "conv1d-" + name, vector(7), [
            {"type": "conv1d", "name": "conv", "channels": 19,
             "kernel": kernel, "stride": stride, "left": left, "right": right,
             "bias": bias}], 23
    yield "conv1d-shorter-than-kernel", vector(3), [
        {"type": "conv1d", "channels": 5, "kernel": 9, "left": 4,
         "right": 4}], 2
    yield "conv1d-batch-norm", vector(6), [
        {"type": "conv1d", "name": "conv", "channels": 17, "kernel": 3,
         "left": 1, "right": 1, "bias": False},
        {"type": "batch-norm", "name": "norm"}, {"type": "relu"}], 15


def conv2d_cases():
    for name, frontend, more in [
            ("square", image(7, 5), {"kernel": 3}),
            ("padding", image(8, 6, colour=True), {"kernel": 3, "padding": 1}),
            ("stride", image(9, 7, difference=True),
             {"kernel": 3, "stride": 2, "padding": 1}),
            ("rectangle", image(11, 6, colour=True, difference=True),
             {"kernel": [2, 5], "stride": [1, 3], "padding": [1, 2]}),
            ("wide-padding", image(5, 5),
             {"kernel": [1, 3], "padding": [0, 2], "bias": False}),
            ("whole", image(4, 3, colour=True), {"kernel": [3, 4]})]:
        yield "conv2d-" + name, frontend, [
            dict({"type": "conv2d", "name": "conv", "channels": 9},
                 **more)], 3
    yield "conv2d-batch-norm", image(8, 7, colour=True), [
        {"type": "conv2d", "name": "conv", "channels": 18, "kernel": 3,
         "stride": 2, "padding": 1, "bias": False},
        {"type": "batch-norm", "name": "norm"}, {"type": "relu"}], 3


def plain_cases():
    yield "dense", vector(13), [{"type": "dense", "name": "fc",
                                 "units": 35}], 9
    yield "dense-no-bias", vector(5), [
        {"type": "dense", "name": "fc", "units": 3, "bias": False}], 9
    yield "dense-batch-norm", vector(5), [
        {"type": "dense", "units": 11}, {"type": "batch-norm"}], 9
    for storage in ["F16", "BF16", "I8"]:
        yield "dense-" + storage.lower(), vector(13), [
            {"type": "dense", "name": "fc", "units": 35}], 9, storage
    yield "batch-norm", vector(21), [
        {"type": "batch-norm", "name": "norm", "epsilon": 0.01}], 9
    yield "batch-norm-after-relu", vector(6), [
        {"type": "dense", "name": "fc", "units": 20}, {"type": "relu"},
        {"type": "batch-norm", "name": "norm"}], 9
    yield "batch-norm-image", image(5, 4, colour=True), [
        {"type": "relu"}, {"type": "batch-norm", "name": "norm"}], 3
    for name in ACTIVATIONS:
        yield name, vector(19), [{"type": name}], 7
    yield "softmax-image", image(3, 2, colour=True), [{"type": "softmax"}], 2
    yield "dropout", vector(4), [{"type": "dropout", "rate": 0.5}], 5
    yield "flatten", image(5, 3, colour=True, difference=True), [
        {"type": "flatten"}], 3
    yield "mean-over-time", vector(9), [{"type": "mean-over-time"}], 21
    yield "last-step", vector(9), [{"type": "last-step"}], 21


def recurrent_cases():
    kinds = [("rnn", {"nonlinearity": "tanh"}), ("rnn", {"nonlinearity":
                                                         "relu"}),
             ("gru", {}), ("lstm", {})]
    for kind, more in kinds:
        base = "-".join([kind] + list(more.values()))
        for suffix, n_in, options in [
                ("", 7, {"hidden": 17}),
                ("-33", 5, {"hidden": 33}),
                ("-2-layers", 6, {"hidden": 5, "layers": 2}),
                ("-no-bias", 3, {"hidden": 5, "bias": False}),
                ("-both-ways", 4, {"hidden": 5, "bidirectional": True,
                                   "chunk": 64}),
                ("-both-ways-2-layers", 5,
                 {"hidden": 9 if kind == "lstm" else 17, "layers": 2,
                  "bidirectional": True, "chunk": 40, "look-ahead": 3})]:
            layer = dict({"type": kind, "name": "rnn"}, **more)
            yield base + suffix, vector(n_in), [dict(layer, **options)], 29
    yield "lstm-f16", vector(7), [
        {"type": "lstm", "name": "rnn", "hidden": 17}], 29, "F16"


def stack_cases():
    yield "stack-speech", vector(12), [
        {"type": "conv1d", "name": "conv1", "channels": 16, "kernel": 5,
         "stride": 2, "left": 2, "right": 2, "bias": False},
        {"type": "batch-norm", "name": "norm1"}, {"type": "relu"},
        {"type": "dropout"},
        {"type": "conv1d", "name": "conv2", "channels": 14, "kernel": 3,
         "left": 2},
        {"type": "relu"},
        {"type": "lstm", "name": "rnn", "hidden": 17, "layers": 2},
        {"type": "dense", "name": "head", "units": 11},
        {"type": "log-softmax"}], 37
    yield "stack-gesture", image(10, 9, colour=True, difference=True), [
        {"type": "conv2d", "name": "conv1", "channels": 7, "kernel": 3,
         "stride": 2, "padding": 1, "bias": False},
        {"type": "batch-norm", "name": "norm1"}, {"type": "relu"},
        {"type": "conv2d", "name": "conv2", "channels": 5, "kernel": [3, 2],
         "stride": 2},
        {"type": "tanh"}, {"type": "flatten"},
        {"type": "lstm", "name": "rnn", "hidden": 10, "bidirectional": True},
        {"type": "mean-over-time"},
        {"type": "dense", "name": "head", "units": 6},
        {"type": "softmax"}], 13
    yield "stack-frame-tagger", image(6, 6), [
        {"type": "flatten"}, {"type": "dense", "units": 12},
        {"type": "sigmoid"}, {"type": "gru", "hidden": 5},
        {"type": "last-step"}, {"type": "dense", "units": 3}], 11


def main():
    folder = sys.argv[1]
    for cases in [conv1d_cases, conv2d_cases, plain_cases, recurrent_cases,
                  stack_cases]:
        for case in cases():
            make_case(folder, *case)


if __name__ == "__main__":
    main()
