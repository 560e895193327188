"""A report on the terminal, as JSON and as a page; and an earlier report to compare with."""
