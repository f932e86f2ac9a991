"""MusicXML -> MuseScore -> MIDI: which notes come back, of the synthetic suite and of real recordings.

    python tests/benchmarks/musicxml_round_trip.py [--webmscore FOLDER]

Writes every phrase of `tests/score_rhythms.py`, played 5 ms loose, and the seven dev recordings as Backbeat itself hears them as
MusicXML, lets MuseScore (musescore3, without a screen) make MIDI files of them, and prints for each kind how many notes did
not come back as the same instrument, within 0.003 quarter notes (0.11 where a grace note pushes its stroke) and 2 of velocity.
Repeated strokes of rolls are not counted. With --webmscore, a folder in which `npm install webmscore` has been run, MuseScore
4's importer is the judge instead. The shared folder has to be beside the checkout.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "daemon"), str(REPOSITORY / "tests")]

from backbeat.config.load import load_config  # noqa: E402
from backbeat.intake.fingerprint import fingerprint  # noqa: E402
from backbeat.monitor import Unwatched  # noqa: E402
from backbeat.outputs.score_to_musicxml import score_to_musicxml  # noqa: E402
from backbeat.pipeline.grid_to_onsets import grid_to_onsets  # noqa: E402
from backbeat.pipeline.hits_to_score import hits_to_score  # noqa: E402
from backbeat.pipeline.request import Request  # noqa: E402
from backbeat.pipeline.run import file_to_analysis  # noqa: E402
from backbeat.pipeline.stage_context import StageContext  # noqa: E402
from backbeat.records import Score  # noqa: E402
from backbeat.service.tools import tools_from_config  # noqa: E402
from backbeat.settings import Settings  # noqa: E402
from musescore_player import Played, differences, notes_in_midi, played_by_musescore, wanted_of  # noqa: E402
from score_rhythms import PHRASES, play_phrase  # noqa: E402

RECORDINGS = REPOSITORY.parent / "shared" / "eval" / "dev" / "drum"
WEBMSCORE = """
import WebMscore from 'webmscore'
import fs from 'fs'
await WebMscore.ready
const [folder, ...names] = process.argv.slice(2)
for (const name of names) {
  const score = await WebMscore.load('musicxml', fs.readFileSync(`${folder}/${name}.musicxml`), [], false)
  fs.writeFileSync(`${folder}/${name}.mid`, await score.saveMidi(true, true))
  score.destroy()
}
process.exit(0)
"""


def phrases() -> dict[str, tuple[str, Score]]:
    """Kind and score by name."""
    scores = {}
    for number, phrase in enumerate(PHRASES):
        known = play_phrase(replace(phrase, count=8), loose_ms=5)
        scores[f"phrase{number}"] = (
            phrase.kind,
            hits_to_score(known.hits, known.grid, title=phrase.name, duration_s=known.duration_s),
        )
    return scores


def recordings() -> dict[str, tuple[str, Score]]:
    """The same for recordings, heard by the engines that are shipped."""
    tools = tools_from_config(load_config().config)
    scores = {}
    for path in sorted(RECORDINGS.glob("*.flac")):
        request = Request(path=path, fingerprint=fingerprint(path, Unwatched()), out_base=Path("unused"), settings=Settings())
        context = StageContext(request=request, tools=tools, monitor=Unwatched(), announce=lambda _kind, _path: None)
        analysis, _ = file_to_analysis(context)
        moved = grid_to_onsets(analysis.grid, analysis.hits)
        score = hits_to_score(analysis.hits, moved.grid, title=path.stem, duration_s=analysis.duration_s)
        scores[path.stem] = ("recordings", score)
    return scores


def played_by_webmscore(scores: Mapping[str, Score], folder: Path, packages: Path) -> dict[str, list[Played]]:
    """As `played_by_musescore`; Node's own fetch cannot load the module from a file."""
    for name, score in scores.items():
        (folder / f"{name}.musicxml").write_bytes(score_to_musicxml(score))
    script = packages / "backbeat_round_trip.mjs"
    script.write_text(WEBMSCORE, encoding="utf-8")
    for name in scores:
        command = ["node", "--no-experimental-fetch", script.name, str(folder), name]
        subprocess.run(command, cwd=packages, check=True, capture_output=True, timeout=120)
    script.unlink()
    return {name: notes_in_midi(folder / f"{name}.mid") for name in scores}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webmscore", type=Path)
    packages = parser.parse_args().webmscore
    of_kinds = phrases() | recordings()
    scores = {name: score for name, (_, score) in of_kinds.items()}
    with tempfile.TemporaryDirectory() as temporary:
        if packages is not None:
            played = played_by_webmscore(scores, Path(temporary), packages)
        else:
            played = played_by_musescore(scores, Path(temporary), shutil.which("musescore3") or "mscore")
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for name, (kind, score) in of_kinds.items():
        wanted = wanted_of(score)
        found = differences(wanted, played[name])
        for place, number in enumerate((1, len(wanted), len(found))):
            counts[kind][place] += number
        for line in found[:3]:
            print(f"  {score.title}: {line}")
    for kind, (pieces, notes, wrong) in counts.items():
        print(f"{kind:<26} {pieces:>3} scores {notes:>6} notes {wrong:>4} differences")


if __name__ == "__main__":
    main()
