"""What is kept of each answer in `ubi_queries`, and read back by `live-intent explain`."""
