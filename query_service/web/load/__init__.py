"""How many searches a process works on at once, which wait, and which are refused."""
