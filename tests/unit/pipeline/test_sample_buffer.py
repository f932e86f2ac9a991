import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.pipeline.sample_buffer import SampleBuffer


@given(lengths=st.lists(st.integers(0, 50), max_size=20), expected=st.one_of(st.none(), st.integers(0, 600)))
def test_what_goes_in_comes_out_whatever_length_was_expected(lengths: list[int], expected: int | None) -> None:
    sound = np.arange(2 * sum(lengths), dtype=np.float32).reshape(-1, 2)
    buffer = SampleBuffer(2, expected)
    for block in np.split(sound, np.cumsum(lengths)[:-1]) if lengths else []:
        buffer.append(block)
    np.testing.assert_array_equal(buffer.samples(), sound.T)


@pytest.mark.parametrize("expected", [None, 1000, 900, 10_000])
def test_the_result_holds_hardly_more_memory_than_it_needs(expected: int | None) -> None:
    buffer = SampleBuffer(1, expected)
    buffer.append(np.ones((1000, 1), dtype=np.float32))
    base = buffer.samples().base
    assert base is not None
    assert base.size <= 1.5 * 1000
