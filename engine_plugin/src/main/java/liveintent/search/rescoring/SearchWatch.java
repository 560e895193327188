package liveintent.search.rescoring;

import java.util.function.Consumer;
import org.opensearch.index.shard.SearchOperationListener;
import org.opensearch.search.internal.SearchContext;
import org.opensearch.search.rescore.RescoreContext;

/** Tells rescore contexts of the search that they belong to, which the engine does not. */
public final class SearchWatch implements SearchOperationListener {

  @Override
  public void onPreQueryPhase(SearchContext search) {
    each(search, context -> context.begin(search));
  }

  @Override
  public void onPreSliceExecution(SearchContext search) {
    each(search, VisitorRescoreContext::collect);
  }

  /** Without hits the engine calls no rescorer. */
  @Override
  public void onQueryPhase(SearchContext search, long tookInNanos) {
    each(search, context -> context.end(search.queryResult()));
  }

  private static void each(SearchContext search, Consumer<VisitorRescoreContext> action) {
    for (RescoreContext context : search.rescore()) {
      if (context instanceof VisitorRescoreContext ours) {
        action.accept(ours);
      }
    }
  }
}
