package liveintent.search.rescoring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import liveintent.ranking.CandidateParts;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TotalHits;
import org.apache.lucene.search.grouping.CollapseTopFieldDocs;
import org.apache.lucene.util.BytesRef;
import org.opensearch.common.io.stream.BytesStreamOutput;
import org.opensearch.core.common.bytes.BytesArray;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.search.DocValueFormat;
import org.opensearch.search.SearchHit;
import org.opensearch.search.SearchHits;

/**
 * A shard's hits on their way to the coordinating node, with the parts of their scores.
 *
 * <p>Of the forms in which the engine sends hits, that of collapsed ones alone has a value of any
 * type for each hit, and is left alone by the engine until it merges the shards. Before that {@link
 * #hits} turns them into plain hits again.
 */
public final class GatheredDocs {
  private static final String MARK = "live_intent"; // the engine checks that all shards have it

  /** The formats of the hits' sort values, which the engine checks. */
  static final DocValueFormat[] FORMATS = {DocValueFormat.RAW};

  private GatheredDocs() {}

  /**
   * Hits that were sent so.
   *
   * @param queryTerms number of the query's terms; 0 without hits
   */
  public record Hits(List<WindowHit> hits, int queryTerms) {}

  /** The form in which a shard sends {@code hits}, in their order. */
  static TopDocs of(TotalHits total, List<WindowHit> hits, int queryTerms) {
    FieldDoc[] documents = new FieldDoc[hits.size()];
    Object[] parts = new Object[hits.size()];
    for (int row = 0; row < documents.length; row++) {
      WindowHit hit = hits.get(row);
      Object[] sortValues = {hit.queryScore()};
      documents[row] = new FieldDoc(hit.document(), hit.queryScore(), sortValues);
      parts[row] = packed(hit, queryTerms);
    }
    SortField[] byScore = {SortField.FIELD_SCORE};
    return new CollapseTopFieldDocs(MARK, total, documents, byScore, parts);
  }

  /** No hits, in that form: the engine merges hits of one form alone. */
  static TopDocs none(TotalHits total) {
    return of(total, List.of(), 0);
  }

  /** Whether these are gathered hits. */
  public static boolean is(TopDocs documents) {
    return documents instanceof CollapseTopFieldDocs gathered && gathered.field.equals(MARK);
  }

  /** The hits that a shard sent. */
  public static Hits hits(TopDocs documents, int shard) {
    CollapseTopFieldDocs gathered = (CollapseTopFieldDocs) documents;
    List<WindowHit> hits = new ArrayList<>(gathered.scoreDocs.length);
    int terms = 0;
    for (int row = 0; row < gathered.scoreDocs.length; row++) {
      BytesRef packed = (BytesRef) gathered.collapseValues[row];
      terms = queryTerms(packed);
      hits.add(hit(packed, gathered.scoreDocs[row].score, shard));
    }
    return new Hits(hits, terms);
  }

  /** The hits of an answer to a search that has merged them, in the query's order. */
  public static Hits hits(SearchHits answer) {
    List<WindowHit> hits = new ArrayList<>();
    int terms = 0;
    for (int row = 0; row < answer.getHits().length; row++) {
      BytesRef packed = (BytesRef) answer.getCollapseValues()[row];
      SearchHit hit = answer.getAt(row);
      terms = Math.max(terms, queryTerms(packed));
      hits.add(hit(packed, hit.getScore(), hit.getShard().getShardId().id()));
    }
    return new Hits(hits, terms);
  }

  /** Different for each hit: the engine drops equal ones of collapsed hits. */
  private static BytesRef packed(WindowHit hit, int queryTerms) {
    try (BytesStreamOutput out = new BytesStreamOutput()) {
      out.writeVInt(queryTerms);
      out.writeVInt(hit.shard());
      out.writeVInt(hit.document());
      out.writeBoolean(hit.joined());
      out.writeOptionalWriteable(hit.parts());
      return out.bytes().toBytesRef();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static int queryTerms(BytesRef packed) {
    try (StreamInput in = new BytesArray(packed).streamInput()) {
      return in.readVInt();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static WindowHit hit(BytesRef packed, float queryScore, int shard) {
    try (StreamInput in = new BytesArray(packed).streamInput()) {
      in.readVInt(); // the number of terms
      in.readVInt(); // its own number of the shard, not that of the search
      int document = in.readVInt();
      boolean joined = in.readBoolean();
      CandidateParts parts = in.readOptionalWriteable(CandidateParts::new);
      return new WindowHit(shard, document, queryScore, joined, parts);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
