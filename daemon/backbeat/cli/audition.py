"""`backbeat audition`: hear a result on the user's own drum plugin, or on the built-in kit."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import configured, json_option, seconds_option
from backbeat.cli.result_file import recording_of, result_file
from backbeat.config.schema import Config
from backbeat.errors import OutputError, PluginError
from backbeat.values import ANALYSIS_RATE_HZ, AUDITION_SUFFIX, OutputKind

if TYPE_CHECKING:
    from backbeat.host.audition import Rendered
    from backbeat.host.chain import PluginEffect
    from backbeat.host.mixdown import Mixdown
    from backbeat.outputs.read_result import Result
    from backbeat.records import FloatArray

DESCRIPTION = """\
Render the hits of a result to a WAV (24 bit, 44.1 kHz), so that it can be heard from any DAW or none. Which result:
  a job of the daemon               backbeat audition 3f2a
  the recording, or the result      backbeat audition song.wav     backbeat audition song.drums.json
With --plugin they are played by your own drum plugin, a VST3 or on macOS also an Audio Unit, with its note map; without,
by a plain kit that Backbeat brings along. The WAV goes beside the result, as NAME.drums.audition.wav; watched folders
leave it alone.
  backbeat audition song.wav --plugin "Addictive Drums 2" --with-original
Set the plugin up once in its own window, and use its state from then on:
  backbeat audition --plugin "Addictive Drums 2" --edit --save-state rock.vstpreset
  backbeat audition song.wav --plugin "Addictive Drums 2" --state rock.vstpreset
Plugins run in a process of their own, by means of pedalboard (free software under the GPL, version 3): whatever a plugin
does, your result is safe."""

WITH_ORIGINAL = 0.5
TOLD_DB = 0.05


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `audition`."""
    parser = new_command(
        subparsers, common, "audition", "hear a result on your drum plugin", description=DESCRIPTION, execute=_execute
    )
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("what", nargs="?", metavar="JOB|RESULT|RECORDING", help="what is rendered; not needed with --save-state")
    parser.add_argument("--out", type=Path, metavar="FILE.wav", help="write it there")
    group = parser.add_argument_group("the plugin")
    group.add_argument(
        "--plugin", metavar="FILE|NAME", help="a .vst3 (on macOS also .component), or the name of an installed one"
    )
    group.add_argument("--plugin-name", metavar="NAME", help="which one, where a file holds several")
    group.add_argument("--preset", metavar="NAME", help="note map (default: by the plugin's name, else transcribe.preset)")
    group.add_argument(
        "--state", type=Path, metavar="FILE", help="the plugin's settings: a .vstpreset, or what --save-state wrote"
    )
    group.add_argument("--save-state", type=Path, metavar="FILE", help="write the plugin's settings there")
    group.add_argument("--edit", action="store_true", help="open the plugin's window first, and go on when you close it")
    group.add_argument("--parameter", action="append", type=_parameter, default=[], metavar="NAME=VALUE", help="turn a knob")
    group.add_argument(
        "--patience", type=seconds_option, metavar="S", help="end the plugin when it gives no sign of life for so long (120 s)"
    )
    group = parser.add_argument_group("beside the recording").add_mutually_exclusive_group()
    group.add_argument("--with-original", action="store_true", help="drums and recording together, equally loud; --mix 0.5")
    group.add_argument("--mix", type=_share, metavar="0..1", help="a crossfader: 0 is the recording, 1 the drums")
    group.add_argument("--split", action="store_true", help="the recording on the left, the drums on the right, equally loud")
    json_option(parser)


def _execute(args: argparse.Namespace) -> int:
    _check_usage(args)
    config = configured(args).config
    if args.what is None:
        _play(args, None, config, config.transcribe.preset)
        return ExitCode.OK
    from backbeat.outputs.read_result import read_result  # noqa: PLC0415 - brings NumPy

    file = result_file(args, "to hear")
    result = read_result(file)
    if not result.hit_count:
        remark("There are no hits in it, and nothing to hear.")
        return ExitCode.OK
    preset, why = _note_map(args, config)
    beside = file.with_name(file.name.removesuffix(OutputKind.JSON.suffix) + AUDITION_SUFFIX)
    out = Path(os.path.abspath((args.out or beside).expanduser()))  # noqa: PTH100 - without following links
    rendered = _play(args, result, config, preset)
    mixdown = _mixdown(args, rendered.samples, partial(_original, file, result, config))
    from backbeat.outputs.stem_to_wav import sound_to_wav  # noqa: PLC0415 - brings NumPy

    sound_to_wav(mixdown.samples.T, ANALYSIS_RATE_HZ, out, subtype="PCM_24", name="rendering")
    if args.json:
        say_json(_as_json(out, rendered, mixdown, preset if args.plugin else None))
    else:
        _tell(out, rendered, mixdown, f", note map {preset} ({why})" if args.plugin else "")
    return ExitCode.OK


def _check_usage(args: argparse.Namespace) -> None:
    """Raise OutputError for options that mean nothing together."""
    plugin_only = {"--state": args.state, "--save-state": args.save_state, "--edit": args.edit, "--plugin-name": args.plugin_name}
    given = [option for option, value in plugin_only.items() if value]
    if given and args.plugin is None:
        raise OutputError(f"{given[0]} is for a plugin, and none is named.", advice="Name it with --plugin.")
    if args.what is None and not args.save_state:
        raise OutputError("It is not said what is to be rendered.", advice="Name a job, a recording or a result (.drums.json).")


