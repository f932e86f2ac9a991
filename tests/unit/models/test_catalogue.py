from __future__ import annotations

import re

import pytest

from backbeat.engines.registry import ENGINES
from backbeat.errors import ModelError
from backbeat.models.catalogue import ModelKind, load_catalogue, parse_catalogue


def test_every_model_that_an_engine_needs_is_in_the_catalogue():
    needed = {model for engine in ENGINES for model in engine.models}
    assert needed <= {entry.name for entry in load_catalogue().entries}


def test_every_entry_says_whose_it_is_and_under_which_licence():
    for entry in load_catalogue().entries:
        assert all((entry.summary, entry.version, entry.licence, entry.credit, entry.extra)), entry.name
        assert entry.source.startswith("https://")


def test_every_file_has_a_whole_checksum_and_says_where_it_is_from():
    for entry in load_catalogue().entries:
        assert entry.files
        for file in entry.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256), file.name
            assert file.sha256_from


def test_the_checksum_in_a_demucs_file_name_agrees_with_the_catalogue():
    names = [file for entry in load_catalogue().entries for file in entry.files if file.name.endswith(".th")]
    assert names
    for file in names:
        assert file.sha256.startswith(file.name.removesuffix(".th").split("-")[1])


def test_a_model_of_one_file_says_where_to_get_it():
    for entry in load_catalogue().entries:
        if entry.kind is ModelKind.FILE:
            assert len(entry.files) == 1
            assert (entry.files[0].uri or "").startswith("https://")


def test_files_of_one_part_are_alternatives():
    assert load_catalogue().entry("htdemucs").parts == ("955717e8",)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ModelError, match="no model called 'htdemuc'") as caught:
        load_catalogue().entry("htdemuc")
    assert "htdemucs" in caught.value.advice


def test_a_misspelt_field_is_refused():
    with pytest.raises(TypeError, match="licens"):
        parse_catalogue('[a]\nkind = "file"\nlicens = "MIT"\n')


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="zip"):
        parse_catalogue('[a]\nkind = "zip"\n')
