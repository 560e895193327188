package liveintent.search.visitor;

import org.opensearch.common.unit.TimeValue;

/**
 * Where visitors and models are stored, and how long a search waits for them.
 *
 * @param asNode whether the node reads them in its own name, not in that of who searches
 */
public record VisitorSettings(
    String sessionsIndex, String modelsIndex, int window, TimeValue timeout, boolean asNode) {
  /** How many hits are ranked, where neither the request nor the pipeline says so. */
  public static final int WINDOW = 200;

  /** How long a search waits for its visitor, where the pipeline does not say so, ms. */
  public static final int TIMEOUT_MILLIS = 200;
}
