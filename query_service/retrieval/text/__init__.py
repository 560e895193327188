"""The words of a query: how the words leg asks for them."""
