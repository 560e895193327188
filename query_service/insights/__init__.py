"""Panels over what is recorded: for OpenSearch Dashboards, and for a page of this service."""
