"""Makes `index.xml`, the list that ReaPack reads, from the scripts beside this file.

    python make_index.py                              # for where Backbeat's releases are published
    python make_index.py --url https://host/folder    # for scripts that lie elsewhere

ReaPack's format: https://github.com/cfillion/reapack/wiki/Index-Format
"""

from __future__ import annotations

import argparse
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
CATEGORY = "Drums"
PACKAGE = "Backbeat_Transcribe selected items.lua"
PUBLISHED = "https://backbeat.example/reaper/{version}"
"""Addresses hold the version: a package that is installed later has the files that its index was made for."""


def backbeat_version(here: Path = HERE) -> str:
    """The version of the Backbeat that these scripts belong to."""
    text = (here.parents[1] / "daemon" / "backbeat" / "__init__.py").read_text("utf-8")
    match = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if match is None:
        raise SystemExit("daemon/backbeat/__init__.py names no version.")
    return match[1]


def index_xml(version: str, url: str, here: Path = HERE) -> str:
    """The index as XML: one package with all scripts; the actions are registered, the library is not."""
    folder = here / CATEGORY
    header = _header((folder / PACKAGE).read_text("utf-8"))
    index = ET.Element("index", version="1", name="Backbeat")
    category = ET.SubElement(index, "category", name=CATEGORY)
    package = ET.SubElement(category, "reapack", name=PACKAGE, type="script", desc=header["description"])
    release = ET.SubElement(package, "version", name=version, author=header["author"])
    for path in sorted(folder.rglob("*.lua"), key=lambda path: (path.name != PACKAGE, path.relative_to(folder).as_posix())):
        name = path.relative_to(folder).as_posix()
        attributes = {} if name == PACKAGE else {"file": name}
        if path.parent == folder:
            attributes = {"main": "main", **attributes}
        ET.SubElement(release, "source", attributes).text = f"{url}/{CATEGORY}/{quote(name)}"
    ET.indent(index, "  ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(index, encoding="unicode") + "\n"


def _header(text: str) -> dict[str, str]:
    """The tags of the package's header that stand on one line."""
    return dict(re.findall(r"^-- @(\w+) (.+)$", text, re.MULTILINE))


def main() -> None:
    """Write the index beside the scripts."""
    parser = argparse.ArgumentParser(description="Make ReaPack's index.xml for the scripts in this folder.")
    parser.add_argument("--url", help="where the folder with this file lies on the web (default: where releases are published)")
    args = parser.parse_args()
    version = backbeat_version()
    text = index_xml(version, args.url.rstrip("/") if args.url else PUBLISHED.format(version=version))
    (HERE / "index.xml").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
