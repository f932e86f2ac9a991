"""What `doctor` finds of the folders that Backbeat reads and writes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from backbeat.cli.finding import Finding, Verdict
from backbeat.config.schema import Config

LOW_SPACE_BYTES = 1_000_000_000


def folder_findings(config: Config) -> list[Finding]:
    """Watched folders and their outputs, the inbox, and the folders for data and models."""
    findings = [
        _own_folder("data", config.jobs.data_folder),
        _own_folder("inbox", config.inbox),
        _own_folder("models", config.models.cache_folder),
    ]
    for watch in config.watch:
        findings.append(_watched(watch.path, writes=watch.output is None))
        if watch.output is not None:
            findings.append(_own_folder(f"results of {watch.path.name}", watch.output))
    if not config.watch:
        advice = "Add a [[watch]] section to your config file, or start with: backbeat run --watch FOLDER"
        findings.append(
            Finding(area="folders", name="watched", verdict=Verdict.OFF, detail="no folder is watched", advice=advice)
        )
    return findings


def _watched(path: Path, *, writes: bool) -> Finding:
    name = "watched"
    if not path.is_dir():
        detail = f"{path} is not a folder" if path.exists() else f"{path} is not there"
        advice = "Make it or connect its drive; the daemon watches it as soon as it is there."
        return Finding(area="folders", name=name, verdict=Verdict.WARNING, detail=detail, advice=advice)
    if not os.access(path, os.R_OK | os.X_OK):
        return _refused(name, path, "read")
    if writes and not os.access(path, os.W_OK):
        return _refused(name, path, "written", "Results go beside the bounces: allow writing, or set output for this folder.")
    return _with_space(name, path)


def _own_folder(name: str, path: Path) -> Finding:
    """A folder that Backbeat makes itself when it is needed."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    if not there.is_dir():
        return Finding(
            area="folders", name=name, verdict=Verdict.PROBLEM, detail=f"{there} is a file", advice="Configure another folder."
        )
    if not os.access(there, os.W_OK | os.X_OK):
        return _refused(name, path, "written")
    return _with_space(name, path, there)


def _refused(name: str, path: Path, verb: str, advice: str = "Change its permissions, or configure another folder.") -> Finding:
    return Finding(area="folders", name=name, verdict=Verdict.PROBLEM, detail=f"{path} cannot be {verb}", advice=advice)


def _with_space(name: str, path: Path, there: Path | None = None) -> Finding:
    free = shutil.disk_usage(there or path).free
    space = f"{free / 1e9:.1f} GB free"
    if free < LOW_SPACE_BYTES:
        return Finding(
            area="folders", name=name, verdict=Verdict.WARNING, detail=f"{path}, only {space}", advice="Make room on its disk."
        )
    return Finding(area="folders", name=name, verdict=Verdict.OK, detail=f"{path}, {space}")
