"""`compat = "seed"`: AnNOTEator's arithmetic as it is, its traps included (seed, sections 2b to 2e).

Checked against upstream's `inference/input_transform.py` and `inference/prediction.py`. The traps are marked; the tuned
listener mends them. Only what would crash upstream is done otherwise, and memory is bounded.
"""

from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
from librosa.onset import onset_detect
from pedalboard import Compressor, Pedalboard

from backbeat.engines.annoteator.clips import CLIP_SAMPLES, mel_power
from backbeat.engines.annoteator.onsets import Flux, blocks, onset_strength
from backbeat.engines.annoteator.outputs import OUTPUTS, BoolArray, Heard, Network
from backbeat.monitor import Monitor
from backbeat.records import FloatArray, IntArray, TimeArray
from backbeat.values import ANALYSIS_RATE_HZ

FAST_BPM = 110.0
SLOW_HOP_SAMPLES, FAST_HOP_SAMPLES = 1024, 512
DETECT_HOP_SAMPLES = 512
"""librosa's default, which upstream leaves to `onset_detect` whatever hop the envelope has."""

BATCH_ONSETS = 64


def listen_as_seed(
    samples: FloatArray, tempo_bpm: float, network: Network, monitor: Monitor, report: Callable[[float], None]
) -> Heard:
    """What upstream hears in mono `samples`, float32 (n,) at `ANALYSIS_RATE_HZ`, at that tempo."""
    onsets = _onset_samples(samples, tempo_bpm, monitor, lambda fraction: report(0.3 * fraction))
    struck = np.zeros((len(onsets), len(OUTPUTS)), dtype=bool)
    confidence = np.zeros(struck.shape)
    for batch in blocks(len(onsets), BATCH_ONSETS):
        monitor.check()
        clips = np.stack([_clip(samples, int(onset), tempo_bpm) for onset in onsets[batch]])
        confidence[batch] = network(mel_power(clips)[..., None])
        struck[batch] = _decide(confidence[batch])
        report(0.3 + 0.7 * batch.stop / len(onsets))
    return Heard(onset_samples=onsets, struck=struck, confidence=confidence)


def _onset_samples(samples: FloatArray, tempo_bpm: float, monitor: Monitor, report: Callable[[float], None]) -> IntArray:
    hop = FAST_HOP_SAMPLES if tempo_bpm > FAST_BPM else SLOW_HOP_SAMPLES
    flux = Flux(
        window_samples=2048,
        hop_samples=hop,
        bands=128,
        low_hz=0.0,
        high_hz=ANALYSIS_RATE_HZ / 2,
        floor_db=80.0,
        lag=1,
        quietest_power=1e-10,  # librosa's, which makes the floor depend on the level of quiet files
    )
    # Trap: librosa moves the envelope half a window later, so onsets come about 10 ms late.
    late = flux.window_samples // (2 * hop)
    strength = onset_strength(samples, flux, monitor, report)
    strength = np.concatenate([np.zeros(late), strength])[: len(strength)]
    # Trap: `onset_detect` is not told the hop. At hop 1024 its windows in time, among them the 30 ms that two onsets
    # must be apart, come out twice as long, and fast strokes are lost.
    frames = onset_detect(onset_envelope=strength, sr=ANALYSIS_RATE_HZ, hop_length=DETECT_HOP_SAMPLES)
    onsets: IntArray = librosa.frames_to_samples(frames * (hop / DETECT_HOP_SAMPLES), hop_length=DETECT_HOP_SAMPLES)
    return onsets.astype(np.int64)


def _clip(samples: FloatArray, onset: int, tempo_bpm: float) -> FloatArray:
    """The compressed clip of an onset, float32 (8820,): a 32nd / 4 before it and a 16th after it, stretched."""
    sixteenth = int(60.0 / tempo_bpm / 4 * ANALYSIS_RATE_HZ)
    padding = int(60.0 / tempo_bpm / 8 / 4 * ANALYSIS_RATE_HZ)
    # Upstream sets an onset without room for the padding to 0 and then starts before the recording, where Python counts
    # from its end; the empty clip that this gives ends the program. Here such a clip starts with the recording.
    clip = samples[:sixteenth] if onset < padding else samples[onset - padding : onset + sixteenth]
    if len(clip) != CLIP_SAMPLES:
        # Trap: the clip is stretched or squeezed to the trained length, which moves its pitch, and the mel filters are
        # still told the song's sampling rate. The network was trained on 0.2 s at their own pitch.
        rate_hz = max(int(ANALYSIS_RATE_HZ * (CLIP_SAMPLES / len(clip))), 1)
        clip = librosa.resample(clip, orig_sr=ANALYSIS_RATE_HZ, target_sr=rate_hz)
        clip = librosa.util.fix_length(clip, size=CLIP_SAMPLES)  # truncating the rate loses a sample or two
    # Trap: the training clips were not compressed.
    board = Pedalboard([Compressor(threshold_db=-27, ratio=4, attack_ms=1, release_ms=200)])
    compressed: FloatArray = board(np.ascontiguousarray(clip, dtype=np.float32), ANALYSIS_RATE_HZ)
    return compressed


def _decide(probabilities: TimeArray) -> BoolArray:
    """Every output that rounds to 1; where none does, the highest. Shapes (n, 6), the answer is bool."""
    struck: BoolArray = np.round(probabilities) > 0
    nobody = ~struck.any(axis=1)
    struck[nobody, probabilities[nobody].argmax(axis=1)] = True
    return struck
