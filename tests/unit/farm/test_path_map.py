"""The same folder has different names on different computers."""

from __future__ import annotations

from pathlib import Path

from backbeat.farm.path_map import PathMap
from backbeat.pipeline.request import Request
from backbeat.settings import Settings


def request(path: str, out: str) -> Request:
    return Request(path=Path(path), fingerprint="f", out_base=Path(out), settings=Settings())


HERE = request("/Users/me/Bounces/Album/song.wav", "/Users/me/Bounces/Album/song.drums")
THERE = request("/mnt/bounces/Album/song.wav", "/mnt/bounces/Album/song.drums")


def test_a_request_is_said_in_the_farms_words_and_back() -> None:
    paths = PathMap(["/Users/me/Bounces = /mnt/bounces"])
    assert paths.there(HERE) == THERE
    assert paths.here(THERE) == HERE


def test_without_a_list_every_name_is_the_same_everywhere() -> None:
    assert PathMap([]).there(HERE) is not None
    assert PathMap([]).there(HERE) == HERE


def test_only_whole_folder_names_count_and_the_innermost_one_goes_first() -> None:
    paths = PathMap(["/a = /x", "/a/b = /y"])
    assert paths.there(request("/a/b/s.wav", "/a/bc/s")) == request("/y/s.wav", "/x/bc/s")
    assert paths.there(request("/ab/s.wav", "/a")) == request("/ab/s.wav", "/x")


def test_a_daemon_on_windows_and_a_worker_on_linux_mean_the_same() -> None:
    there = PathMap([r"D:\Bounces = /mnt/bounces"]).there(request(r"D:\Bounces\Album\song.wav", r"D:\Bounces\Album\song.drums"))
    assert there == THERE


def test_two_daemons_with_names_of_their_own_ask_for_the_same_run() -> None:
    one = PathMap(["/Users/me/Bounces = /mnt/bounces"]).there(HERE)
    two = PathMap(["/home/you/Music = /mnt/bounces"]).there(
        request("/home/you/Music/Album/song.wav", "/home/you/Music/Album/song.drums")
    )
    assert one.identity == two.identity
