package liveintent.search.request;

import java.util.List;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.rescore.RescorerBuilder;
import org.opensearch.search.sort.ScoreSortBuilder;
import org.opensearch.search.sort.SortBuilder;
import org.opensearch.search.sort.SortOrder;

/** Whether the engine lets the hits of a request be ranked again. */
public final class Eligibility {
  private static final String HYBRID_QUERY = "hybrid";

  private Eligibility() {}

  /**
   * Check a request that has a source.
   *
   * @throws PlainOrder where its order has to stay
   */
  public static void check(SearchRequest request) {
    SearchSourceBuilder source = request.source();
    if (request.scroll() != null) {
      throw new PlainOrder(Reason.SCROLL);
    }
    if (source.searchAfter() != null) {
      throw new PlainOrder(Reason.SEARCH_AFTER);
    }
    if (source.slice() != null) {
      throw new PlainOrder(Reason.SLICED);
    }
    if (source.collapse() != null) {
      throw new PlainOrder(Reason.COLLAPSED);
    }
    if (!byScore(source.sorts())) {
      throw new PlainOrder(Reason.SORTED);
    }
    if (source.size() == 0) {
      throw new PlainOrder(Reason.NO_HITS);
    }
    if (isHybrid(source.query())) {
      throw new PlainOrder(Reason.HYBRID);
    }
    if (source.rescores() != null && source.rescores().stream().anyMatch(Eligibility::isOurs)) {
      throw new PlainOrder(Reason.RESCORED);
    }
  }

  private static boolean byScore(List<SortBuilder<?>> sorts) {
    if (sorts == null || sorts.isEmpty()) {
      return true;
    }
    SortBuilder<?> first = sorts.get(0);
    return sorts.size() == 1
        && first instanceof ScoreSortBuilder
        && first.order() == SortOrder.DESC;
  }

  private static boolean isHybrid(QueryBuilder query) {
    return query != null && HYBRID_QUERY.equals(query.getWriteableName());
  }

  private static boolean isOurs(RescorerBuilder<?> rescorer) {
    return LiveIntentExt.NAME.equals(rescorer.getWriteableName());
  }
}
