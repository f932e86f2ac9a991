"""Where a plugin lies, and what is wrong with it that can be seen without loading it."""

from __future__ import annotations

import os
import platform
import struct
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from backbeat.errors import PluginError

ENDINGS = (".vst3", ".component") if sys.platform == "darwin" else (".vst3",)

_ELF, _PE = b"\x7fELF", b"MZ"
_MACHO = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_ELF_MACHINES = {0x03: "32-bit Intel", 0x3E: "x86_64", 0xB7: "arm64", 0x28: "32-bit ARM"}
_PE_MACHINES = {0x014C: "32-bit Intel", 0x8664: "x86_64", 0xAA64: "arm64"}
_NAMES = {"amd64": "x86_64", "aarch64": "arm64"}
_HEADER_BYTES = 4096


def plugin_file(text: str) -> Path:
    """The plugin that a path or a name means; a name is looked for where plugins are installed. Raises PluginError."""
    path = Path(text).expanduser()
    if path.exists():
        return check_plugin_file(Path(os.path.abspath(path)))  # noqa: PTH100 - without following links
    installed = {file.stem: file for file in installed_plugins()}
    if text in installed:
        return check_plugin_file(installed[text])
    close = get_close_matches(path.stem, installed, n=3)
    hint = f"Installed are, for example: {', '.join(close)}." if close else "Give the path of the .vst3."
    raise PluginError(f"There is no plugin {text}.", advice=hint)


def installed_plugins() -> Iterator[Path]:
    """Plugins in the folders that the VST3 standard names for this system; of the same name, the user's own come last."""
    for folder in _folders():
        for root, folders, files in os.walk(folder):
            found = [name for name in (*folders, *files) if name.lower().endswith(ENDINGS)]
            folders[:] = [name for name in folders if name not in found]  # a bundle is a folder, with more inside
            yield from (Path(root, name) for name in sorted(found))


def check_plugin_file(path: Path) -> Path:
    """The same path, if a plugin can be there for this computer. Raises PluginError that says why not."""
    if path.suffix.lower() not in ENDINGS:
        raise PluginError(
            f"{path.name} is not a plugin that can be loaded here: it has to be {' or '.join(ENDINGS)}.",
            advice="VST2, CLAP, LV2 and AAX cannot be loaded: install the plugin's VST3.",
        )
    if not path.exists():
        raise PluginError(f"There is no plugin {path}.", advice="Check the name, and that its drive is connected.")
    if path.is_dir():
        _check_bundle(path)
    else:
        _check_binary(path, path)
    return path


def _check_bundle(bundle: Path) -> None:
    contents = bundle / "Contents"
    here = contents / _binary_folder()
    if here.is_dir():
        binaries = [file for file in here.iterdir() if file.is_file() and file.suffix.lower() in (".so", ".vst3", "")]
        if binaries:
            _check_binary(binaries[0], bundle)
            return
    there = sorted(entry.name for entry in contents.iterdir() if entry.is_dir()) if contents.is_dir() else []
    made_for = [name for name in there if name.endswith(("-win", "-linux")) or name == "MacOS"]
    if made_for:
        raise PluginError(
            f"{bundle.name} is for another system ({', '.join(made_for)}); here it would have to hold {_binary_folder()}.",
            advice="Install the plugin's version for this computer.",
        )
    raise PluginError(f"{bundle.name} is not a plugin: there is nothing to load in it.", advice="Install the plugin again.")


def _check_binary(file: Path, plugin: Path) -> None:
    try:
        with file.open("rb") as opened:
            header = opened.read(_HEADER_BYTES)
    except OSError as error:
        raise PluginError(f"The plugin {plugin} cannot be read: {error.strerror or error}.") from error
    system, machine = _system_and_machine(header)
    if system is None:
        raise PluginError(f"{plugin.name} is not a plugin, whatever its name says.", advice="Install the plugin again.")
    if system != _system():
        raise PluginError(f"{plugin.name} is for {system}, and this is {_system()}.", advice=f"Install its {_system()} version.")
    ours = _machine()
    if machine is not None and machine != ours:
        raise PluginError(
            f"{plugin.name} is for another processor: {machine}, and this is {ours}.",
            advice=f"Install its {ours} version; 32-bit plugins cannot be loaded at all.",
        )


def _system_and_machine(header: bytes) -> tuple[str | None, str | None]:
    """What a program file is for; a Mach-O's processors are left to the system, which may translate."""
    if header.startswith(_ELF) and len(header) > 20:
        code = struct.unpack_from("<H", header, 18)[0]
        return "Linux", _ELF_MACHINES.get(code, f"machine {code:#x}")
    if header.startswith(_PE) and len(header) > 64:
        place = struct.unpack_from("<I", header, 60)[0]
        if header[place : place + 4] == b"PE\0\0" and len(header) >= place + 6:
            code = struct.unpack_from("<H", header, place + 4)[0]
            return "Windows", _PE_MACHINES.get(code, f"machine {code:#x}")
    if header.startswith(_MACHO):
        return "macOS", None
    return None, None


def _system() -> str:
    return {"win32": "Windows", "darwin": "macOS"}.get(sys.platform, "Linux")


def _machine() -> str:
    machine = platform.machine().lower()
    return _NAMES.get(machine, machine)


def _binary_folder() -> str:
    if sys.platform == "darwin":
        return "MacOS"
    return f"{platform.machine()}-linux" if sys.platform != "win32" else f"{_machine()}-win"


def _folders() -> tuple[Path, ...]:
    if sys.platform == "win32":
        return (Path(os.environ.get("COMMONPROGRAMFILES", r"C:\Program Files\Common Files"), "VST3"),)
    if sys.platform == "darwin":
        places = [Path(root, "Library/Audio/Plug-Ins") for root in ("/", Path.home())]
        return tuple(place / kind for place in places for kind in ("VST3", "Components"))
    return Path("/usr/lib/vst3"), Path("/usr/local/lib/vst3"), Path.home() / ".vst3"
