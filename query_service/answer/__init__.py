"""An answer of the pipeline: its page of hits, the parts beside them, mixed and replaced lists."""
