package liveintent.search.rescoring;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import liveintent.model.RankingWeights;
import liveintent.ranking.CandidateParts;
import liveintent.ranking.Normalizer;
import liveintent.ranking.Shares;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/**
 * What one shard has to know of the window of all shards, to score its own hits as the whole list
 * would: hits with the extremes that normalise it, and where it ends.
 *
 * @param extremes hits of the window with the least and the largest of each normalised part
 * @param last the last hit of the window, in the query's order
 * @param lowest the window's lowest score
 * @param queryTerms number of the query's terms
 */
public record GlobalWindow(
    List<CandidateParts> extremes, WindowHit last, float lowest, int queryTerms)
    implements Writeable {

  /** That of hits of all shards: their ranking, without those below the window. */
  public static GlobalWindow of(List<RankedHit> ranked, int queryTerms) {
    List<WindowHit> hits = new ArrayList<>();
    float lowest = Float.POSITIVE_INFINITY;
    for (RankedHit each : ranked) {
      hits.add(each.hit());
      lowest = Math.min(lowest, each.score());
    }
    Set<CandidateParts> extremes = new HashSet<>();
    addExtremes(hits, CandidateParts::bm25, extremes);
    addExtremes(hits, CandidateParts::similarity, extremes);
    addExtremes(hits, CandidateParts::person, extremes);
    WindowHit last = Collections.max(hits, WindowHit.BY_QUERY);
    return new GlobalWindow(List.copyOf(extremes), last, lowest, queryTerms);
  }

  private static void addExtremes(
      List<WindowHit> hits, ToDoubleFunction<CandidateParts> part, Set<CandidateParts> extremes) {
    List<CandidateParts> known =
        hits.stream()
            .map(WindowHit::parts)
            .filter(parts -> Double.isFinite(part.applyAsDouble(parts)))
            .toList();
    if (!known.isEmpty()) {
      extremes.add(Collections.min(known, Comparator.comparingDouble(part)));
      extremes.add(Collections.max(known, Comparator.comparingDouble(part)));
    }
  }

  GlobalWindow(StreamInput in) throws IOException {
    this(
        in.readList(CandidateParts::new),
        new WindowHit(in.readVInt(), in.readVInt(), in.readFloat(), false, null),
        in.readFloat(),
        in.readVInt());
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeList(extremes);
    out.writeVInt(last.shard());
    out.writeVInt(last.document());
    out.writeFloat(last.queryScore());
    out.writeFloat(lowest);
    out.writeVInt(queryTerms);
  }

  /** The hit with the score that it has in the whole list. */
  RankedHit ranked(WindowHit hit, RankingWeights weights) {
    if (hit.parts() == null || WindowHit.BY_QUERY.compare(hit, last) > 0) {
      return new RankedHit(hit, WindowRanking.belowWindow(lowest, hit.queryScore()), null);
    }
    List<CandidateParts> list = new ArrayList<>(extremes);
    list.add(hit.parts());
    Shares shares = new Normalizer(weights, queryTerms).shares(list).get(extremes.size());
    return new RankedHit(hit, shares.total(), shares);
  }

  /** A shard's hits, best first. */
  List<RankedHit> ranked(List<WindowHit> hits, RankingWeights weights) {
    List<RankedHit> ranked = new ArrayList<>();
    for (WindowHit hit : hits) {
      ranked.add(ranked(hit, weights));
    }
    ranked.sort(RankedHit.BEST_FIRST.thenComparing(RankedHit::hit, WindowHit.BY_QUERY));
    return ranked;
  }
}
