# SPDX-License-Identifier: LGPL-2.1-or-later
"""The networks of model files in PyTorch, layer by layer, for training."""
import torch
from torch import nn
from torch.nn import functional


class Network(nn.Module):
    """A chain of conv1d, batch-norm, relu, lstm, dropout, dense and embedding
    layers; log-softmax is left to the loss. Batch norms keep their statistics
    and learn weight and bias alone."""

    def __init__(self, model, tensors):
        super().__init__()
        self.specs = [spec for spec in model["layers"] if spec["type"] != "log-softmax"]
        features = model["frontend"].get("mels", 1)
        for spec in self.specs:
            features = self.add(spec, features)
        self.take(tensors)

    def take(self, tensors):
        """The tensors that fit; a last layer for other labels begins anew."""
        mine = self.state_dict()
        fitting = {name: torch.from_numpy(tensor) for name, tensor in tensors.items()
                   if mine[name].shape == tensor.shape}
        for name in tensors.keys() - fitting.keys():
            print(f"{name} begins anew: its shape differs")
        self.load_state_dict(fitting, strict=False)

    def add(self, spec, features):
        kind = spec["type"]
        if kind == "conv1d":
            module = nn.Conv1d(features, spec["channels"], spec["kernel"], spec.get("stride", 1),
                               bias=spec.get("bias", True))
            features = spec["channels"]
        elif kind == "batch-norm":
            module = nn.BatchNorm1d(features)
        elif kind == "embedding":
            module = nn.Embedding(spec["entries"], spec["units"])
            features = spec["units"]
        elif kind == "lstm":
            both = spec.get("bidirectional", False)
            module = nn.LSTM(features, spec["hidden"], spec.get("layers", 1), batch_first=True,
                             dropout=spec.get("dropout", 0), bidirectional=both)
            features = spec["hidden"] * (1 + both)
        elif kind == "dense":
            module = nn.Linear(features, spec["units"])
            features = spec["units"]
        elif kind in ("relu", "dropout"):
            return features
        else:
            raise SystemExit(f"layer type {kind} is not known here")
        self.add_module(spec["name"], module)
        return features

    def tensors(self):
        return {name: tensor.detach().float().cpu().numpy() for name, tensor in self.state_dict().items()
                if not name.endswith("num_batches_tracked")}

    def forward(self, x, lengths):
        """x: [N, T, features], zeros behind the lengths (a CPU tensor);
        gives [N, T', labels] and the new lengths."""
        for spec in self.specs:
            kind = spec["type"]
            module = getattr(self, spec["name"]) if "name" in spec and kind not in ("relu", "dropout") else None
            if kind == "conv1d":
                x, lengths = convolve(spec, module, x, lengths)
            elif kind == "batch-norm":
                x = functional.batch_norm(x.transpose(1, 2), module.running_mean, module.running_var, module.weight,
                                          module.bias, eps=module.eps).transpose(1, 2)
            elif kind == "relu":
                x = mask(torch.relu(x), lengths)
            elif kind == "dropout":
                x = functional.dropout(x, spec["rate"], self.training)
            elif kind == "lstm":
                x = run_lstm(module, x, lengths)
            else:
                x = module(x)
        return x, lengths


def mask(x, lengths):
    steps = torch.arange(x.shape[1], device=x.device)
    return x * (steps[None, :] < lengths.to(x.device, non_blocking=True)[:, None])[..., None]


def convolve(spec, module, x, lengths):
    kernel, stride = spec["kernel"], spec.get("stride", 1)
    right = spec.get("right", 0)
    left = spec.get("left", kernel - 1 - right)
    x = module(functional.pad(x.transpose(1, 2), (left, right))).transpose(1, 2)
    return x, (lengths + left + right - kernel) // stride + 1


def run_lstm(module, x, lengths):
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return nn.utils.rnn.pad_packed_sequence(module(packed)[0], batch_first=True, total_length=x.shape[1])[0]
