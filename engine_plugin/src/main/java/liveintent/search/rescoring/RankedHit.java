package liveintent.search.rescoring;

import liveintent.ranking.Shares;

/**
 * A hit with its final score.
 *
 * @param shares what the score adds up from; null below the window
 */
public record RankedHit(WindowHit hit, float score, Shares shares) {}
