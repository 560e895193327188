package liveintent.search.rescoring;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.opensearch.search.query.QuerySearchResult;
import org.opensearch.search.rescore.RescoreContext;
import org.opensearch.search.rescore.Rescorer;

/** Ranks the best hits of a shard for a visitor. */
final class VisitorRescorer implements Rescorer {
  static final Rescorer INSTANCE = new VisitorRescorer();

  private VisitorRescorer() {}

  @Override
  public TopDocs rescore(TopDocs documents, IndexSearcher searcher, RescoreContext rescoreContext)
      throws IOException {
    VisitorRescoreContext context = (VisitorRescoreContext) rescoreContext;
    if (context.visitor() == null || !context.owns(documents)) {
      return documents;
    }
    ShardHits shard = new ShardHits(context.shard(), searcher, context.visitor());
    PersonLeg leg = context.leg();
    List<WindowHit> hits =
        leg == null
            ? shard.of(documents.scoreDocs, context.window())
            : shard.of(
                documents.scoreDocs, context.window(), leg.documents(context.search(), searcher));
    return context.mode().gathered()
        ? gathered(documents, hits, context)
        : ranked(documents, hits, context);
  }

  private static TopDocs ranked(
      TopDocs documents, List<WindowHit> hits, VisitorRescoreContext context) {
    List<RankedHit> ranked = context.ranked(hits);
    if (context.search().explain()) {
      context.setRescoredDocs(
          ranked.stream()
              .filter(hit -> hit.shares() != null)
              .map(hit -> hit.hit().document())
              .collect(Collectors.toSet()));
    }
    ScoreDoc[] reordered = new ScoreDoc[ranked.size()];
    for (int row = 0; row < reordered.length; row++) {
      reordered[row] = new ScoreDoc(ranked.get(row).hit().document(), ranked.get(row).score());
    }
    return new TopDocs(documents.totalHits, reordered);
  }

  /** The hits for the coordinating node. A single shard fetches them, in their final order. */
  private static TopDocs gathered(
      TopDocs documents, List<WindowHit> hits, VisitorRescoreContext context) {
    List<WindowHit> ordered = hits;
    if (context.search().numberOfShards() == 1) {
      ordered = context.ranked(hits).stream().map(RankedHit::hit).toList();
    }
    QuerySearchResult result = context.search().queryResult();
    result.topDocs(result.topDocs(), GatheredDocs.FORMATS); // which the engine checks
    return GatheredDocs.of(documents.totalHits, ordered, context.queryTerms());
  }

  @Override
  public Explanation explain(
      int document, IndexSearcher searcher, RescoreContext rescoreContext, Explanation query)
      throws IOException {
    VisitorRescoreContext context = (VisitorRescoreContext) rescoreContext;
    if (context.visitor() == null || context.mode().gathered()) {
      return query; // of gathered hits the coordinating node explains the score
    }
    RankedHit known = context.known(document);
    if (known == null && context.mode().global() != null) {
      ScoreDoc[] alone = {new ScoreDoc(document, query.getValue().floatValue())};
      WindowHit hit =
          new ShardHits(context.shard(), searcher, context.visitor()).of(alone, 1).get(0);
      known = context.mode().global().ranked(hit, context.visitor().weights());
    }
    if (known != null) {
      return ScoreExplanation.of(known, query);
    }
    return Explanation.match(
        query.getValue(),
        context.isRescored(document)
            ? "live_intent: ranked among its shard's hits, which this phase does not know;"
                + " here is the score of the query alone:"
            : "live_intent: below the window, in the order of the query:",
        query);
  }
}
