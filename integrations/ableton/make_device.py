"""Make Backbeat.amxd, the Max for Live device, from patch.json: `python make_device.py`. Needs nothing but Python.

A device file that is not frozen is a head of 32 bytes and the patch in JSON; all numbers are 32-bit, little-endian:

    0  "ampf"   4                  the kind of file, and the length of what follows it
    8  "mmmm"                      a MIDI effect ("aaaa" audio effect, "iiii" instrument)
   12  "meta"   4   0              a chunk of 4 bytes with nothing set
   24  "ptch"   length             the patch: JSON, a line feed and a zero byte

The script backbeat.js is not in it: it lies beside the device, where Max looks for it.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DEVICE = HERE / "Backbeat.amxd"
MIDI_EFFECT = b"mmmm"
APP_VERSION = {"major": 8, "minor": 5, "revision": 0, "architecture": "x64", "modernui": 1}
"""The Max of Live 11.3; later ones open what it wrote."""

HEIGHT = 169
"""Of every device in Live, in pixels."""

FONT = "Arial"


def main() -> None:
    """Write the device beside this file."""
    DEVICE.write_bytes(device_bytes(json.loads((HERE / "patch.json").read_text("utf-8"))))


def device_bytes(description: dict[str, Any]) -> bytes:
    """The whole file; the same description always gives the same bytes."""
    patch = json.dumps(patcher(description), indent=1, ensure_ascii=True).encode("ascii") + b"\n\0"
    head = struct.pack("<4sI4s4sII4sI", b"ampf", 4, MIDI_EFFECT, b"meta", 4, 0, b"ptch", len(patch))
    return head + patch


def patcher(description: dict[str, Any]) -> dict[str, Any]:
    """The patch as Max reads it (the format of .maxpat files)."""
    ids = {box["id"]: f"obj-{number}" for number, box in enumerate(description["boxes"], start=1)}
    return {
        "patcher": {
            "fileversion": 1,
            "appversion": APP_VERSION,
            "classnamespace": "box",
            "rect": [60.0, 100.0, 620.0, 360.0],
            "openrect": [0.0, 0.0, float(description["width"]), float(HEIGHT)],
            "openinpresentation": 1,
            "default_fontsize": 10.0,
            "default_fontname": FONT,
            "devicewidth": float(description["width"]),
            "description": "Backbeat: the drums of the selected audio clip as notes",
            "boxes": [{"box": max_box(box, ids, description)} for box in description["boxes"]],
            "lines": [{"patchline": wire(ids, *ends)} for ends in description["wires"]],
            "dependency_cache": [{"name": "backbeat.js", "bootpath": ".", "type": "TEXT", "implicit": 1}],
            "autosave": 0,
        }
    }


def max_box(box: dict[str, Any], ids: dict[str, str], description: dict[str, Any]) -> dict[str, Any]:
    """One object; with `seen` it shows in the device, not only in the editor."""
    made: dict[str, Any] = {
        "id": ids[box["id"]],
        "maxclass": box.get("class", "newobj"),
        "numinlets": box["inlets"],
        "numoutlets": len(box["outlets"]),
        "patching_rect": [float(value) for value in box["at"]],
    }
    if box["outlets"]:
        made["outlettype"] = box["outlets"]
    if "text" in box:
        made["text"] = box["text"].format(port=description["port"], reply_port=description["reply_port"])
    if "seen" in box:
        made |= {"presentation": 1, "presentation_rect": [float(value) for value in box["seen"]]}
    if box.get("bold"):
        made["fontface"] = 1
    if "lines" in box:
        made["linecount"] = box["lines"]
    return made | box.get("attributes", {})


def wire(ids: dict[str, str], source: str, outlet: int, destination: str, inlet: int) -> dict[str, Any]:
    """A patch cord."""
    return {"source": [ids[source], outlet], "destination": [ids[destination], inlet]}


if __name__ == "__main__":
    main()
