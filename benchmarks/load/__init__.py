"""Load test: visits, single searches and the bare engine at rising rates, with locust."""
