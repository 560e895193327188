"""Three OpenSearch nodes on one machine, and what is answered when one of them ends."""
