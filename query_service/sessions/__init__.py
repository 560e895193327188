"""The session store: events and queries of visitors in OpenSearch; read, appended, erased."""
