package liveintent.search.learned;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import liveintent.search.request.VisitorRequest;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.XContentBuilder;

/** What the query service is asked: these items, for this visitor. */
record RankQuestion(VisitorRequest visitor, List<String> items) {

  /** The body of the request. */
  byte[] json(long deadlineMillis) {
    try (XContentBuilder body = JsonXContent.contentBuilder()) {
      body.startObject().field("session_id", visitor.sessionId());
      if (!visitor.userId().isEmpty()) {
        body.field("user_id", visitor.userId());
      }
      if (!visitor.queryText().isEmpty()) {
        body.field("query", visitor.queryText());
      }
      body.field("item_ids", items).field("size", items.size());
      body.field("deadline_ms", deadlineMillis).endObject();
      return BytesReference.toBytes(BytesReference.bytes(body));
    } catch (IOException error) { // nothing is written to but memory
      throw new UncheckedIOException(error);
    }
  }
}
