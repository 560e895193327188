import os
import signal

import pytest

from indexer.cli.interruption import stopped_by_signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_becomes_an_exit_code(
    capsys: pytest.CaptureFixture[str], number: int, code: int
) -> None:
    before = signal.getsignal(number)

    def interrupted() -> None:
        with stopped_by_signals(lambda: "all is well"):
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)  # a second one does not interrupt the clean-up

    with pytest.raises(SystemExit) as caught:
        interrupted()
    assert caught.value.code == code
    assert f"stopped by {signal.Signals(number).name}; all is well" in capsys.readouterr().err
    assert signal.getsignal(number) is before
