# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where words stand in recordings, as a model hears them, and where between
words a recording may be cut."""
import array
import csv
import difflib
import os
import subprocess
import tempfile
import wave

RATE = 16000
FRAME = RATE // 100
BATCH = 40  # recordings decoded at a time


def read_rows(path, wanted):
    """The rows of a manifest for which wanted(row) holds, by their files."""
    folder = os.path.dirname(os.path.abspath(path))
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {os.path.join(folder, row["path"]): row for row in rows if wanted(row)}


def hear(model, paths):
    """Path: its words as (start, end, confidence, word), seconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        names.write("\n".join(paths) + "\n")
        names.flush()
        command = [os.environ.get("RNNCORE", "rnncore"), "transcribe", "--model", model]
        command += ["--jobs", "1", "--format", "csv", "--words", "--files-from", names.name]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    heard = {}
    for line in csv.DictReader(lines.splitlines()):
        word = (float(line["start"]), float(line["end"]), float(line["confidence"]), line["word"])
        heard.setdefault(line["file"], []).append(word)
    return heard


def matches(text, heard):
    """Pairs of a word of the text and a word heard, by number, that are the same."""
    match = difflib.SequenceMatcher(None, text.split(), [word[3] for word in heard], False)
    return [(a + k, b + k) for a, b, n in match.get_matching_blocks() for k in range(n)]


def samples_of(paths):
    """Path and samples of each; many in one run of ffmpeg, whose start costs more than they do."""
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, len(paths), BATCH):
            part = paths[first : first + BATCH]
            command = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
            for path in part:
                command += ["-threads", "1", "-i", path]
            for i in range(len(part)):
                name = os.path.join(folder, str(i))
                command += ["-map", f"{i}:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", name]
            subprocess.run(command, check=True)
            for i, path in enumerate(part):
                with open(os.path.join(folder, str(i)), "rb") as file:
                    yield path, array.array("h", file.read())


def power(samples, frame):
    """Mean square of 30 ms about a frame."""
    begin = max(frame - 1, 0) * FRAME
    part = samples[begin : begin + 3 * FRAME]
    return sum(x * x for x in part) / max(len(part), 1)


def softest(samples, first, last):
    """The frame from first to last, whose surroundings of 30 ms are softest."""
    return min(range(first, max(first, last) + 1), key=lambda frame: power(samples, frame))


def write_wave(path, samples):
    with wave.open(path, "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())