def _note_map(args: argparse.Namespace, config: Config) -> tuple[str, str]:
    """The note map's name, and why it is that one; empty where no plugin asks for one."""
    from backbeat.config.folders import user_presets_folder  # noqa: PLC0415 - not needed for --help
    from backbeat.host.fitting_note_map import fitting_note_map  # noqa: PLC0415 - not needed for --help

    if args.plugin is None:
        return args.preset or config.transcribe.preset, ""
    if args.preset is not None:
        return args.preset, "as you say"
    fitting = fitting_note_map(Path(args.plugin).stem, user_presets_folder())
    if fitting is not None:
        return fitting, "by the plugin's name"
    return config.transcribe.preset, "from your config: none is known for this plugin; say another with --preset"


def _play(args: argparse.Namespace, result: Result | None, config: Config, preset: str) -> Rendered:
    from backbeat.config.folders import user_presets_folder  # noqa: PLC0415 - not needed for --help
    from backbeat.host.audition import Rendered, play_plugin  # noqa: PLC0415 - brings NumPy
    from backbeat.host.hits_to_performance import hits_to_performance  # noqa: PLC0415
    from backbeat.host.isolated import PATIENCE_S, default_keeper, require_host  # noqa: PLC0415
    from backbeat.host.play_built_in import NAME, play_built_in  # noqa: PLC0415
    from backbeat.host.tasks import PlayTask  # noqa: PLC0415
    from backbeat.monitor import Unwatched  # noqa: PLC0415
    from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415
    from backbeat.outputs.write_atomic import write_atomic  # noqa: PLC0415

    curve = config.transcribe.velocity_curve
    length = round(result.duration_s * ANALYSIS_RATE_HZ) if result else 0
    if args.plugin is None and result is not None:
        return Rendered(samples=play_built_in(result.hits, curve, length), plugin_name=NAME, latency=0, state=None)
    require_host()
    notes = load_note_map(preset, user_presets_folder()).notes
    task = PlayTask(
        instrument=_plugin(args),
        sample_rate_hz=ANALYSIS_RATE_HZ,
        notes=hits_to_performance(result.hits, notes, curve, ANALYSIS_RATE_HZ) if result else (),
        length=length,
        edit=args.edit,
        save_state=args.save_state,
    )
    patience_s = None if args.edit else args.patience or PATIENCE_S
    rendered = play_plugin(task, keeper=default_keeper(patience_s), monitor=Unwatched())
    if args.save_state is not None and rendered.state is not None:
        write_atomic(args.save_state, rendered.state)
        remark(f"The state of {rendered.plugin_name} is in {args.save_state}.")
    return rendered


def _plugin(args: argparse.Namespace) -> PluginEffect:
    from backbeat.host.chain import PluginEffect  # noqa: PLC0415 - not needed for --help
    from backbeat.host.plugin_file import plugin_file  # noqa: PLC0415

    if args.state is not None and not args.state.is_file():
        raise PluginError(f"There is no state file {args.state}.", advice="Make one with --edit --save-state FILE.")
    return PluginEffect(file=plugin_file(args.plugin), name=args.plugin_name, state=args.state, parameters=dict(args.parameter))


def _mixdown(args: argparse.Namespace, drums: FloatArray, original: Callable[[], FloatArray]) -> Mixdown:
    from backbeat.host.mixdown import alone, mixed, side_by_side  # noqa: PLC0415 - brings NumPy

    balance = WITH_ORIGINAL if args.with_original else args.mix
    if balance is None and not args.split:
        return alone(drums)
    if args.split:
        return side_by_side(drums, original(), ANALYSIS_RATE_HZ)
    return mixed(drums, original(), ANALYSIS_RATE_HZ, balance)


def _original(file: Path, result: Result, config: Config) -> FloatArray:
    """The recording that the result is of, in one or two channels; raises AudioError, also where it is another by now."""
    from backbeat.monitor import Unwatched  # noqa: PLC0415 - not needed for --help
    from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio  # noqa: PLC0415 - brings NumPy

    limits = AudioLimits(max_minutes=config.limits.max_minutes)
    path = recording_of(file, result.source)
    return file_to_audio(path, fingerprint=result.fingerprint, channels=2, limits=limits, monitor=Unwatched()).samples


def _as_json(out: Path, rendered: Rendered, mixdown: Mixdown, preset: str | None) -> dict[str, Any]:
    return {
        "audition": str(out),
        "played_by": rendered.plugin_name,
        "preset": preset,
        "latency_samples": rendered.latency,
        "drums_gain_db": round(mixdown.drums_gain_db, 2),
        "turned_down_db": round(mixdown.turned_down_db, 2),
    }


def _tell(out: Path, rendered: Rendered, mixdown: Mixdown, note_map: str) -> None:
    say(str(out))
    remark(f"  played by {rendered.plugin_name}{note_map}")
    if abs(mixdown.drums_gain_db) >= TOLD_DB:
        remark(f"  the drums by {mixdown.drums_gain_db:+.1f} dB, to be as loud as the recording")
    if mixdown.turned_down_db >= TOLD_DB:
        remark(f"  all of it by -{mixdown.turned_down_db:.1f} dB, not to clip")


def _parameter(text: str) -> tuple[str, float | str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), value


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1") from None
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is outside 0 to 1")
    return share
