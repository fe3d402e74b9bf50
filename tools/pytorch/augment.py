# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changing a batch of recordings at random, as rnncore train does on the CPU
(tools/data/audio-augment.c), for all of the batch at once on the device."""
import math

import numpy
import torch

from features import RATE, hertz, mel

TAPS = 16
BAND_TAPS = 129


def between(random, low, high, n):
    return random.uniform(low, high, n)


def fft_convolve(x, response):
    n = x.shape[1] + response.shape[1] - 1
    size = 1 << (n - 1).bit_length()
    return torch.fft.irfft(torch.fft.rfft(x, size) * torch.fft.rfft(response, size), size)[:, :n]


def loudness(x, lengths):
    return (x.square().sum(1) / lengths.clamp(min=1)).sqrt()


class Augmenter:
    """settings: a recipe's "augment"; noises and rooms: lists of float arrays;
    coloured: share of the noise that is made here, white to brown."""

    KEYS = {"speed", "gain", "crop", "pad", "noise", "room", "band", "companding", "clipping", "vocal-tract",
            "time-masks", "frequency-masks"}

    def __init__(self, settings, noises, rooms, coloured, device):
        if set(settings) - self.KEYS:
            raise SystemExit(f"augment: {', '.join(sorted(set(settings) - self.KEYS))}: not known here")
        self.set = settings
        self.share_coloured = coloured
        self.device = device
        self.noises = torch.zeros(len(noises), 5 * RATE, device=device)
        for i, noise in enumerate(noises):
            noise = torch.from_numpy(noise[: 5 * RATE]).to(device)
            self.noises[i] = noise.repeat(math.ceil(5 * RATE / len(noise)))[: 5 * RATE]
        self.noises /= self.noises.square().mean(1, keepdim=True).sqrt() + 1e-6
        self.rooms = torch.zeros(len(rooms), max(map(len, rooms), default=1), device=device)
        for i, room in enumerate(rooms):
            room = room[abs(room).argmax():]
            self.rooms[i, : len(room)] = torch.from_numpy(room)

    def draw(self, random, lengths):
        """Numbers for a batch; the new lengths are among them."""
        s, n = self.set, len(lengths)
        d = {"speed": between(random, *s.get("speed", (1, 1)), n)}
        before, behind = ((between(random, *s.get("pad", (0, 0)), n) * RATE).astype(int)
                          - self.draw_cuts(random, lengths, d["speed"]) for _ in range(2))
        d["before"] = before
        d["lengths"] = [int(length / speed) + b + a for length, speed, b, a in zip(lengths, d["speed"], before, behind)]
        room = s.get("room", {}) if len(self.rooms) else {}
        noise = s.get("noise", {}) if len(self.noises) else {}
        band = s.get("band", {})
        clip = s.get("clipping", {})
        d["room"] = (random.random(n) < room.get("probability", 0)).nonzero()[0]
        d["noise"] = (random.random(n) < noise.get("probability", 0)).nonzero()[0]
        d["clip"] = (random.random(n) < clip.get("probability", 0)).nonzero()[0]
        d["band"] = (random.random(n) < band.get("probability", 0)).nonzero()[0]
        d["compand"] = (random.random(n) < s.get("companding", 0)).nonzero()[0]
        d["which-room"] = random.integers(0, len(self.rooms), len(d["room"]))
        d["which-noise"] = random.integers(0, len(self.noises), len(d["noise"]))
        d["start"] = random.integers(0, 5 * RATE, len(d["noise"]))
        d["coloured"] = random.random(len(d["noise"])) < self.share_coloured
        d["slope"] = between(random, 0, 1, len(d["noise"]))
        d["snr"] = between(random, *noise.get("snr", (20, 20)), len(d["noise"]))
        d["level"] = between(random, *clip.get("level", (-14, -2)), len(d["clip"]))
        d["low"] = between(random, *band.get("low", (50, 350)), len(d["band"]))
        d["high"] = between(random, *band.get("high", (2800, 7000)), len(d["band"]))
        d["gain"] = between(random, *s.get("gain", (0, 0)), n)
        return d

    def draw_cuts(self, random, lengths, speed):
        """Samples to cut off one end of each, after the change of speed."""
        crop = self.set.get("crop", {"probability": 0})
        most = numpy.minimum(crop.get("seconds", 0.1) * RATE, numpy.array(lengths) / 4) / speed
        if crop.get("probability", 0.5) == 0:
            return numpy.zeros(len(lengths), int)
        cut = random.random(len(lengths)) < crop.get("probability", 0.5)
        return (cut * random.random(len(lengths)) * most).astype(int)

    def put(self, array, dtype=torch.float32):
        return torch.as_tensor(array, dtype=dtype).to(self.device, non_blocking=True)

    def __call__(self, x, raw_lengths, d):
        """x: [N, L] float on the device, raw_lengths long: changed samples."""
        lengths = self.put(d["lengths"], torch.long)
        x = self.change_speed(x, raw_lengths, d, max(d["lengths"]))
        for name, change in (("room", self.add_room), ("noise", self.add_noise), ("clip", self.clip),
                             ("band", self.limit_band), ("compand", self.compand)):
            if len(d[name]) > 0:
                rows = self.put(d[name], torch.long)
                x[rows] = change(x[rows], lengths[rows], d)
        x = (x * 10 ** (self.put(d["gain"])[:, None] / 20)).clamp(-1, 1)
        return x * (torch.arange(x.shape[1], device=self.device)[None] < lengths[:, None])

    def change_speed(self, x, raw_lengths, d, longest):
        """A windowed sinc of 16 taps; silence before and behind."""
        speed, before = self.put(d["speed"], torch.float64), self.put(d["before"], torch.float64)
        at = (torch.arange(longest, device=self.device)[None] - before[:, None]) * speed[:, None]
        base = at.floor()
        share = (at - base).float()
        base = base.long()
        out = torch.zeros_like(share)
        for k in range(1 - TAPS // 2, TAPS // 2 + 1):
            index = base + k
            inside = (index >= 0) & (index < raw_lengths[:, None])
            distance = share - k
            weight = torch.sinc(distance) * (0.5 + 0.5 * torch.cos(2 * math.pi / TAPS * distance))
            out += weight * inside * x.gather(1, index.clamp(0, x.shape[1] - 1))
        return out

    def add_room(self, x, lengths, d):
        wet = fft_convolve(x, self.rooms[self.put(d["which-room"], torch.long)])[:, : x.shape[1]]
        return wet * (loudness(x, lengths) / (loudness(wet, lengths) + 1e-9))[:, None]

    def add_noise(self, x, lengths, d):
        start = self.put(d["start"], torch.long)
        index = (start[:, None] + torch.arange(x.shape[1], device=self.device)[None]) % (5 * RATE)
        noise = self.noises[self.put(d["which-noise"], torch.long)].gather(1, index)
        rows = torch.from_numpy(d["coloured"].nonzero()[0])
        if len(rows) > 0:
            rows = rows.to(self.device)
            noise[rows] = self.coloured(len(rows), x.shape[1], self.put(d["slope"])[rows])
        speech = loudness(x, lengths)
        speech = torch.where(speech < 1e-5, torch.full_like(speech, 0.01), speech)
        return x + noise * (speech * 10 ** (-self.put(d["snr"]) / 20))[:, None]

    def coloured(self, n, length, slope):
        """White (slope 0) to brown (1) noise of loudness 1."""
        spectrum = torch.fft.rfft(torch.randn(n, length, device=self.device))
        frequency = torch.arange(1, spectrum.shape[1] + 1, device=self.device)[None] / length * RATE
        noise = torch.fft.irfft(spectrum * (frequency.clamp(min=40) ** -slope[:, None]), length)
        return noise / noise.square().mean(1, keepdim=True).sqrt()

    def clip(self, x, lengths, d):
        most = x.abs().amax(1) * 10 ** (self.put(d["level"]) / 20)
        cut = torch.maximum(torch.minimum(x, most[:, None]), -most[:, None])
        return cut * (loudness(x, lengths) / (loudness(cut, lengths) + 1e-9))[:, None]

    def limit_band(self, x, lengths, d):
        i = torch.arange(BAND_TAPS, device=self.device) - BAND_TAPS // 2
        window = 0.54 + 0.46 * torch.cos(2 * math.pi * i / (BAND_TAPS - 1))
        high, low = ((self.put(d[key]) / RATE).clamp(max=0.5)[:, None] for key in ("high", "low"))
        response = window * (2 * high * torch.sinc(2 * high * i) - 2 * low * torch.sinc(2 * low * i))
        return fft_convolve(x, response)[:, BAND_TAPS // 2:][:, : x.shape[1]]

    def compand(self, x, lengths, d):
        """To 8 bits on the mu-law curve and back (ITU-T G.711)."""
        scale = math.log1p(255)
        code = (127 * torch.log1p(255 * x.abs().clamp(max=1)) / scale).round()
        return x.sign() * torch.expm1(code / 127 * scale) / 255


def change_voices(settings, random, frontend, features):
    """Vocal tract length perturbation (Jaitly and Hinton 2013), as
    tools/data/spectrum-augment.c has it: each band gets what a speaker with a
    longer or shorter vocal tract has there."""
    if "vocal-tract" not in settings:
        return features
    bands = features.shape[2]
    factors = between(random, *settings["vocal-tract"], len(features))[:, None]
    low, high = mel(frontend.get("fmin", 20)), mel(frontend.get("fmax", RATE / 2))
    step = (high - low) / (bands + 1)
    centres = hertz(low + step * numpy.arange(1, bands + 1))[None]
    bend = 0.3 * RATE * numpy.minimum(factors, 1)
    slope = (RATE / 2 - bend) / (RATE / 2 - bend / factors)
    warped = numpy.where(centres <= bend / factors, centres * factors, RATE / 2 - slope * (RATE / 2 - centres))
    at = ((mel(warped) - low) / step - 1).clip(0, bands - 1)
    below = torch.from_numpy(at.astype(int)).to(features.device)[:, None].expand_as(features)
    share = torch.from_numpy((at % 1).astype("<f4")).to(features.device)[:, None]
    return features.gather(2, below) * (1 - share) + features.gather(2, (below + 1).clamp(max=bands - 1)) * share


def mask_spectrum(settings, random, features, frames):
    """SpecAugment (Park et al. 2019): masks are 0, the mean."""
    n, longest, bands = features.shape
    keep = torch.ones(n, longest, bands, dtype=torch.bool, device=features.device)
    for key, axis, size in (("frequency-masks", 2, [bands] * n), ("time-masks", 1, frames.tolist())):
        masks = settings.get(key, {"count": 0})
        at = torch.arange(features.shape[axis], device=features.device)
        for _ in range(masks["count"]):
            widest = [min(masks["width"], s if axis == 2 else s // 5) for s in size]
            width = [random.integers(0, w + 1) for w in widest]
            first = [random.integers(0, s - w + 1) for s, w in zip(size, width)]
            first, width = (torch.tensor(v, device=features.device)[:, None] for v in (first, width))
            masked = (at[None] >= first) & (at[None] < first + width)
            keep &= ~(masked[:, None, :] if axis == 2 else masked[:, :, None])
    return features * keep
