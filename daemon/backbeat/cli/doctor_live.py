"""What `doctor` finds of Ableton Live."""

from __future__ import annotations

from backbeat.cli.finding import Finding, Verdict
from backbeat.config.schema import Config
from backbeat.errors import LiveError


def live_findings(config: Config) -> list[Finding]:
    """Whether AbletonOSC answers, and which tempo the set has; it is only looked for where it is used after each job."""
    from backbeat.live.ableton_osc import AbletonOsc  # noqa: PLC0415 - not needed for --help
    from backbeat.live.live_set import look_at_set  # noqa: PLC0415 - not needed for --help
    from backbeat.monitor import Unwatched  # noqa: PLC0415 - not needed for --help
    from backbeat.service.live_desk import live_address  # noqa: PLC0415 - brings NumPy

    live = config.live
    name = f"{live.host}, port {live.send_port}"
    if not live.enabled:
        advice = "`backbeat to-live JOB` makes clips all the same; live.enabled = true makes one after each job."
        return [Finding(area="ableton live", name=name, verdict=Verdict.OFF, detail="switched off", advice=advice)]
    try:
        with AbletonOsc(live_address(live), Unwatched()) as ableton:
            ableton.probe()
            found = look_at_set(ableton)
    except LiveError as error:
        return [Finding(area="ableton live", name=name, verdict=Verdict.WARNING, detail=error.message, advice=error.advice)]
    detail = f"AbletonOSC answers: {found.tempo_bpm:g} BPM, {found.meter}, {len(found.track_names)} tracks"
    return [Finding(area="ableton live", name=name, verdict=Verdict.OK, detail=detail)]
