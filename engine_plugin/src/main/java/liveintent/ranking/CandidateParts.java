package liveintent.ranking;

import java.io.IOException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/**
 * What one candidate has of each part of the score, before the list is normalised. Parts of
 * different shards can be compared.
 *
 * @param bm25 score of the search's own query; NaN without words
 * @param similarity inner product with the query's meaning; NaN without query or item vector
 * @param person inner product with R; NaN without R or item vector
 * @param events weighted attention and affinity, summed over the visitor's events
 * @param popularity in [0, 1]
 * @param hasWords whether the item matches the query's words
 */
public record CandidateParts(
    float bm25, float similarity, float person, float events, float popularity, boolean hasWords)
    implements Writeable {

  public CandidateParts(StreamInput in) throws IOException {
    this(
        in.readFloat(),
        in.readFloat(),
        in.readFloat(),
        in.readFloat(),
        in.readFloat(),
        in.readBoolean());
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeFloat(bm25);
    out.writeFloat(similarity);
    out.writeFloat(person);
    out.writeFloat(events);
    out.writeFloat(popularity);
    out.writeBoolean(hasWords);
  }
}
