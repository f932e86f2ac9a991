"""Plugins that cannot be loaded here are found out before they are tried, and it is said why."""

from __future__ import annotations

import platform
import struct
import sys
from pathlib import Path

import pytest

from backbeat.errors import PluginError
from backbeat.host.plugin_file import check_plugin_file, installed_plugins, plugin_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the folders and binaries of a plugin are those of Linux here")

X86_64, ARM64, INTEL_32 = 0x3E, 0xB7, 0x03
OURS = {"x86_64": X86_64, "aarch64": ARM64}.get(platform.machine(), X86_64)
OTHER = ARM64 if OURS == X86_64 else X86_64


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(100)


def pe(machine: int) -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", machine) + bytes(100)


def bundle(folder: Path, content: bytes, *, binary: str = f"{platform.machine()}-linux", name: str = "Kit") -> Path:
    place = folder / f"{name}.vst3/Contents" / binary
    place.mkdir(parents=True)
    (place / f"{name}.so").write_bytes(content)
    return folder / f"{name}.vst3"


def test_a_bundle_and_a_single_file_for_this_computer_pass(tmp_path: Path) -> None:
    whole = bundle(tmp_path, elf(OURS))
    single = tmp_path / "Single.vst3"
    single.write_bytes(elf(OURS))
    assert check_plugin_file(whole) == whole
    assert plugin_file(str(single)) == single


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (elf(OTHER), "is for another processor"),
        (elf(INTEL_32), "is for another processor: 32-bit Intel"),
        (pe(0x8664), "is for Windows, and this is Linux"),
        (b"\xca\xfe\xba\xbe" + bytes(60), "is for macOS"),
        (b"a text", "is not a plugin, whatever its name says"),
        (b"", "is not a plugin, whatever its name says"),
    ],
)
def test_what_is_for_another_computer_or_no_program_at_all_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(PluginError, match=told) as error:
        check_plugin_file(bundle(tmp_path, content))
    assert error.value.advice


def test_a_bundle_for_another_system_is_told_with_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"for another system \(x86_64-win\)"):
        check_plugin_file(bundle(tmp_path, pe(0x8664), binary="x86_64-win"))


def test_an_empty_folder_is_no_plugin(tmp_path: Path) -> None:
    (tmp_path / "Kit.vst3").mkdir()
    with pytest.raises(PluginError, match="nothing to load in it"):
        check_plugin_file(tmp_path / "Kit.vst3")


def test_other_kinds_of_plugins_and_missing_ones_are_told(tmp_path: Path) -> None:
    (tmp_path / "kit.so").write_bytes(elf(OURS))
    with pytest.raises(PluginError, match=r"has to be \.vst3") as error:
        plugin_file(str(tmp_path / "kit.so"))
    assert "VST2" in error.value.advice
    with pytest.raises(PluginError, match="There is no plugin"):
        plugin_file(str(tmp_path / "Missing.vst3"))
    with pytest.raises(PluginError, match="There is no plugin"):
        check_plugin_file(tmp_path / "Missing.vst3")


def test_a_name_is_looked_for_where_plugins_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    installed = bundle(tmp_path / ".vst3/Maker", elf(OURS), name="My Drums")
    assert plugin_file("My Drums") == installed
    assert installed in set(installed_plugins())
    with pytest.raises(PluginError, match="no plugin My Drum") as error:
        plugin_file("My Drum")
    assert "My Drums" in error.value.advice
