package liveintent;

import org.opensearch.plugins.Plugin;

/** What OpenSearch loads: the class that the descriptor names. */
public final class LiveIntentPlugin extends Plugin {}
