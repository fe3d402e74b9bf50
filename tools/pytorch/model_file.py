# SPDX-License-Identifier: LGPL-2.1-or-later
"""Model files: safetensors whose metadata "rnncore" is the description."""
import json
import struct

import numpy

DTYPES = {"F32": "<f4", "F16": "<f2"}


def load(path):
    """The description and {name: float32 array}; of f32 and f16 files."""
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    model = json.loads(header.pop("__metadata__")["rnncore"])
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] not in DTYPES:
            raise SystemExit(f"{path}: {name} is {entry['dtype']}; f32 or f16 is needed")
        first, end = (start + at for at in entry["data_offsets"])
        values = numpy.frombuffer(data[first:end], DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).astype("<f4")
    return model, tensors


def save(path, model, tensors, half=False):
    """Writes f32, or with half the matrices f16."""
    header, offset, chunks = {"__metadata__": {"rnncore": json.dumps(model)}}, 0, []
    for name, tensor in tensors.items():
        dtype = "F16" if half and tensor.ndim > 1 else "F32"
        chunk = numpy.ascontiguousarray(tensor, DTYPES[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(chunk)]}
        offset += len(chunk)
        chunks.append(chunk)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for chunk in chunks:
            file.write(chunk)


def describe(model, before):
    """A recipe's model as its file has it: labels and phones written out;
    format, blank and normalisation as in the model before."""
    model = dict(model)
    model.pop("pronunciations", None)
    if "phones" in model:
        model["phones"] = ["<blank>", "|"] + model["phones"].split()
    labels = list(model.pop("letters")) if "letters" in model else model.pop("words")
    model["labels"] = before["labels"][:1] + labels
    model["frontend"] = before["frontend"]
    for key in ("format", "blank"):
        if key in before:
            model[key] = before[key]
    for spec in model["layers"]:
        if spec.get("units") == "labels":
            spec["units"] = len(model["labels"]) + len(model.get("phones", []))
        if spec.get("split") == "labels":
            spec["split"] = len(model["labels"])
    return model
