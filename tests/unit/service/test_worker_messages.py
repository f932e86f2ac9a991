"""The line protocol between daemon and worker."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.pipeline.request import Request
from backbeat.records import Hit
from backbeat.sensitivity import Sensitivity
from backbeat.service import worker_messages
from backbeat.service.worker_messages import Finished, Message, Progress, Work, Written, from_line, to_line
from backbeat.settings import Settings
from backbeat.values import Instrument, Meter, OutputKind, Stage

text = st.text(st.characters(exclude_characters="\0"), max_size=20)
paths = text.map(lambda name: Path("/bounces") / f"_{name}")
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | text, lambda inner: st.lists(inner) | st.dictionaries(text, inner)
)
all_settings = st.builds(
    Settings,
    bpm=st.none() | st.floats(20, 400),
    meter=st.none() | st.builds(Meter, st.integers(1, 32), st.sampled_from([2, 4, 8])),
    quantize=st.integers(0, 100),
    keep_stem=st.booleans(),
    sensitivity=st.builds(Sensitivity, overall=st.integers(0, 100)),
)
requests = st.builds(Request, path=paths, fingerprint=text, out_base=paths, settings=all_settings)
BY_TYPE = {
    "Request": requests,
    "Path": paths,
    "Stage": st.sampled_from(Stage),
    "OutputKind": st.sampled_from(OutputKind),
    "Mapping[OutputKind, Path]": st.dictionaries(st.sampled_from(OutputKind), paths),
    "tuple[Hit, ...]": st.lists(
        st.builds(Hit, st.floats(0, 1e5), st.sampled_from(Instrument), st.integers(1, 127), st.floats(0, 1)), max_size=9
    ).map(tuple),
    "Mapping[str, Any]": st.dictionaries(text, jsons),
    "str": text,
    "str | None": st.none() | text,
    "bool": st.booleans(),
    "int": st.integers(),
    "float": st.floats(allow_nan=False),
}
messages = st.sampled_from(list(worker_messages.MESSAGE_TYPES.values())).flatmap(
    lambda kind: st.builds(kind, **{name: BY_TYPE[str(hint)] for name, hint in kind.__annotations__.items()})
)


@given(messages)
def test_every_message_comes_back_from_its_line(message: Message) -> None:
    line = to_line(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert from_line(line) == message


def test_file_names_that_are_not_unicode_survive() -> None:
    path = Path("/bounces/Schlagzeug-f\udcfcr.wav")
    written = Written(job_id="j", kind=OutputKind.MIDI, path=path)
    assert from_line(to_line(written)) == written


@pytest.mark.parametrize(
    "line",
    [
        b'{"message_type": "from_the_future", "job_id": "j"}\n',
        b'{"message_type": "cancel"}\n',
        b'{"message_type": "progress", "job_id": "j", "stage": "cooking", "fraction": 0}\n',
        b'{"message_type": "work", "job_id": "j", "request": 7}\n',
        b"[1, 2]\n",
        b"{",
        b"\xff\xfe\n",
        b"\n",
    ],
)
def test_what_is_not_understood_is_passed_over_with_a_line_in_the_log(line: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert from_line(line) is None
    assert "passed over" in caplog.text


def test_fields_of_a_later_version_are_ignored() -> None:
    body = json.loads(to_line(Progress(job_id="j", stage=Stage.HITS, fraction=0.5)))
    body["colour"] = "blue"
    assert from_line(json.dumps(body).encode()) == Progress(job_id="j", stage=Stage.HITS, fraction=0.5)


def test_a_summary_that_json_cannot_hold_is_refused_by_the_sender() -> None:
    with pytest.raises(TypeError):
        to_line(Finished(job_id="j", outputs={}, summary={"hits": {1, 2}}))


def test_a_request_arrives_with_the_same_identity() -> None:
    request = Request(
        path=Path("/a.wav"), fingerprint="f", out_base=Path("/a.drums"), settings=Settings(bpm=97.3, meter=Meter(7, 8))
    )
    work = from_line(to_line(Work(job_id="j", request=request)))
    assert isinstance(work, Work)
    assert work.request.identity == request.identity
