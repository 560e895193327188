"""Files of catalogues, from bytes to rows."""
