import pytest

from indexer.progress import Lines


def test_prints_a_line_for_every_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.start("encode", 200)
    for _ in range(200):
        lines.advance()
    printed = capsys.readouterr().err.splitlines()
    assert printed[0] == "encode: 200 items"
    assert [line.split()[1] for line in printed[1:]] == [str(n) for n in range(10, 101, 10)]


def test_quiet_prints_remarks_only(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(quiet=True)
    lines.start("encode", 100)
    lines.advance(100)
    lines.note("discarded an index")
    assert capsys.readouterr().err == "discarded an index\n"
