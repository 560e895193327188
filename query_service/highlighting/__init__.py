"""The words of hits that a query found, marked."""
