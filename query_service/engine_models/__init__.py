"""What the plugin inside OpenSearch knows of an items index: its model document."""
