package liveintent.search.rescoring;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.Weight;
import org.opensearch.index.query.ParsedQuery;
import org.opensearch.search.internal.SearchContext;

/**
 * The items nearest to the visitor among the matches of the search; they join the window of those
 * that match its query best. As in the query service it adds no item that the search does not
 * match.
 *
 * @param near the k-NN query
 * @param size how many items it finds
 */
record PersonLeg(Query near, int size) {

  /** The leg's hits with the scores of the search's own query. */
  ScoreDoc[] documents(SearchContext search, IndexSearcher searcher) throws IOException {
    ScoreDoc[] nearest = searcher.search(near, size).scoreDocs;
    Arrays.sort(nearest, Comparator.comparingInt(document -> document.doc));
    Matches own = new Matches(searcher, search.query());
    ParsedQuery post = search.parsedPostFilter();
    Matches filter = post == null ? null : new Matches(searcher, post.query());
    Float least = search.minimumScore();
    List<ScoreDoc> documents = new ArrayList<>();
    for (ScoreDoc document : nearest) {
      float score = own.score(document.doc);
      boolean matches = !Float.isNaN(score) && (least == null || score >= least);
      if (matches && (filter == null || !Float.isNaN(filter.score(document.doc)))) {
        documents.add(new ScoreDoc(document.doc, score));
      }
    }
    return documents.toArray(new ScoreDoc[0]);
  }

  /** Scores documents by a query, in ascending order. */
  private static final class Matches {
    private final List<LeafReaderContext> leaves;
    private final Weight weight;
    private LeafReaderContext leaf;
    private Scorer scorer;

    Matches(IndexSearcher searcher, Query query) throws IOException {
      this.leaves = searcher.getIndexReader().leaves();
      this.weight = searcher.createWeight(searcher.rewrite(query), ScoreMode.COMPLETE, 1);
    }

    /** NaN where the document does not match. */
    float score(int document) throws IOException {
      if (leaf == null || document >= leaf.docBase + leaf.reader().maxDoc()) {
        leaf = leaves.get(ReaderUtil.subIndex(document, leaves));
        scorer = weight.scorer(leaf);
      }
      int wanted = document - leaf.docBase;
      if (scorer == null || scorer.docID() > wanted) {
        return Float.NaN;
      }
      boolean there = scorer.docID() == wanted || scorer.iterator().advance(wanted) == wanted;
      return there ? scorer.score() : Float.NaN;
    }
  }
}
