package liveintent.session;

/**
 * One earlier query.
 *
 * @param timestamp seconds since 1970, UTC
 * @param ownSession whether it is of the visitor's session, not of an earlier one
 * @param vector the query's embedding, float16 [D]; null where unknown
 * @param meaning the embedding in R^M, float16 [M]; null where it is not stored
 * @param fingerprint of the encoder that made {@code vector}
 * @param vectorSpace the space of {@code meaning}; "" where unknown
 */
public record PastQuery(
    String queryText,
    double timestamp,
    boolean ownSession,
    byte[] vector,
    byte[] meaning,
    String fingerprint,
    String vectorSpace) {

  /** The query of a stored row; mirrors {@code documents.query_from_stored}. */
  static PastQuery of(StoredFields row, String sessionId) {
    return new PastQuery(
        row.text("query_text", ""),
        row.whole("timestamp") / 1000.0,
        row.text("session_id").equals(sessionId),
        row.vector("vector"),
        row.vector("meaning"),
        row.text("fingerprint", ""),
        row.text("vector_space", ""));
  }

  /** The same query with other vectors; each may be null. */
  public PastQuery withVectors(byte[] ofQuery, byte[] ofMeaning) {
    return new PastQuery(
        queryText, timestamp, ownSession, ofQuery, ofMeaning, fingerprint, vectorSpace);
  }
}
