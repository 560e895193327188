package liveintent.ranking;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import liveintent.model.AffinityWeights;
import liveintent.model.Layout;
import liveintent.model.RankingWeights;
import liveintent.session.Float16;
import org.junit.jupiter.api.Test;
import org.opensearch.common.io.stream.BytesStreamOutput;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.Writeable;

class SerialisationTest {
  private final Random random = new Random(7);

  @Test
  void visitorInputs() throws IOException {
    for (int round = 0; round < 200; round++) {
      VisitorInput written = visitorInput();
      VisitorInput read = copy(written, VisitorInput::new);
      assertEquals(written.layout(), read.layout());
      assertEquals(written.weights(), read.weights());
      assertEquals(written.affinity(), read.affinity());
      assertEquals(written.maxPopularity(), read.maxPopularity());
      assertArrayEquals(written.userVector(), read.userVector());
      assertArrayEquals(written.queryMeaning(), read.queryMeaning());
      assertEquals(written.events().size(), read.events().size());
      for (int event = 0; event < written.events().size(); event++) {
        assertEvents(written.events().get(event), read.events().get(event));
      }
      assertArrayEquals(bytes(written), bytes(read));
    }
  }

  @Test
  void candidateParts() throws IOException {
    for (int round = 0; round < 200; round++) {
      CandidateParts written =
          new CandidateParts(
              number(), number(), number(), number(), number(), random.nextBoolean());
      assertEquals(written, copy(written, CandidateParts::new));
    }
  }

  private static void assertEvents(EventInput written, EventInput read) {
    assertEquals(written.itemId(), read.itemId());
    assertEquals(written.weight(), read.weight());
    assertArrayEquals(written.behaviour(), read.behaviour());
    assertEquals(written.brands(), read.brands());
    assertEquals(written.categories(), read.categories());
    assertEquals(written.priceBand(), read.priceBand());
  }

  private VisitorInput visitorInput() {
    Layout layout = random.nextBoolean() ? Layout.sum(8) : Layout.concat(3, 5);
    List<EventInput> events = new ArrayList<>();
    for (int event = random.nextInt(4); event > 0; event--) {
      byte[] behaviour = Float16.bytes(vector(layout.behaviourDims()));
      events.add(
          new EventInput(
              "item" + event,
              number(),
              random.nextBoolean() ? behaviour : null,
              random.nextBoolean() ? List.of() : List.of("ça", ""),
              random.nextBoolean() ? List.of() : List.of("a > b", "a"),
              random.nextBoolean() ? PriceBand.UNKNOWN : random.nextInt(40) - 20));
    }
    return new VisitorInput(
        layout,
        weights(),
        new AffinityWeights(number(), number(), number()),
        random.nextDouble(),
        random.nextBoolean() ? vector(layout.dims()) : null,
        random.nextBoolean() ? vector(layout.meaningDims()) : null,
        events);
  }

  private RankingWeights weights() {
    float[] values = vector(RankingWeights.NAMES.size());
    return new RankingWeights(
        values[0],
        values[1],
        values[2],
        values[3],
        values[4],
        values[5],
        values[6],
        values[7],
        values[8],
        values[9],
        values[10]);
  }

  private float[] vector(int dims) {
    float[] vector = new float[dims];
    for (int index = 0; index < dims; index++) {
      vector[index] = number();
    }
    return vector;
  }

  private float number() {
    return random.nextInt(10) == 0 ? Float.NaN : random.nextFloat() * 4 - 2;
  }

  private static byte[] bytes(Writeable written) throws IOException {
    try (BytesStreamOutput out = new BytesStreamOutput()) {
      written.writeTo(out);
      return BytesReference.toBytes(out.bytes());
    }
  }

  private static <T extends Writeable> T copy(T written, Writeable.Reader<T> reader)
      throws IOException {
    try (BytesStreamOutput out = new BytesStreamOutput()) {
      written.writeTo(out);
      try (StreamInput in = out.bytes().streamInput()) {
        T read = reader.read(in);
        assertEquals(-1, in.read());
        return read;
      }
    }
  }
}
