"""Lines for a reader that does not read: left out, counted, and long ones no reason to wait."""

import fcntl
import logging
import os

from query_service.observability.patient_handler import PatientHandler


def test_lines_that_nobody_reads_are_counted() -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 8192)
    with open(writer, "w", buffering=1) as stream, open(reader, "rb", buffering=0) as log:
        handler = PatientHandler(stream)
        for text in ("first", "long " + "y" * 50_000, "second", "third"):
            handler.emit(logging.makeLogRecord({"msg": text}))
        assert log.read(65_536).startswith(b"first\nlong yyy")
        handler.emit(logging.makeLogRecord({"msg": "fourth"}))
        said = log.read(65_536).decode()
        assert said.startswith("3 lines are missing here")  # the long one's rest among them
        assert said.endswith("\nfourth\n")
