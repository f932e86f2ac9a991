"""Keeps what was heard in a recording, so that a repeat or a change of note map or sensitivity need not hear it again.

One JSON file per analysis (`analysis_json`). Losing the folder loses nothing but time.
"""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from backbeat import __version__
from backbeat.errors import OutputError
from backbeat.host.chain import chain_mark
from backbeat.outputs.write_atomic import sweep_temps_of, write_atomic
from backbeat.pipeline.analysis_json import analysis_from_json, analysis_to_json
from backbeat.records import Analysis
from backbeat.settings import CHOOSING_SETTINGS, HEARING_SETTINGS, Settings

log = logging.getLogger(__name__)

REVISION = 3
"""Raised when an engine or a step hears differently within one version of Backbeat."""


@dataclass(frozen=True, kw_only=True)
class AnalysisCache:
    """A folder of analyses. keep: how many are kept, newest first. models: says which model files are configured.

    user_presets: where the user's effect chains are; an analysis counts only for the chain as it was then, file and all.
    """

    folder: Path
    models: str
    user_presets: Path | None = None
    keep: int = 500

    def get(self, fingerprint: str, settings: Settings) -> Analysis | None:
        """The analysis of that recording under these settings, or None; a damaged file counts as none.

        An analysis with warnings serves only to choose from it again: when it is asked for with the same choice as the last
        time it is None, because what caused the warnings may have been mended since.
        """
        path = self._path(fingerprint, settings)
        try:
            content = json.loads(path.read_text("utf-8"))
            choice = content.pop("choice")
            analysis = analysis_from_json(content)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("the kept analysis %s is damaged and is made again: %s", path.name, error)
            return None
        if analysis.warnings:
            if choice == _choice(settings):
                return None
            self.put(analysis, settings)
        return replace(analysis, timings_s={})

    def put(self, analysis: Analysis, settings: Settings) -> None:
        """Keep it, as it is before `choose_hits`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self._path(analysis.fingerprint, settings)
            sweep_temps_of(path)  # of a worker that was killed here
            write_atomic(path, analysis_to_json(analysis, choice=_choice(settings)))
            self._prune()
        except (OSError, OutputError) as error:
            log.warning("the analysis could not be kept: %s", error)

    def _path(self, fingerprint: str, settings: Settings) -> Path:
        hearing = [str(getattr(settings, name)) for name in HEARING_SETTINGS]
        chain = chain_mark(settings.chain, self.user_presets)
        key = "\0".join([fingerprint, __version__, str(REVISION), self.models, *hearing, chain])
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.json"

    def _prune(self) -> None:
        kept: list[tuple[float, Path]] = []
        for path in self.folder.glob("*.json"):
            with suppress(FileNotFoundError):  # another worker prunes at the same time
                kept.append((path.stat().st_mtime, path))
        for _, path in sorted(kept, reverse=True)[self.keep :]:
            path.unlink(missing_ok=True)


def _choice(settings: Settings) -> str:
    return "; ".join(str(getattr(settings, name)) for name in CHOOSING_SETTINGS)
