"""What `doctor` finds of the engines and their models."""

from __future__ import annotations

from backbeat.cli.finding import Finding, Verdict
from backbeat.config.schema import Config
from backbeat.engines.net.weights import check_weights
from backbeat.engines.registry import BEAT_ENGINES, ENGINES, EngineInfo, EngineKind
from backbeat.errors import BackbeatError
from backbeat.extras import how_to_add
from backbeat.models.resolver import ModelState
from backbeat.service.tools import model_store
from backbeat.values import BeatChoice, Separation


def engine_findings(config: Config) -> list[Finding]:
    """One finding per engine.

    Without the configured recogniser nothing can be done; without the others Backbeat manages, and says so.
    """
    return [_engine(info, config) for info in ENGINES]


def model_findings(config: Config) -> list[Finding]:
    """One finding per model in the catalogue, and one for the user's own weights where the config names some.

    Missing models matter where their engine is wanted and installed.
    """
    try:
        entries = model_store(config.models).entries()
    except BackbeatError as error:
        return [Finding(area="models", name="models", verdict=Verdict.PROBLEM, detail=error.message, advice=error.advice)]
    users = {model: info for info in ENGINES for model in info.models}
    findings = _own_weights(config)
    for entry in entries:
        info = users.get(entry.name)
        detail = ", ".join(str(part) for part in (entry.state, entry.detail, f"licence {entry.licence}", entry.path) if part)
        if entry.state in (ModelState.READY, ModelState.UNVERIFIED):
            findings.append(Finding(area="models", name=entry.name, verdict=Verdict.OK, detail=detail))
            continue
        needed = info is not None and not info.missing_packages and _lack(info, config) is not Verdict.OFF
        advice = f"Fetch it with: backbeat models fetch {entry.name}"
        verdict = Verdict.WARNING if needed else Verdict.OFF
        findings.append(Finding(area="models", name=entry.name, verdict=verdict, detail=detail, advice=advice))
    return findings


def _own_weights(config: Config) -> list[Finding]:
    folder = config.models.net_weights
    if folder is None:
        return []
    try:
        settings = check_weights(folder)
    except BackbeatError as error:
        return [Finding(area="models", name="net_weights", verdict=Verdict.PROBLEM, detail=error.message, advice=error.advice)]
    kit = settings.training.get("kit", "of your own")
    return [Finding(area="models", name="net_weights", verdict=Verdict.OK, detail=f"{kit}, version {settings.version}, {folder}")]


def _engine(info: EngineInfo, config: Config) -> Finding:
    if not info.missing_packages:
        return Finding(area="engines", name=info.name, verdict=Verdict.OK, detail=f"{info.summary} ({info.licence})")
    missing = ", ".join(info.missing_packages)
    return Finding(
        area="engines",
        name=info.name,
        verdict=_lack(info, config),
        detail=f"{info.summary}: not installed ({missing})",
        advice=how_to_add(info.extra),
    )


def _lack(info: EngineInfo, config: Config) -> Verdict:
    """How bad it is to be without this engine under the configured settings."""
    settings = (config.transcribe, *(watch.settings for watch in config.watch))
    if info.kind is EngineKind.HITS:
        return Verdict.PROBLEM if any(s.engine == info.name for s in settings) else Verdict.OFF
    if info.kind is EngineKind.SEPARATOR:
        return Verdict.WARNING if any(s.separation is not Separation.NONE for s in settings) else Verdict.OFF
    return Verdict.WARNING if any(info.name == _first_beat_engine(s.beats) for s in settings) else Verdict.OFF


def _first_beat_engine(choice: BeatChoice) -> str:
    return next(iter(BEAT_ENGINES[choice]), "")
