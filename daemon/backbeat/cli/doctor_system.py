"""What `doctor` finds around Backbeat: Python, programs, audio formats, optional packages."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec

from backbeat import __version__
from backbeat.cli.finding import Finding, Verdict
from backbeat.config.schema import Config
from backbeat.extras import how_to_add
from backbeat.values import PdfBackend

VERSION_TIMEOUT_S = 20.0

EXTRAS = {
    "host": ("pedalboard", "drum plugins and effect chains (pedalboard, GPLv3, in a process of its own)"),
    "s3": ("boto3", "models from s3:// addresses"),
    "url": ("yt_dlp", "the sound of video pages (yt-dlp)"),
}
"""Extras that bring no engine: import name, and what it is good for."""

CORE_PACKAGES = (
    "numpy",
    "soundfile",
    "soxr",
    "music21",
    "mido",
    "rtmidi",
    "pythonosc",
    "reportlab",
    "rich",
    "verovio",
    "watchdog",
)
"""Import names of what every installation has."""

FORMATS = ("WAV", "W64", "RF64", "AIFF", "FLAC", "OGG", "MP3")
"""libsndfile's names of what DAWs write."""


def python_findings() -> list[Finding]:
    """Versions, for bug reports."""
    detail = f"Python {platform.python_version()} on {platform.system()} {platform.release()} ({platform.machine()})"
    return [Finding(area="backbeat", name=f"Backbeat {__version__}", verdict=Verdict.OK, detail=detail)]


def core_findings() -> list[Finding]:
    """What the plain install always brings; anything missing means that the installation is broken."""
    missing = [package for package in CORE_PACKAGES if find_spec(package) is None]
    if not missing:
        return []
    advice = "In Backbeat's folder type: uv sync --inexact --reinstall"
    return [
        Finding(area="backbeat", name="packages", verdict=Verdict.PROBLEM, detail=f"missing: {', '.join(missing)}", advice=advice)
    ]


def program_findings(config: Config) -> list[Finding]:
    """The programs that can be used, with their versions; the chosen engraver missing is a warning."""
    from backbeat.outputs.musicxml_to_pdf import engraver_path, missing_programs  # noqa: PLC0415 - not needed for --help
    from backbeat.pipeline.decode_ffmpeg import find_ffmpeg  # noqa: PLC0415 - brings NumPy

    findings = [_program("ffmpeg", find_ffmpeg(), "-version", "m4a and other formats cannot be read", "Install ffmpeg.")]
    findings.append(_built_in_engraver(chosen=config.transcribe.pdf is PdfBackend.VEROVIO))
    for backend in (PdfBackend.LILYPOND, PdfBackend.MUSESCORE):
        chosen = config.transcribe.pdf is backend
        lack = "no PDF is made" if chosen else "not the chosen engraver"
        advice = (
            f'Install {backend}, or set transcribe.pdf to "verovio", which is built in.'
            if chosen
            else f"Nothing is missing: install {backend} only if you prefer its pages."
        )
        program = None if missing_programs(backend) else engraver_path(backend)
        findings.append(_program(backend, program, "--version", lack, advice, wanted=chosen))
    return findings


def format_findings() -> list[Finding]:
    """What libsndfile decodes here."""
    import soundfile  # noqa: PLC0415 - loads a native library

    there = [name for name in FORMATS if name in soundfile.available_formats()]
    missing = [name for name in FORMATS if name not in there]
    findings = [
        Finding(
            area="audio formats",
            name=f"libsndfile {soundfile.__libsndfile_version__}",
            verdict=Verdict.OK,
            detail=", ".join(there),
        )
    ]
    if missing:
        advice = "Update the package soundfile; until then ffmpeg reads them."
        findings.append(
            Finding(area="audio formats", name=", ".join(missing), verdict=Verdict.WARNING, detail="not decoded", advice=advice)
        )
    return findings


def package_findings() -> list[Finding]:
    """Extras without an engine."""
    return [
        Finding(area="extras", name=extra, verdict=Verdict.OK, detail=use)
        if find_spec(package)
        else Finding(area="extras", name=extra, verdict=Verdict.OFF, detail=f"not installed: {use}", advice=how_to_add(extra))
        for extra, (package, use) in EXTRAS.items()
    ]


def _built_in_engraver(*, chosen: bool) -> Finding:
    """Verovio comes with Backbeat as a package; whether it is there is asked of its files, without loading it."""
    use = "makes the PDF" if chosen else "not the chosen engraver"
    if find_spec("verovio") and find_spec("reportlab"):
        detail = f"{version('verovio')}, built in: {use}"
        return Finding(area="programs", name=str(PdfBackend.VEROVIO), verdict=Verdict.OK, detail=detail)
    return Finding(
        area="programs",
        name=str(PdfBackend.VEROVIO),
        verdict=Verdict.WARNING if chosen else Verdict.OFF,
        detail="its packages verovio and reportlab are not installed",
        advice="In Backbeat's folder type: uv sync --inexact --reinstall",
    )


def _program(name: str, program: str | None, flag: str, lack: str, advice: str, *, wanted: bool = True) -> Finding:
    if program is None:
        verdict = Verdict.WARNING if wanted else Verdict.OFF
        return Finding(area="programs", name=str(name), verdict=verdict, detail=f"not found: {lack}", advice=advice)
    said = _version([program, flag])
    if said is None:
        return Finding(
            area="programs",
            name=str(name),
            verdict=Verdict.WARNING,
            detail=f"{program} does not start",
            advice="Install it again.",
        )
    return Finding(area="programs", name=str(name), verdict=Verdict.OK, detail=f"{said} ({shutil.which(program) or program})")


def _version(command: Sequence[str]) -> str | None:
    """The first line that a program says about itself, or None when it cannot be started."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}  # MuseScore wants a screen even for this
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=VERSION_TIMEOUT_S, check=True, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = [line.strip() for line in answer.stdout.splitlines() if line.strip()]
    return lines[0] if lines else "version unknown"
