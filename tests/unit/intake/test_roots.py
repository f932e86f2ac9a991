from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from backbeat.errors import AudioMissing, PathRefused
from backbeat.intake.roots import Roots


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "bounces"
    folder.mkdir()
    (folder / "song.wav").write_bytes(b"x")
    (tmp_path / "secret.wav").write_bytes(b"x")
    return folder


def test_a_file_under_a_root_is_returned_under_its_real_path(root: Path) -> None:
    (root / "link.wav").symlink_to(root / "song.wav")
    assert Roots([root]).confine(str(root / "song.wav")) == root / "song.wav"
    assert Roots([root]).confine(root / "link.wav") == root / "song.wav"


def test_a_root_that_is_a_link_is_the_folder_behind_it(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    assert Roots([tmp_path / "alias"]).confine(root / "song.wav") == root / "song.wav"
    assert Roots([root]).confine(tmp_path / "alias" / "song.wav") == root / "song.wav"


@pytest.mark.parametrize(
    ("spelled", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("/x\0y.wav", "zero byte"),
        ("song.wav", "not a whole path"),
        ("{root}/../secret.wav", r"has \.\. in it"),
        ("{parent}/secret.wav", "outside the configured folders"),
        ("/etc/passwd", "outside the configured folders"),
        ("{root}", "is a folder"),
        ("{parent}/bounces2/song.wav", "outside the configured folders"),
        ("~nobody-of-this-name/song.wav", "home folder that is not known"),
    ],
)
def test_everything_else_is_refused_with_its_reason(root: Path, spelled: str, why: str) -> None:
    with pytest.raises(PathRefused, match=why) as caught:
        Roots([root]).confine(spelled.format(root=root, parent=root.parent))
    assert caught.value.advice


def test_a_link_that_leads_out_of_the_roots_is_refused(root: Path) -> None:
    (root / "out.wav").symlink_to(root.parent / "secret.wav")
    (root / "outside").symlink_to(root.parent)
    for path in (root / "out.wav", root / "outside" / "secret.wav"):
        with pytest.raises(PathRefused, match="outside the configured folders"):
            Roots([root]).confine(path)


def test_links_in_a_circle_are_refused(root: Path) -> None:
    (root / "a.wav").symlink_to(root / "b.wav")
    (root / "b.wav").symlink_to(root / "a.wav")
    with pytest.raises(PathRefused, match="cannot be followed"):
        Roots([root]).confine(root / "a.wav")


def test_pipes_sockets_and_devices_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "pipe.wav")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock.wav")
        for name in ("pipe.wav", "sock.wav"):
            with pytest.raises(PathRefused, match="not an ordinary file"):
                Roots([root]).confine(root / name)
    with pytest.raises(PathRefused, match="not an ordinary file"):
        Roots([Path("/dev")]).confine("/dev/null")


def test_whether_a_file_exists_is_told_inside_the_roots_only(root: Path) -> None:
    with pytest.raises(AudioMissing, match="not there"):
        Roots([root]).confine(root / "later.wav")
    with pytest.raises(PathRefused, match="outside"):
        Roots([root]).confine(root.parent / "later.wav")


def test_the_home_folder_may_be_written_as_a_tilde(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(root))
    assert Roots([Path("~")]).confine("~/song.wav") == root / "song.wav"


@pytest.mark.skipif(sys.platform == "win32", reason="the spelling is checked for real there")
@pytest.mark.parametrize(
    "spelled",
    [r"\\server\share\song.wav", r"\\.\C:\song.wav", r"\\?\C:\song.wav", r"C:\bounces\con.wav", r"C:\b\AUX", r"C:\b\song.wav:x"],
)
def test_network_and_device_names_of_windows_are_refused_before_anything_is_touched(spelled: str) -> None:
    with pytest.raises(PathRefused, match="device"):
        Roots([Path(r"C:\bounces")], windows=True).confine(spelled)


def test_a_network_folder_of_windows_that_is_a_root_is_let_through_to_the_other_checks() -> None:
    roots = Roots([Path(r"\\nas\bounces")], windows=True)
    with pytest.raises(PathRefused, match="not a whole path"):  # what this system makes of backslashes
        roots.confine(r"\\nas\bounces\song.wav")
