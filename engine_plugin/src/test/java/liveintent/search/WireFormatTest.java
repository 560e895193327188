package liveintent.search;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import liveintent.ranking.CandidateParts;
import liveintent.ranking.Shares;
import liveintent.search.request.HitShares;
import liveintent.search.request.LiveIntentAnswer;
import liveintent.search.request.LiveIntentAnswer.Counts;
import liveintent.search.request.LiveIntentExt;
import liveintent.search.request.RankOutcome;
import liveintent.search.request.RankReason;
import liveintent.search.request.Reason;
import liveintent.search.request.StrictFields;
import liveintent.search.request.VisitorRequest;
import liveintent.search.rescoring.RescoreMode;
import liveintent.search.rescoring.VisitorRescorerBuilder;
import org.junit.jupiter.api.Test;
import org.opensearch.common.io.stream.BytesStreamOutput;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.Writeable;

/** What travels between nodes is what was sent, both ways, with any values. */
class WireFormatTest {
  private static final int ROUNDS = 200;
  private final Random random = new Random(11);

  @Test
  void requestsTravel() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      VisitorRequest request = request();
      assertEquals(request, new VisitorRequest(sent(request)));
    }
  }

  @Test
  void answersTravelUnderTheNameOfRequests() throws IOException {
    for (Reason reason : Reason.values()) {
      LiveIntentAnswer answer = new LiveIntentAnswer(reason);
      assertEquals(answer, LiveIntentExt.read(sent(answer)));
      assertFalse(reason.text().isEmpty());
    }
    for (RankReason reason : RankReason.values()) {
      RankOutcome outcome = new RankOutcome(reason, random.nextInt(1000));
      LiveIntentAnswer answer = new LiveIntentAnswer(Reason.LATE).with(outcome);
      assertEquals(answer, LiveIntentExt.read(sent(answer)));
      assertFalse(reason.text().isEmpty());
    }
    for (int round = 0; round < ROUNDS; round++) {
      List<HitShares> hits = new ArrayList<>();
      for (int row = random.nextInt(4); row > 0; row--) {
        hits.add(new HitShares("i" + row, number(), random.nextBoolean() ? shares() : null));
      }
      Counts counts = new Counts(random.nextInt(9), random.nextInt(9), random.nextInt(9));
      LiveIntentAnswer answer = new LiveIntentAnswer(counts, random.nextInt(1000), hits);
      if (random.nextBoolean()) {
        answer = answer.with(new RankOutcome(null, random.nextInt(1000)));
      }
      assertEquals(answer, LiveIntentExt.read(sent(answer)));
    }
  }

  @Test
  void rescorersTravelWithoutAVisitor() throws IOException {
    RescoreMode mode = RescoreMode.ofShard(random.nextInt(9));
    VisitorRescorerBuilder builder = new VisitorRescorerBuilder(50, null, mode);
    VisitorRescorerBuilder received = new VisitorRescorerBuilder(sent(builder), () -> null);
    assertEquals(builder, received);
    assertEquals(builder.hashCode(), received.hashCode());
    assertArrayEquals(bytes(builder), bytes(received));
  }

  @Test
  void partsThatAreUnknownTravel() throws IOException {
    CandidateParts parts = new CandidateParts(Float.NaN, Float.NaN, Float.NaN, 0, 0, false);
    assertTrue(Float.isNaN(new CandidateParts(sent(parts)).bm25()));
  }

  private VisitorRequest request() {
    Map<String, Object> fields = new HashMap<>();
    fields.put("session_id", "s\u00e9ance " + random.nextInt());
    if (random.nextBoolean()) {
      fields.put("user_id", "u" + random.nextInt());
    }
    if (random.nextBoolean()) {
      fields.put("query_vector", "ADwAPA==");
    }
    if (random.nextBoolean()) {
      fields.put("query_text", "red lamp " + random.nextInt());
    }
    if (random.nextBoolean()) {
      fields.put("query_terms", random.nextInt(20));
    }
    if (random.nextBoolean()) {
      fields.put("weights", Map.of("words", random.nextDouble(), "person", random.nextInt(5)));
    }
    if (random.nextBoolean()) {
      fields.put("window", 10 + random.nextInt(900));
    }
    if (random.nextBoolean()) {
      fields.put("explain", random.nextBoolean());
    }
    return VisitorRequest.of(StrictFields.of("ext", fields, VisitorRequest.NAMES));
  }

  private Shares shares() {
    return new Shares(number(), number(), number(), number(), number(), number());
  }

  private float number() {
    return random.nextFloat() * 4 - 2;
  }

  private static byte[] bytes(Writeable value) throws IOException {
    try (BytesStreamOutput out = new BytesStreamOutput()) {
      value.writeTo(out);
      return BytesReference.toBytes(out.bytes());
    }
  }

  private static StreamInput sent(Writeable value) throws IOException {
    return StreamInput.wrap(bytes(value));
  }
}
