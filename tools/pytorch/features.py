# SPDX-License-Identifier: LGPL-2.1-or-later
"""Log-mel features as rnncore's front end computes them (rnnc-frontend.h)."""
import numpy
import torch

WINDOW, HOP, POINTS, RATE = 400, 160, 512, 16000


def n_frames(n_samples):
    """Whole windows, and one that zeros fill where samples are left."""
    whole = max(0, (n_samples - WINDOW) // HOP + 1)
    rest = n_samples - (whole - 1) * HOP - WINDOW if whole else n_samples
    return whole + (1 if rest > 0 else 0)


def mel(hertz):
    return 1127.0 * numpy.log1p(hertz / 700.0)


def hertz(mel):
    return 700.0 * numpy.expm1(mel / 1127.0)


class LogMel:
    def __init__(self, frontend, device):
        n = frontend["mels"]
        low = mel(frontend.get("fmin", 20))
        step = (mel(frontend.get("fmax", RATE / 2)) - low) / (n + 1)
        bins = torch.tensor([mel(k * RATE / POINTS) for k in range(POINTS // 2 + 1)], dtype=torch.float64)
        centres = low + step * torch.arange(1, n + 1, dtype=torch.float64)
        bands = (1 - (bins[:, None] - centres[None, :]).abs() / step).clamp(min=0)
        self.bands = bands.float().to(device)
        self.hann = torch.hann_window(WINDOW, device=device)
        self.floor = frontend.get("floor", 1e-6)
        self.mean = torch.tensor(frontend["mean"], device=device)
        self.deviation = torch.tensor(frontend["deviation"], device=device)

    def __call__(self, samples, lengths):
        """samples: [N, L], zeros behind each; lengths: list. Normalised
        features [N, T, mels], zeros behind each, and their lengths."""
        frames = torch.tensor([n_frames(n) for n in lengths])
        need = (int(frames.max()) - 1) * HOP + WINDOW
        samples = torch.nn.functional.pad(samples, (0, max(0, need - samples.shape[1])))[:, :need]
        spectrum = torch.fft.rfft(samples.unfold(1, WINDOW, HOP) * self.hann, POINTS)
        power = spectrum.real.square() + spectrum.imag.square()
        features = ((power @ self.bands + self.floor).log() - self.mean) / self.deviation
        steps = torch.arange(features.shape[1], device=samples.device)
        return features * (steps[None] < frames.to(samples.device)[:, None])[..., None], frames
