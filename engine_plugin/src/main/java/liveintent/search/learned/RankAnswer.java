package liveintent.search.learned;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import liveintent.search.request.RankReason;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.xcontent.DeprecationHandler;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.XContentParser;

/** Reads the order of an answer, and nothing else of it. */
final class RankAnswer {
  private RankAnswer() {}

  /**
   * The ids in the service's order: those of {@code asked}, each once.
   *
   * @throws RankFailure where they are not, or where a part of the ranking is missing
   */
  static List<String> order(byte[] body, List<String> asked) {
    Set<String> order = new LinkedHashSet<>();
    int hits = 0;
    boolean found = false;
    try (XContentParser parser =
        JsonXContent.jsonXContent.createParser(
            NamedXContentRegistry.EMPTY, DeprecationHandler.IGNORE_DEPRECATIONS, body)) {
      expect(parser.nextToken(), XContentParser.Token.START_OBJECT);
      while (parser.nextToken() == XContentParser.Token.FIELD_NAME) {
        String name = parser.currentName();
        XContentParser.Token value = parser.nextToken();
        if (name.equals("hits")) {
          expect(value, XContentParser.Token.START_ARRAY);
          found = true;
          while (parser.nextToken() != XContentParser.Token.END_ARRAY) {
            order.add(itemId(parser));
            hits++;
          }
        } else if (name.equals("degraded") && value == XContentParser.Token.START_ARRAY) {
          if (parser.nextToken() != XContentParser.Token.END_ARRAY) {
            throw new RankFailure(RankReason.DEGRADED, "degraded", false);
          }
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException | IllegalStateException | IllegalArgumentException error) {
      throw unreadable(error.getMessage());
    }
    if (!found) {
      throw unreadable("no hits in it");
    }
    if (hits != asked.size() || !order.equals(Set.copyOf(asked))) {
      throw new RankFailure(RankReason.MISSING_ITEMS, "other items", false);
    }
    return new ArrayList<>(order);
  }

  private static String itemId(XContentParser parser) throws IOException {
    expect(parser.currentToken(), XContentParser.Token.START_OBJECT);
    String itemId = null;
    while (parser.nextToken() == XContentParser.Token.FIELD_NAME) {
      String name = parser.currentName();
      XContentParser.Token value = parser.nextToken();
      if (name.equals("item_id")) {
        expect(value, XContentParser.Token.VALUE_STRING);
        itemId = parser.text();
      } else {
        parser.skipChildren();
      }
    }
    if (itemId == null) {
      throw unreadable("a hit without item_id");
    }
    return itemId;
  }

  private static void expect(XContentParser.Token token, XContentParser.Token expected) {
    if (token != expected) {
      throw unreadable(token + " in place of " + expected);
    }
  }

  private static RankFailure unreadable(String message) {
    return new RankFailure(RankReason.UNREADABLE, message, true);
  }
}
