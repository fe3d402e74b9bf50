# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings that decode-recordings left in a folder, chosen by a recipe."""
import csv
import math
import os

import numpy

from features import RATE


SOURCE_KEYS = {"manifest", "where", "except", "repeat", "limit", "max-seconds"}


class Recordings:
    """samples.i16 and index.tsv of a folder."""

    def __init__(self, folder):
        self.samples = numpy.fromfile(os.path.join(folder, "samples.i16"), "<i2")
        with open(os.path.join(folder, "index.tsv"), encoding="utf-8") as file:
            self.rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        for row in self.rows:
            row["first"], row["length"] = int(row["first"]), int(row["length"])

    def of(self, row):
        return self.samples[row["first"]: row["first"] + row["length"]]

    def choose(self, sources):
        """Rows of a recipe's data.train or data.dev, repeated as it says."""
        chosen = []
        for source in sources:
            if unknown := source.keys() - SOURCE_KEYS:
                raise SystemExit(f"{source['manifest']}: {', '.join(sorted(unknown))} is not known here")
            rows = [row for row in self.rows if row["manifest"] == source["manifest"]
                    and matches(row, source.get("where", {}), True) and matches(row, source.get("except", {}), False)
                    and row["length"] <= source.get("max-seconds", 3600) * RATE]
            limit = source.get("limit", len(rows))
            if len(rows) > limit:
                rows = [rows[i * len(rows) // limit] for i in range(limit)]
            chosen += rows * source.get("repeat", 1)
        return chosen


def matches(row, wanted, all_of_them):
    """Whether each of these columns has one of the values, or none has."""
    hits = [row.get(key) in (values if isinstance(values, list) else [values]) for key, values in wanted.items()]
    return all(hits) if all_of_them else not any(hits)


def make_units(rows, join, random):
    """Rows for an epoch, each a list; short ones joined at random."""
    units, short = [], []
    for row in rows:
        if join and row["corpus"] in join["corpora"] and random.random() < join["share"]:
            short.append(row)
        else:
            units.append([row])
    random.shuffle(short)
    while short:
        most = int(random.integers(join["words"][0], join["words"][1] + 1))
        longest = join.get("max-seconds", 0) * RATE or math.inf
        gap = sum(join["gap"]) / 2 * RATE
        n, length = 1, short[0]["length"]
        while n < min(most, len(short)) and length + gap + short[n]["length"] <= longest:
            length += gap + short[n]["length"]
            n += 1
        units.append(short[:n])
        del short[:n]
    return units


def make_batches(units, seconds, random):
    """Units of about one length together, in an order of chance."""
    order = random.permutation(len(units))
    length = [sum(row["length"] for row in unit) * random.uniform(0.9, 1.1) for unit in units]
    order = sorted(order, key=lambda i: length[i])
    batches, batch = [], []
    for i in order:
        if batch and (len(batch) + 1) * length[i] > seconds * RATE:
            batches.append(batch)
            batch = []
        batch.append(units[i])
    batches.append(batch)
    random.shuffle(batches)
    return batches


def assemble(recordings, batch, gap, random):
    """int16 [N, L] with zeros behind each, the lengths, and the texts."""
    pauses = [[int(random.uniform(*gap) * RATE) if k else 0 for k in range(len(unit))] for unit in batch]
    lengths = [sum(row["length"] for row in unit) + sum(pause) for unit, pause in zip(batch, pauses)]
    samples = numpy.zeros((len(batch), max(lengths)), "<i2")
    for line, unit, pause in zip(samples, batch, pauses):
        at = 0
        for row, silence in zip(unit, pause):
            at += silence
            line[at: at + row["length"]] = recordings.of(row)
            at += row["length"]
    return samples, lengths, [" ".join(row["text"] for row in unit) for unit in batch]
