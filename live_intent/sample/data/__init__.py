"""The words that the sample catalogue is made of: kinds of items, department by department."""
