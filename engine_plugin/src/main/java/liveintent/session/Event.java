package liveintent.session;

import java.util.List;

/**
 * One action on one item.
 *
 * @param timestamp seconds since 1970, UTC
 * @param ownSession whether it is of the visitor's session, not of an earlier one
 * @param features attribute features of the item: {@code brand:}, {@code category:}, {@code price:}
 * @param vector the item's vector, float16 [dims]; null where unknown
 * @param attributeVector the unweighted row of D_a, float16 [K]; null where unknown
 * @param textVector embedding of the comment, float16 [D]; null without one
 * @param vectorSpace the space of these vectors; "" where unknown
 * @param watchedFraction 0 to 1; null without one
 */
public record Event(
    String action,
    String itemId,
    double timestamp,
    boolean ownSession,
    List<String> features,
    byte[] vector,
    byte[] attributeVector,
    byte[] textVector,
    String vectorSpace,
    Double watchedFraction) {

  /** The event of a stored row; mirrors {@code documents.event_from_stored}. */
  static Event of(StoredFields row, String sessionId) {
    return new Event(
        row.text("action"),
        row.text("item_id", ""),
        row.whole("timestamp") / 1000.0,
        row.text("session_id").equals(sessionId),
        row.texts("features"),
        row.vector("vector"),
        row.vector("attribute_vector"),
        row.vector("text_vector"),
        row.text("vector_space", ""),
        row.has("watched_fraction") ? row.number("watched_fraction") : null);
  }

  /** The same event with other vectors; each may be null. */
  public Event withVectors(byte[] ofItem, byte[] ofAttributes, byte[] ofText) {
    return new Event(
        action,
        itemId,
        timestamp,
        ownSession,
        features,
        ofItem,
        ofAttributes,
        ofText,
        vectorSpace,
        watchedFraction);
  }
}
