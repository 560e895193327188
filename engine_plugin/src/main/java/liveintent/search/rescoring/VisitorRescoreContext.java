package liveintent.search.rescoring;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import liveintent.model.RankingWeights;
import liveintent.ranking.VisitorInput;
import org.apache.lucene.search.TopDocs;
import org.opensearch.common.lucene.search.TopDocsAndMaxScore;
import org.opensearch.search.internal.SearchContext;
import org.opensearch.search.query.QuerySearchResult;
import org.opensearch.search.rescore.RescoreContext;

/** What the rescorer knows of one search of one shard. */
final class VisitorRescoreContext extends RescoreContext {
  private final VisitorInput visitor;
  private final RescoreMode mode;
  private final PersonLeg leg;
  private final int shard;
  private final Map<Integer, RankedHit> known = new HashMap<>();
  private volatile SearchContext search;
  private volatile boolean collecting;
  private volatile boolean owned;

  /**
   * @param visitor null where the order is to stay
   */
  VisitorRescoreContext(
      int window, int shard, VisitorInput visitor, RescoreMode mode, PersonLeg leg) {
    super(window, VisitorRescorer.INSTANCE);
    this.shard = shard;
    this.visitor = visitor;
    this.mode = mode;
    this.leg = leg;
  }

  VisitorInput visitor() {
    return visitor;
  }

  /** Null without one. */
  PersonLeg leg() {
    return leg;
  }

  RescoreMode mode() {
    return mode;
  }

  /** The number of hits that are ranked. */
  int window() {
    return super.getWindowSize();
  }

  /** 0 while documents are collected: a top_hits aggregation would collect as many per bucket. */
  @Override
  public int getWindowSize() {
    return collecting ? 0 : super.getWindowSize();
  }

  /** Tell it which search it belongs to. */
  void begin(SearchContext context) {
    this.search = context;
  }

  /** Tell it that the search's own hits are collected from now on. */
  void collect() {
    this.collecting = true;
  }

  /** Tell it the result that the shard sends. */
  void end(QuerySearchResult result) {
    if (mode.gathered()
        && !result.hasConsumedTopDocs()
        && !GatheredDocs.is(result.topDocs().topDocs)) {
      TopDocs none = GatheredDocs.none(result.getTotalHits());
      result.topDocs(new TopDocsAndMaxScore(none, Float.NaN), GatheredDocs.FORMATS);
    }
  }

  /** A shard's hits, best first. They are the search's own, and are ranked once. */
  List<RankedHit> ranked(List<WindowHit> hits) {
    RankingWeights weights = visitor.weights();
    List<RankedHit> ranked =
        mode.global() == null
            ? WindowRanking.of(hits, window(), mode.legSize(), weights, queryTerms())
            : mode.global().ranked(hits, weights);
    if (search.explain()) {
      ranked.forEach(hit -> known.put(hit.hit().document(), hit));
    }
    return ranked;
  }

  /** The hit as it was ranked; null where this phase does not know. */
  RankedHit known(int document) {
    return known.get(document);
  }

  SearchContext search() {
    return search;
  }

  /** Number of the shard in its index. */
  int shard() {
    return shard;
  }

  /** The number of the query's terms. */
  int queryTerms() {
    return mode.queryTerms() == null ? QueryTerms.count(search.query()) : mode.queryTerms();
  }

  /** Whether these are the search's own hits, not those of a top_hits aggregation; once. */
  boolean owns(TopDocs documents) {
    if (search == null || owned) {
      return false;
    }
    QuerySearchResult result = search.queryResult();
    owned = !result.hasConsumedTopDocs() && result.getTotalHits() == documents.totalHits;
    return owned;
  }
}
