"""What `backbeat batch` itself takes for many recordings: `python tests/benchmarks/batch_memory.py [1000 10000]`.

The results are there already, written by this script, so that it is the walk through the folder, the decisions and the summary
that are measured, and not the hearing. Then the same with a dry run over as many that are still to be done.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind


def make_done(folder: Path, count: int) -> None:
    """As many small files, with the results that a batch with the default settings would give them."""
    for number in range(count):
        inside = folder / f"pack {number // 1000:03}"
        inside.mkdir(parents=True, exist_ok=True)
        path = inside / f"loop {number:05}.wav"
        content = f"recording {number}".encode()
        path.write_bytes(content)
        request = Request(
            path=path,
            fingerprint=hashlib.sha256(content).hexdigest(),
            out_base=path.with_name(f"{path.stem}.drums"),
            settings=Settings(),
        )
        hits = [{"time": n / 8, "instrument": "kick", "midi_velocity": 100, "confidence": 0.9} for n in range(30)]
        document = {
            "schema_version": 1,
            "source": str(path),
            "fingerprint": request.fingerprint,
            "identity": request.identity,
            "engine": "net",
            "detected_bpm": 120.0,
            "bpm_unreliable": False,
            "midi_bpm": 120.0,
            "meter": "4/4",
            "duration_seconds": 4.0,
            "confidence_score": 0.9,
            "low_confidence": False,
            "hit_summary": {"kick": 30},
            "outputs": {},
            "timings": {"read": 0.01},
            "warnings": [],
            "hits": hits,
        }
        request.output(OutputKind.JSON).write_text(json.dumps(document), "utf-8")


def measured(*command: str, environ: dict[str, str]) -> tuple[int, float, str]:
    """Peak resident set in KiB of the process itself, seconds, and the last line on standard output."""
    began_s = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "backbeat", *command], stdout=said, stderr=subprocess.DEVNULL, env=environ
        )
        peak_kb = 0
        while process.poll() is None:
            try:
                lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
                peak_kb = max(peak_kb, *(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")))
            except (OSError, TypeError):
                pass
            time.sleep(0.05)
        said.seek(0)
        return peak_kb, time.monotonic() - began_s, said.read().splitlines()[-1]


def main() -> None:
    for count in [int(text) for text in sys.argv[1:]] or [1000, 10_000]:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            make_done(folder / "library", count)
            environ = {**os.environ, "BACKBEAT_JOBS_DATA_FOLDER": str(folder / "data")}
            batch = ("batch", str(folder / "library"), "--recursive", "--jobs", "1")
            summary = ("--summary", str(folder / "all.parquet"))
            peak_kb, took_s, last = measured(*batch, *summary, environ=environ)
            print(f"{count} done before, with a Parquet summary: {peak_kb / 1024:.0f} MiB, {took_s:.0f} s: {last}")
            peak_kb, took_s, _ = measured(*batch, "--dry-run", "--quantize", "50", environ=environ)
            print(f"{count} to do, dry run: {peak_kb / 1024:.0f} MiB, {took_s:.0f} s")


if __name__ == "__main__":
    main()
