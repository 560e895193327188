"""The words of the sample catalogue: kinds of items, a module for each department."""
