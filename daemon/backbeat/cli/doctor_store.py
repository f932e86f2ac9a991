"""What `doctor` finds of the job list."""

from __future__ import annotations

from contextlib import closing

from backbeat.cli.finding import Finding, Verdict
from backbeat.config.schema import Config
from backbeat.errors import StoreDamaged, StoreError
from backbeat.jobs.job import JobState
from backbeat.jobs.rescue import damaged_stores
from backbeat.jobs.store import Store

AREA = "jobs"


def store_findings(config: Config) -> list[Finding]:
    """The job list itself, and damaged ones that were moved aside."""
    database = config.jobs.database
    findings = [_store(config)]
    if aside := damaged_stores(database):
        detail = f"a damaged one was moved aside and made anew: {', '.join(path.name for path in aside)}"
        advice = f"Where you miss nothing, delete it from {database.parent}. If it happens again, check that drive."
        findings.append(Finding(area=AREA, name="job list", verdict=Verdict.WARNING, detail=detail, advice=advice))
    return findings


def _store(config: Config) -> Finding:
    database = config.jobs.database
    if not database.exists():
        return Finding(area=AREA, name="job list", verdict=Verdict.OK, detail="none yet")
    try:
        with closing(Store(database)) as store:
            store.check()
            counts = store.counts()
    except StoreDamaged as damage:
        return Finding(area=AREA, name="job list", verdict=Verdict.WARNING, detail=damage.message, advice=damage.advice)
    except StoreError as error:
        return Finding(area=AREA, name="job list", verdict=Verdict.PROBLEM, detail=error.message, advice=error.advice)
    detail = ", ".join(f"{counts[state]} {state}" for state in JobState if counts[state]) or "empty"
    return Finding(area=AREA, name="job list", verdict=Verdict.OK, detail=detail)
