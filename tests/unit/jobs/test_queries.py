"""The SQL files."""

from __future__ import annotations

import pytest

from backbeat.jobs.queries import query, schema_statements


def test_statements_are_found_by_name() -> None:
    assert query("running").strip() == "select * from jobs where state = 'running' order by priority desc, position;"


def test_an_unknown_name_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="nosuch"):
        query("nosuch")


def test_a_schema_is_cut_between_its_statements_and_not_inside_a_trigger() -> None:
    statements = schema_statements("schema.sql")
    triggers = [statement for statement in statements if "create trigger" in statement]
    assert len(triggers) == 2
    assert all(statement.rstrip().endswith("end;") for statement in triggers)
    assert all(statement.count("create ") == 1 for statement in statements)
