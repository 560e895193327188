package liveintent.search.rescoring;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import liveintent.ranking.Candidate;
import liveintent.ranking.CandidateParts;
import liveintent.ranking.CandidateScorer;
import liveintent.ranking.VisitorInput;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;

/** Reads the parts of the scores of a shard's hits. */
final class ShardHits {
  private final int shard;
  private final List<LeafReaderContext> leaves;
  private final CandidateScorer scorer;
  private final Candidate candidate = new Candidate();

  ShardHits(int shard, IndexSearcher searcher, VisitorInput visitor) {
    this.shard = shard;
    this.leaves = searcher.getIndexReader().leaves();
    this.scorer = new CandidateScorer(visitor);
  }

  /** The search's hits in the order given, the first {@code window} of them with parts. */
  List<WindowHit> of(ScoreDoc[] documents, int window) throws IOException {
    return of(documents, window, false);
  }

  /** The search's hits, and those that the person leg adds to the window. */
  List<WindowHit> of(ScoreDoc[] documents, int window, ScoreDoc[] leg) throws IOException {
    Set<Integer> inWindow = new HashSet<>();
    for (int row = 0; row < Math.min(window, documents.length); row++) {
      inWindow.add(documents[row].doc);
    }
    ScoreDoc[] added = without(inWindow, leg);
    Set<Integer> joined = new HashSet<>();
    for (ScoreDoc document : added) {
      joined.add(document.doc);
    }
    List<WindowHit> hits = new ArrayList<>(of(without(joined, documents), window, false));
    hits.addAll(of(added, added.length, true));
    return hits;
  }

  private static ScoreDoc[] without(Set<Integer> left, ScoreDoc[] documents) {
    return Arrays.stream(documents)
        .filter(document -> !left.contains(document.doc))
        .toArray(ScoreDoc[]::new);
  }

  private List<WindowHit> of(ScoreDoc[] documents, int window, boolean joined) throws IOException {
    Integer[] rows = new Integer[Math.min(window, documents.length)];
    Arrays.setAll(rows, row -> row);
    Arrays.sort(rows, Comparator.comparingInt(row -> documents[row].doc)); // as they are stored
    CandidateParts[] parts = new CandidateParts[documents.length];
    LeafReaderContext leaf = null;
    ItemFields fields = null;
    for (int row : rows) {
      int document = documents[row].doc;
      if (leaf == null || document >= leaf.docBase + leaf.reader().maxDoc()) {
        leaf = leaves.get(ReaderUtil.subIndex(document, leaves));
        fields = new ItemFields(leaf.reader());
      }
      candidate.clear();
      fields.read(document - leaf.docBase, candidate);
      candidate.hasWords = true; // all hits match the search's own query
      candidate.bm25 = documents[row].score;
      parts[row] = scorer.score(candidate);
    }
    List<WindowHit> hits = new ArrayList<>(documents.length);
    for (int row = 0; row < documents.length; row++) {
      ScoreDoc document = documents[row];
      hits.add(new WindowHit(shard, document.doc, document.score, joined, parts[row]));
    }
    return hits;
  }
}
