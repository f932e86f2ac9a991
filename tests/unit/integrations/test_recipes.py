"""What the pages for DAWs tell people to write, type and open is there and is right."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from backbeat.cli.main import build_parser
from backbeat.config.load import load_config
from backbeat.intake.tempo_hint import name_to_bpm
from backbeat.outputs.note_map import load_note_map
from backbeat.settings import parse_options

INTEGRATIONS = Path(__file__).resolve().parents[3] / "integrations"
PAGES = sorted(INTEGRATIONS.rglob("*.md"))
DAWS = ("ardour", "bitwig", "cubase", "fl-studio", "logic", "studio-one")
RECIPES = [INTEGRATIONS / daw / "README.md" for daw in DAWS]
COMMON = INTEGRATIONS / "watched-folder.md"

TOML = [(page, block) for page in PAGES for block in re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
LINKS = [
    (page, link)
    for page in PAGES
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8"))
    if not link.startswith(("http://", "https://"))
]
COMMANDS = [(page, line) for page in PAGES for line in re.findall(r"`backbeat ([a-z][^`]*)`", page.read_text("utf-8"))]


def name(value: object) -> str:
    return str(value.relative_to(INTEGRATIONS)) if isinstance(value, Path) else str(value)[:30]


@pytest.mark.parametrize(("page", "block"), TOML, ids=name)
def test_every_configuration_is_valid_and_its_presets_exist(page: Path, block: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(block, "utf-8")
    config = load_config(file, environ={}).config
    assert len(config.watch) == len(tomllib.loads(block).get("watch", ()))
    for folder in config.watch:
        assert folder.settings.host_bpm
        load_note_map(folder.settings.preset)


@pytest.mark.parametrize("page", RECIPES, ids=name)
def test_every_daw_has_a_folder_three_steps_a_diagram_and_a_troubleshooting_table(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "```toml\n   [[watch]]\n" in text
    assert re.search(r"\nthree steps|three steps\n", text, re.IGNORECASE)
    assert re.search(r"^3\. ", text, re.MULTILINE)
    assert "──▶" in text
    assert "## Troubleshooting\n\n| what you see | what to do |" in text
    assert "## How this was checked" in text
    assert "watched-folder.md" in text


@pytest.mark.parametrize("page", sorted(INTEGRATIONS.glob("*/README.md")), ids=name)
def test_every_integration_has_three_steps_a_picture_of_the_flow_troubleshooting_and_says_how_it_was_checked(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.search(r"three steps\n", text, re.IGNORECASE)
    assert re.search(r"──▶|-->", text)
    assert re.search(r"^## (Troubleshooting|When something is wrong)\n\n\| what you see \|", text, re.MULTILINE)
    assert re.search(r"^## How (this|it) was checked$", text, re.MULTILINE)


def test_every_page_of_the_folder_is_in_its_list() -> None:
    listed = (INTEGRATIONS / "README.md").read_text("utf-8")
    assert [daw for daw in DAWS if f"({daw}/README.md)" not in listed] == []
    assert "(watched-folder.md)" in listed


@pytest.mark.parametrize(("page", "link"), LINKS, ids=name)
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(page: Path, link: str) -> None:
    file, _, heading = link.partition("#")
    target = page.parent / file if file else page
    assert target.is_file()
    if heading:
        headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
        assert heading in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("line", sorted({line for _, line in COMMANDS}))
def test_every_command_is_understood(line: str) -> None:
    words = shlex.split(line)
    if all(word.isidentifier() for word in words):  # only named, not shown with what it needs
        words.append("--help")
    try:
        build_parser().parse_args(words)
    except SystemExit as exited:
        assert exited.code == 0  # noqa: PT017 - argparse leaves in this way, and --help does so with 0


@pytest.mark.parametrize(
    ("page", "settings"), [(p, s) for p in PAGES for s in re.findall(r"`(\{.*?\})`", p.read_text("utf-8"))], ids=name
)
def test_the_settings_of_one_bounce_are_understood(page: Path, settings: str) -> None:
    pairs = dict(re.findall(r'"(\w+)": "?([^",}]+)', settings))
    options, mistakes = parse_options(pairs)
    assert mistakes == []
    assert options.keys() == pairs.keys()


@pytest.mark.parametrize("page", [COMMON, *RECIPES], ids=name)
def test_names_that_state_a_tempo_are_read_so(page: Path) -> None:
    for stated in re.findall(r"`([^`]*\d ?_?bpm[^`]*)`", page.read_text("utf-8")):
        assert name_to_bpm(stated), stated
