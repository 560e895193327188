package liveintent.search.visitor;

import liveintent.ranking.VisitorInput;
import liveintent.search.request.LiveIntentAnswer.Counts;

/**
 * A visitor who was read for a search.
 *
 * @param shards number of shards of the index
 * @param near whether the index has vectors for k-NN
 * @param window how many hits are ranked
 */
public record KnownVisitor(
    VisitorInput input, Counts counts, int shards, boolean near, int window) {}
