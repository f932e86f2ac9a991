"""From the configuration to what jobs share: the only place that knows both."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backbeat.config.folders import user_presets_folder
from backbeat.config.schema import Config, LimitsConfig, ModelsConfig
from backbeat.config.serialise import config_to_json
from backbeat.engines.net.weights import weights_mark
from backbeat.engines.net_beats.settings import beat_weights_mark
from backbeat.intake.download_limits import DownloadLimits
from backbeat.models.resolver import ModelSettings, ModelStore
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.stage_context import Tools
from backbeat.service.worker_messages import Hello, Message
from backbeat.service.worker_process import WorkerProcess


def hello_from_config(config: Config) -> Hello:
    """What a new worker process is told."""
    return Hello(
        config=config_to_json(config),
        nice=config.jobs.nice,
        log_level=config.log.level,
        memory_mb=config.limits.worker_memory_mb,
    )


def make_worker(
    config: Config, on_message: Callable[[Message], None], *, environment: Mapping[str, str] | None = None
) -> WorkerProcess:
    """A worker process as configured, not started. environment: of the process, where it is not ours."""
    return WorkerProcess(
        on_message,
        hello=hello_from_config(config),
        environment=environment,
        preload=config.jobs.preload,
        cancel_grace_s=config.jobs.cancel_grace_s,
        job_limit_s=60 * config.limits.job_minutes,
    )


def model_store(models: ModelsConfig) -> ModelStore:
    """The model files as configured."""
    return ModelStore(
        ModelSettings(
            cache_dir=models.cache_folder,
            uri=models.uri,
            version=models.version,
            sha256=models.sha256,
            allow_unverified=models.allow_unverified,
            net_weights=models.net_weights,
        )
    )


def download_limits(limits: LimitsConfig) -> DownloadLimits:
    """What a download may cost, as configured."""
    return DownloadLimits(
        max_bytes=limits.download_max_mb * 1_000_000,
        timeout_s=limits.download_timeout_s,
        allow_local_addresses=limits.allow_local_addresses,
    )


def tools_from_config(config: Config) -> Tools:
    """What every job in a process shares. Opens nothing and loads nothing."""
    models = config.models
    marks = (weights_mark(models.net_weights), beat_weights_mark())
    return Tools(
        models=model_store(models),
        limits=AudioLimits(max_minutes=config.limits.max_minutes),
        cache=AnalysisCache(
            folder=config.jobs.data_folder / "analyses",
            models="|".join(map(str, (models.uri, models.version, models.sha256, *marks))),
            user_presets=user_presets_folder(),
        ),
        user_presets=user_presets_folder(),
        low_confidence_threshold=config.result.low_confidence_threshold,
    )
