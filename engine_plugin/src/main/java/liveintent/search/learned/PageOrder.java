package liveintent.search.learned;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.opensearch.search.SearchHit;
import org.opensearch.search.SearchHits;

/** The hits of a page in another order. */
final class PageOrder {
  private PageOrder() {}

  /**
   * Order hits. The scores stay at their positions: they fall from hit to hit, as clients expect,
   * and say no more than the position.
   *
   * @param ids of the hits, each once
   * @param order the same ids
   */
  static SearchHits of(SearchHits page, List<String> ids, List<String> order) {
    SearchHit[] before = page.getHits();
    float[] scores = new float[before.length];
    Map<String, SearchHit> byId = new HashMap<>();
    for (int row = 0; row < before.length; row++) {
      scores[row] = before[row].getScore();
      byId.put(ids.get(row), before[row]);
    }
    SearchHit[] after = order.stream().map(byId::get).toArray(SearchHit[]::new);
    for (int row = 0; row < after.length; row++) {
      after[row].score(scores[row]);
    }
    return new SearchHits(
        after,
        page.getTotalHits(),
        page.getMaxScore(),
        page.getSortFields(),
        page.getCollapseField(),
        page.getCollapseValues());
  }
}
