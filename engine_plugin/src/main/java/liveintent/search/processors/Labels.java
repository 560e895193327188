package liveintent.search.processors;

/** What a pipeline says of each of its processors. */
record Labels(String tag, String description, boolean ignoreFailure) {}
