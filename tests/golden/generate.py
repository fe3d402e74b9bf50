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
               "sigmoid": torch.sigmoid, "gelu": F.gelu,
               "softmax": lambda x: torch.softmax(x, -1),
               "log-softmax": lambda x: torch.log_softmax(x, -1)}
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


# --- layers as torch.nn has them; x: [time, features] or [time, h, w, c] ------

def conv1d(layer, shape):
    module = nn.Conv1d(shape[-1], layer["channels"], layer["kernel"],
                       layer.get("stride", 1), bias=layer.get("bias", True),
                       dilation=layer.get("dilation", 1),
                       groups=layer.get("groups", 1))

    def forward(x):
        x = F.pad(x.t()[None], (layer["left"], layer.get("right", 0)))
        return module(x)[0].t()
    return module, forward


def conv2d(layer, shape):
    module = nn.Conv2d(shape[-1], layer["channels"], layer["kernel"],
                       layer.get("stride", 1), layer.get("padding", 0),
                       bias=layer.get("bias", True),
                       dilation=layer.get("dilation", 1),
                       groups=layer.get("groups", 1))
    return module, lambda x: module(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def frame_conv1d(layer, shape):
    padding = layer.get("padding", 0)
    if not isinstance(padding, list):
        padding = [padding, padding]
    module = nn.Conv1d(shape[-1], layer["channels"], layer["kernel"],
                       layer.get("stride", 1), bias=layer.get("bias", True),
                       dilation=layer.get("dilation", 1),
                       groups=layer.get("groups", 1))

    def forward(x):  # [time, 1, width, channels]
        x = F.pad(x[:, 0].permute(0, 2, 1), padding)
        return module(x).permute(0, 2, 1)[:, None]
    return module, forward


def pool1d(layer, shape):
    """Each input frame whose number the stride divides begins a window (but
    for "left"); the ends are cut off."""
    kernel = layer["kernel"]
    stride = layer.get("stride", kernel)
    left = layer.get("left", 0)
    average = "average" in layer["type"]

    def windows(x):
        return torch.stack([
            (torch.mean if average else torch.amax)(
                x[max(t - left, 0):t + kernel - left], 0)
            for t in range(0, x.shape[0], stride)])
    if left > 0 or kernel > stride:
        return None, windows
    # where no windows overlap, that is PyTorch's ceil_mode
    module = (nn.AvgPool1d if average else nn.MaxPool1d)(
        kernel, stride, ceil_mode=True)
    return None, lambda x: module(x.t()[None])[0].t()


def pool2d(layer, shape):
    more = {}
    if "average" in layer["type"]:
        more["count_include_pad"] = layer.get("count-padding", True)
    kind = nn.AvgPool2d if "average" in layer["type"] else nn.MaxPool2d
    module = kind(layer["kernel"], layer.get("stride", None),
                  layer.get("padding", 0), **more)
    return None, lambda x: module(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def embedding(layer, shape):
    module = nn.Embedding(layer["entries"], layer["units"])
    return module, lambda x: module(x.long()).flatten(1)


def layer_norm(layer, shape):
    module = nn.LayerNorm(shape[-1], eps=layer.get("epsilon", 1e-5),
                          elementwise_affine=layer.get("affine", True))
    if layer.get("affine", True):
        nn.init.uniform_(module.weight, -1.5, 1.5)
        nn.init.normal_(module.bias)
    return module, module


def magnitude(layer, shape):
    half = shape[-1] // 2
    return None, lambda x: torch.complex(x[..., :half], x[..., half:]).abs()


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
    if "projection" in layer:
        more["proj_size"] = layer["projection"]
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
    if kind == "leaky-relu":
        return None, lambda x: F.leaky_relu(x, layer.get("slope", 0.01))
    if kind == "flatten":
        return None, lambda x: x.permute(0, 3, 1, 2).flatten(1)
    if kind == "unflatten":
        size = [layer.get(k, 1) for k in ["channels", "height", "width"]]
        return None, lambda x: x.unflatten(1, size).permute(0, 2, 3, 1)
    if kind in ["add", "multiply", "concatenate"]:
        return None, {"add": lambda *x: sum(x),
                      "multiply": lambda *x: torch.stack(x).prod(0),
                      "concatenate": lambda *x: torch.cat(x, -1)}[kind]
    if kind == "mean-over-time":
        return None, lambda x: x.mean(0, keepdim=True)
    if kind == "last-step":
        return None, lambda x: x[-1:]
    return {"conv1d": conv1d, "conv2d": conv2d, "dense": dense,
            "frame-conv1d": frame_conv1d,
            "max-pool1d": pool1d, "average-pool1d": pool1d,
            "max-pool2d": pool2d, "average-pool2d": pool2d,
            "embedding": embedding, "layer-norm": layer_norm,
            "magnitude": magnitude,
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
    if frontend["type"] == "waveform":
        return [1, frontend["window"], 1]
    channels = 3 if frontend.get("colour") else 1
    if frontend.get("difference"):
        channels *= 2
    return [frontend["height"], frontend["width"], channels]


def make_input(n_frames, shape, layers):
    if layers[0]["type"] == "embedding":
        return torch.randint(layers[0]["entries"], [n_frames] + shape).double()
    return torch.randn([n_frames] + shape).float().double()


def make_case(folder, name, frontend, layers, n_frames, storage="F32"):
    torch.manual_seed(sum(name.encode()) + len(name))
    shape = frame_shape(frontend)
    x = make_input(n_frames, shape, layers)
    description = {"format": 1, "task": "test", "frontend": frontend,
                   "layers": layers, "labels": []}
    file = Container(description)
    y = file.add("golden.input", x)
    values = {"frontend": y}
    for index, layer in enumerate(layers):
        prefix = layer.get("name", "layer%d" % index)
        inputs = [values[i] for i in layer.get("inputs", [])]
        if not inputs:
            inputs = [values[layer["input"]] if "input" in layer else y]
        module, forward = make_layer(layer, list(inputs[0].shape[1:]))
        if module is not None:
            module.eval()
            for key, tensor in module.state_dict().items():
                dtype = storage if tensor.dim() > 1 else "F32"
                if not tensor.is_floating_point():
                    dtype = "I64"
                key = layer.get("tensors", {}).get(key, prefix + "." + key)
                tensor.copy_(file.add(key, tensor, dtype))
        with torch.no_grad():
            y = values[prefix] = forward(*inputs)
    file.add("golden.output", y.flatten(1))
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


def more_convolution_cases():
    for name, kernel, more in [
            ("dilated", 3, {"dilation": 4, "left": 8}),
            ("dilated-ahead", 4, {"dilation": 2, "stride": 2, "left": 2,
                                  "right": 4}),
            ("groups", 3, {"groups": 3, "left": 1, "right": 1}),
            ("depthwise", 5, {"groups": 9, "channels": 9, "left": 4}),
            ("depthwise-dilated", 3, {"groups": 9, "channels": 9, "left": 6,
                                      "dilation": 3, "bias": False}),
            ("groups-of-one", 2, {"groups": 9, "channels": 18, "left": 1})]:
        yield "conv1d-" + name, vector(9), [
            dict({"type": "conv1d", "name": "conv", "channels": 21,
                  "kernel": kernel}, **more), {"type": "batch-norm"}], 23
    for name, more in [
            ("dilated", {"kernel": 3, "dilation": 2, "padding": 2}),
            ("groups", {"kernel": [3, 2], "groups": 2, "padding": 1}),
            ("depthwise", {"kernel": 3, "groups": 6, "channels": 6,
                           "stride": [1, 2]})]:
        yield "conv2d-" + name, image(9, 8, colour=True, difference=True), [
            dict({"type": "conv2d", "name": "conv", "channels": 8}, **more),
            {"type": "batch-norm"}], 3
    wave = {"type": "waveform", "window": 40}
    for name, more in [
            ("plain", {"kernel": 16, "stride": 8, "bias": False}),
            ("sides", {"kernel": 5, "stride": 3, "padding": [4, 1]}),
            ("dilated", {"kernel": 3, "dilation": 7, "padding": 9})]:
        yield "frame-conv1d-" + name, wave, [
            dict({"type": "frame-conv1d", "name": "conv", "channels": 10},
                 **more)], 4
    yield "frame-conv1d-spectrum", wave, [
        {"type": "frame-conv1d", "name": "stft", "channels": 18, "kernel": 16,
         "stride": 8, "bias": False}, {"type": "magnitude"},
        {"type": "frame-conv1d", "channels": 12, "kernel": 3, "groups": 3,
         "padding": 1}, {"type": "leaky-relu"}, {"type": "flatten"},
        {"type": "dense", "units": 5}], 4


def pooling_cases():
    for kind in ["max", "average"]:
        for name, more in [
                ("plain", {"kernel": 3}),
                ("overlapping", {"kernel": 5, "stride": 2}),
                ("centred", {"kernel": 4, "stride": 3, "left": 2}),
                ("causal", {"kernel": 3, "stride": 1, "left": 2}),
                ("gaps", {"kernel": 2, "stride": 5, "left": 0})]:
            n = 23 if name != "plain" else 22
            yield "%s-pool1d-%s" % (kind, name), vector(7), [
                dict({"type": kind + "-pool1d"}, **more)], n
        for name, more in [
                ("plain", {"kernel": 2}),
                ("padded", {"kernel": 3, "stride": 2, "padding": 1}),
                ("sides", {"kernel": [2, 3], "stride": [1, 2],
                           "padding": [0, 1]}),
                ("all", {"kernel": [7, 9]})]:
            yield "%s-pool2d-%s" % (kind, name), image(9, 7, colour=True), [
                dict({"type": kind + "-pool2d"}, **more)], 3
    yield "average-pool2d-uncounted", image(9, 7, colour=True), [
        {"type": "average-pool2d", "kernel": 3, "padding": 1,
         "count-padding": False}], 3


def more_plain_cases():
    yield "embedding", vector(1), [
        {"type": "embedding", "name": "e", "entries": 11, "units": 6},
        {"type": "gru", "hidden": 5}], 17
    yield "embedding-several", vector(3), [
        {"type": "embedding", "name": "e", "entries": 11, "units": 6}], 9
    yield "layer-norm", vector(21), [
        {"type": "layer-norm", "name": "norm", "epsilon": 0.01}], 9
    yield "layer-norm-plain", vector(21), [
        {"type": "layer-norm", "affine": False}], 9
    yield "layer-norm-image", image(5, 4, colour=True), [
        {"type": "layer-norm", "name": "norm"}], 3
    for name, more in [("leaky-relu", {}), ("leaky-relu-steep",
                                            {"slope": 0.3})]:
        yield name, vector(19), [dict({"type": "leaky-relu"}, **more)], 7
    yield "magnitude", vector(14), [{"type": "magnitude"}], 7
    yield "unflatten", vector(24), [
        {"type": "unflatten", "height": 2, "width": 3, "channels": 4},
        {"type": "conv2d", "channels": 5, "kernel": 2}], 5
    yield "tensor-names", vector(5), [
        {"type": "lstm", "name": "rnn", "hidden": 4, "tensors": {
            "weight_ih_l0": "cell.weight_ih", "weight_hh_l0": "cell.weight_hh",
            "bias_ih_l0": "cell.bias_ih", "bias_hh_l0": "cell.bias_hh"}},
        {"type": "dense", "units": 3, "tensors": {"weight": "w"}}], 9
    for name, more in [("", {}), ("-2-layers", {"layers": 2}),
                       ("-both-ways", {"layers": 2, "bidirectional": True,
                                       "chunk": 64}),
                       ("-no-bias", {"bias": False})]:
        yield "lstm-projection" + name, vector(6), [
            dict({"type": "lstm", "name": "rnn", "hidden": 17,
                  "projection": 5}, **more)], 19


def join_cases():
    """Branches that are later than others; batch norms read by two."""
    def conv(name, before, **more):
        return dict({"type": "conv1d", "name": name, "input": before,
                     "channels": 6, "kernel": 3, "left": 1, "right": 1},
                    **more)
    yield "add-residual", vector(6), [
        conv("a", "frontend"), {"type": "relu"},
        conv("b", "layer1", kernel=7, left=1, right=5),
        {"type": "add", "inputs": ["b", "frontend"]}, {"type": "relu"}], 25
    yield "multiply-gate", vector(6), [
        conv("a", "frontend"), {"type": "tanh", "name": "t"},
        conv("b", "frontend", kernel=4, left=0, right=3),
        {"type": "sigmoid", "name": "s"},
        {"type": "multiply", "inputs": ["t", "s"]}], 25
    yield "concatenate", vector(5), [
        conv("a", "frontend", stride=2),
        conv("b", "frontend", stride=2, kernel=9, left=3, right=5,
             channels=3),
        {"type": "max-pool1d", "name": "c", "input": "frontend", "kernel": 2},
        {"type": "concatenate", "inputs": ["a", "b", "c", "a"]},
        {"type": "gru", "hidden": 4}], 33
    yield "concatenate-images", image(6, 5, colour=True), [
        {"type": "conv2d", "name": "a", "channels": 4, "kernel": 3,
         "padding": 1},
        {"type": "conv2d", "name": "b", "channels": 5, "kernel": 1,
         "input": "frontend"},
        {"type": "concatenate", "inputs": ["a", "b", "frontend"]}], 3
    yield "relu-of-two-readers", image(14, 6), [
        {"type": "conv2d", "name": "a", "channels": 18, "kernel": 3,
         "padding": 1},
        {"type": "relu", "name": "r"},
        {"type": "concatenate", "inputs": ["a", "r"]},
        {"type": "conv2d", "name": "b", "channels": 20, "kernel": 1},
        {"type": "batch-norm", "name": "n"}, {"type": "dropout"},
        {"type": "relu"},
        {"type": "conv2d", "name": "c", "channels": 3, "kernel": [2, 4]},
        {"type": "relu"}], 3
    yield "batch-norm-of-two-readers", vector(6), [
        conv("a", "frontend"), {"type": "batch-norm", "name": "n"},
        {"type": "add", "inputs": ["n", "a"]},
        {"type": "dropout", "name": "d"}, {"type": "relu"},
        {"type": "add", "inputs": ["d", "layer4"]}], 11
    yield "deep-residual", vector(6), [
        conv("a", "frontend", kernel=3, left=0, right=2),
        {"type": "add", "name": "r1", "inputs": ["frontend", "a"]},
        conv("b", "r1", dilation=3, left=3, right=3), {"type": "gelu"},
        {"type": "layer-norm", "name": "n"},
        {"type": "add", "name": "r2", "inputs": ["n", "r1"]},
        {"type": "max-pool1d", "kernel": 2, "name": "p"},
        {"type": "lstm", "name": "rnn", "hidden": 6, "bidirectional": True,
         "projection": 3, "chunk": 40},
        {"type": "add", "name": "r3", "inputs": ["rnn", "p"]},
        {"type": "mean-over-time", "name": "mean"},
        {"type": "last-step", "name": "last", "input": "r3"},
        {"type": "concatenate", "inputs": ["mean", "last"]},
        {"type": "dense", "units": 3}, {"type": "log-softmax"}], 30


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
    # the example of docs/model-format.md
    yield "stack-conv-lstm-linear", vector(3), [
        {"type": "conv1d", "name": "conv", "channels": 8, "kernel": 5,
         "left": 2, "right": 2}, {"type": "relu"},
        {"type": "lstm", "name": "lstm", "hidden": 6},
        {"type": "dense", "name": "fc", "units": 2}], 20
    yield "stack-frame-tagger", image(6, 6), [
        {"type": "flatten"}, {"type": "dense", "units": 12},
        {"type": "sigmoid"}, {"type": "gru", "hidden": 5},
        {"type": "last-step"}, {"type": "dense", "units": 3}], 11


def main():
    folder = sys.argv[1]
    for cases in [conv1d_cases, conv2d_cases, plain_cases,
                  more_convolution_cases, pooling_cases, more_plain_cases,
                  join_cases, recurrent_cases, stack_cases]:
        for case in cases():
            make_case(folder, *case)


if __name__ == "__main__":
    main()
