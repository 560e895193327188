"""Where the parts are put together: the command line, the demo, the sample catalogue."""

import time

LOADED_NS = time.time_ns()  # as a command, hardly later than its process
