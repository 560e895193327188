"""A report on the terminal, as JSON and as a page; and an earlier one to compare with."""
