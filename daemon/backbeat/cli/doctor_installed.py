"""What `doctor` finds of Backbeat inside REAPER, Live, MuseScore and Ardour."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from backbeat.cli.finding import Finding, Verdict
from backbeat.errors import BackbeatError
from backbeat.install.contents import Contents, contents
from backbeat.install.manifest import NAME
from backbeat.install.places import Program, UserFolders, our_folder, program_folders
from backbeat.install.plan import Action, plan_install


def installed_findings(user: UserFolders, integrations: Path, command: Path) -> list[Finding]:
    """One for each folder of each program that is there: whether what is installed there is what we have now."""
    return [
        _finding(program, our_folder(program, folder), contents(program, integrations, command))
        for program in Program
        for folder in program_folders(program, user)
        if folder.is_dir()
    ]


def _finding(program: Program, folder: Path, wanted: Contents) -> Finding:
    area, name, how = "installed in", f"{program.label}, {folder}", f"backbeat install {program}"
    if not (folder / NAME).exists():
        return Finding(area=area, name=name, verdict=Verdict.OFF, detail="not installed", advice=f"Install it with: {how}")
    try:
        counts = Counter(step.action for step in plan_install(folder, wanted))
    except BackbeatError as error:
        return Finding(area=area, name=name, verdict=Verdict.WARNING, detail=error.message, advice=error.advice)
    changed, missing = counts[Action.KEEP], counts[Action.NEW]
    other = counts[Action.UPDATE] + counts[Action.REMOVE]
    parts = [(other, "of another version"), (missing, "missing"), (changed, "changed by you")]
    detail = ", ".join(f"{count} file(s) {words}" for count, words in parts if count)
    if not detail:
        return Finding(area=area, name=name, verdict=Verdict.OK, detail=f"{counts[Action.SAME]} files, up to date")
    advice = f"Bring it up to date with: {how}" if other or missing else f"To have the original back: {how} --force"
    return Finding(area=area, name=name, verdict=Verdict.WARNING, detail=detail, advice=advice)
