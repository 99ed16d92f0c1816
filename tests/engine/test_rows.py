"""How many rows a forward has, learnt from timings that are made up here."""

from engine.sharing.rows import RowLimit


def learnt(seconds_a_row: dict[int, float], most: int = 64) -> RowLimit:
    """After plenty of forwards of a device with these costs, with as many rows waiting as anyone wants."""
    limit = RowLimit(8, most)
    for _ in range(50):
        rows = limit.wanted(1000)
        limit.record(rows, rows * seconds_a_row[rows])
    return limit


def test_rows_grow_while_each_takes_less_time() -> None:
    assert learnt({8: 1.0, 16: 0.8, 32: 0.7, 64: 0.9}).rows == 32


def test_rows_stay_where_more_bring_nothing() -> None:
    limit = learnt({8: 1.0, 16: 0.99})
    assert (limit.rows, limit.learning) == (8, False)


def test_rows_never_exceed_the_most() -> None:
    assert learnt({8: 1.0, 16: 0.5}, most=16).rows == 16


def test_the_first_forward_of_a_size_does_not_count() -> None:
    limit = RowLimit(8, 64)
    for rows, seconds in [(8, 8.0)] * 4 + [(16, 900.0)] + [(16, 8.0)] * 3:
        limit.record(rows, seconds)
    assert limit.rows == 16


def test_more_is_tried_only_when_so_much_waits() -> None:
    limit = RowLimit(8, 64)
    for _ in range(4):
        limit.record(8, 8.0)
    assert limit.wanted(15) == 8
    assert limit.wanted(16) == 16


def test_many_tries_of_fewer_rows_give_them_no_advantage() -> None:
    limit = RowLimit(8, 16)
    for seconds in (8.0, 4.0, *[8.0] * 20, *[16.0]):
        limit.record(8, seconds)
    for _ in range(4):
        limit.record(16, 12.0)
    assert limit.rows == 16


def test_what_did_not_fit_is_never_tried_again() -> None:
    limit = RowLimit(8, 64)
    limit.exhausted(16)
    assert (limit.rows, limit.most, limit.wanted(1000)) == (8, 8, 8)
    limit.exhausted(8)
    assert (limit.rows, limit.most) == (4, 4)
