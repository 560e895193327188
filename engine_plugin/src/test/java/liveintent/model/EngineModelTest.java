package liveintent.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import liveintent.session.Float16;
import org.junit.jupiter.api.Test;

public class EngineModelTest {
  @Test
  void readsBothLayouts() {
    assertEquals(Layout.sum(3), EngineModel.of(source()).layout());
    EngineModel model = EngineModel.of(concat());
    assertEquals(Layout.concat(2, 1), model.layout());
    float[] meaning = model.meaning(Float16.bytes(new float[] {3, 9, 4}));
    assertEquals(0.6, meaning[0], 1e-6);
    assertEquals(0.8, meaning[1], 1e-6);
  }

  @Test
  void countsTheDaysOfASession() {
    assertEquals(60_000, EngineModel.of(source()).oldest(70_000));
  }

  @Test
  void saysWhatIsWrong() {
    assertWrong("format", 2, "has the format 2, and this plugin reads 1");
    assertWrong("dims", "3", "the model document: dims is 3, and must be a number");
    assertWrong("fusion", null, "the model document has no fusion");
    assertWrong("layout", "other", "layout is other, and must be sum or concat");
    Map<String, Object> source = concat();
    source.put("meaning_projection", Float16.encoded(new float[] {1, 2}));
    Exception error = assertThrows(IllegalArgumentException.class, () -> EngineModel.of(source));
    assertEquals("meaning_projection must hold 2 x 3 finite float16 numbers", error.getMessage());
    Exception other =
        assertThrows(
            IllegalArgumentException.class, () -> EngineModel.of(concat()).meaning(new byte[4]));
    assertEquals(
        "an embedding of the index items-1 has 3 finite float16 numbers (6 bytes), not 4 bytes",
        other.getMessage());
  }

  @Test
  void takesWeightsOfARequest() {
    RankingWeights weights = EngineModel.of(source()).ranking();
    RankingWeights others = weights.with(Map.of("words", 2, "broad_popularity", 0.5));
    assertEquals(2, others.words());
    assertEquals(0.5f, others.broadPopularity());
    assertEquals(weights.person(), others.person());
    assertRefused(Map.of("word", 1), "weights has no [word]; there are words, meaning,");
    assertRefused(Map.of("words", Double.NaN), "weights.words is NaN, and must be from 0.0 to");
    assertRefused(Map.of("words", -1), "weights.words is -1.0, and must be from 0.0 to 1000.0");
    assertRefused(Map.of("temperature", 0), "weights.temperature is 0.0, and must be from 0.001");
  }

  private static void assertRefused(Map<String, ? extends Number> overrides, String message) {
    RankingWeights weights = EngineModel.of(source()).ranking();
    Exception error = assertThrows(IllegalArgumentException.class, () -> weights.with(overrides));
    assertTrue(error.getMessage().startsWith(message), error.getMessage());
  }

  private static void assertWrong(String name, Object value, String message) {
    Map<String, Object> source = source();
    source.put(name, value);
    Exception error = assertThrows(IllegalArgumentException.class, () -> EngineModel.of(source));
    assertTrue(error.getMessage().contains(message), error.getMessage());
  }

  private static Map<String, Object> concat() {
    Map<String, Object> source = source();
    source.putAll(Map.of("layout", "concat", "M", 2, "K", 1));
    source.put("meaning_projection", Float16.encoded(new float[] {1, 0, 0, 0, 0, 1}));
    return source;
  }

  /** The source of a model document in the layout sum, of 3 dims. */
  public static Map<String, Object> source() {
    Map<String, Object> source = new HashMap<>();
    source.putAll(Map.of("format", 1, "index", "items-1", "vector_space", "v"));
    source.putAll(Map.of("fingerprint", "f", "layout", "sum", "dims", 3, "embedding_dims", 3));
    source.putAll(Map.of("max_popularity", 9.0, "fresh_s", 1800.0, "limits", Map.of("ttl_s", 10)));
    source.put(
        "fusion",
        numbers(
            List.of(
                "alpha",
                "beta",
                "demand",
                "event_decay",
                "event_half_life_s",
                "query_decay",
                "query_half_life_s",
                "earlier_session")));
    source.put("actions", Map.of("shop", Map.of("view", 1.0)));
    source.putAll(Map.of("skipped_below", 0.1, "skip_weight", -0.5, "comment_share", 0.5));
    source.put("texts_are_demand", List.of("feed"));
    source.put("ranking", numbers(RankingWeights.NAMES));
    source.put("affinity", numbers(List.of("brand", "category", "price")));
    source.put("learned", Map.of("item_halves", false, "user_model", false, "reranker", "fixed"));
    return source;
  }

  private static Map<String, Object> numbers(List<String> names) {
    Map<String, Object> numbers = new HashMap<>();
    names.forEach(name -> numbers.put(name, 0.5));
    return numbers;
  }
}
