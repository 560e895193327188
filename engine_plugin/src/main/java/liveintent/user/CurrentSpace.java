package liveintent.user;

import java.util.ArrayList;
import java.util.List;
import liveintent.model.EngineModel;
import liveintent.session.Event;
import liveintent.session.Float16;
import liveintent.session.PastQuery;
import liveintent.session.Visitor;

/**
 * A visitor whose vectors are those of the index's vector space alone. Rows of another space stay,
 * without vectors: they still count as steps of the decay. Where the query service encodes such
 * rows again ({@code SessionVisitors}), the engine leaves them out.
 *
 * @param events rows with a vector that counts
 * @param queries queries with a vector that counts
 * @param leftOut rows without one
 */
public record CurrentSpace(Visitor visitor, int events, int queries, int leftOut) {

  /** The visitor in the space of a model's index. */
  public static CurrentSpace of(Visitor visitor, EngineModel model) {
    List<Event> events = new ArrayList<>();
    int withVector = 0;
    for (Event event : visitor.events()) {
      Event current = current(event, model);
      events.add(current);
      withVector += current.vector() == null ? 0 : 1;
    }
    List<PastQuery> queries = new ArrayList<>();
    int withMeaning = 0;
    for (PastQuery query : visitor.queries()) {
      PastQuery current = current(query, model);
      queries.add(current);
      withMeaning += current.vector() == null && current.meaning() == null ? 0 : 1;
    }
    int all = events.size() + queries.size();
    return new CurrentSpace(
        new Visitor(events, queries, visitor.personalise(), visitor.firstReceived()),
        withVector,
        withMeaning,
        all - withVector - withMeaning);
  }

  private static Event current(Event event, EngineModel model) {
    if (!event.vectorSpace().equals(model.vectorSpace())) {
      return event.withVectors(null, null, null);
    }
    return event.withVectors(
        vector(event.vector(), model.layout().dims()),
        vector(event.attributeVector(), model.layout().behaviourDims()),
        vector(event.textVector(), model.projection().embeddingDims()));
  }

  private static PastQuery current(PastQuery query, EngineModel model) {
    if (!query.fingerprint().equals(model.fingerprint())) {
      return query.withVectors(null, null);
    }
    boolean sameSpace = query.vectorSpace().equals(model.vectorSpace());
    return query.withVectors(
        vector(query.vector(), model.projection().embeddingDims()),
        sameSpace ? vector(query.meaning(), model.layout().meaningDims()) : null);
  }

  /** The vector, or null where it has another length or a number that is not finite. */
  private static byte[] vector(byte[] bytes, int dims) {
    return Float16.isVector(bytes, dims) ? bytes : null;
  }
}
