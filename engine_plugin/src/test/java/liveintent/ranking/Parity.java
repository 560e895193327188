package liveintent.ranking;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import liveintent.model.EngineModel;
import liveintent.model.RankingWeights;
import liveintent.session.SessionDocuments;
import liveintent.session.StoredFields;
import liveintent.user.CurrentSpace;
import liveintent.user.UserVector;
import org.opensearch.common.xcontent.XContentFactory;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.xcontent.DeprecationHandler;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/**
 * Ranks the cases of a JSON file and writes what it computes to another one: {@code
 * tests/engine_plugin/test_parity.py} compares it with Python.
 */
public final class Parity {
  private Parity() {}

  /** The arguments are the file of the cases and that of the results. */
  public static void main(String[] files) throws IOException {
    List<Map<String, Object>> results = new ArrayList<>();
    for (StoredFields each : read(Path.of(files[0])).objects("cases")) {
      results.add(result(each));
    }
    try (XContentBuilder json = XContentFactory.jsonBuilder()) {
      json.startObject().field("results", results).endObject();
      Files.writeString(Path.of(files[1]), json.toString());
    }
  }

  private static StoredFields read(Path file) throws IOException {
    try (XContentParser parser =
        JsonXContent.jsonXContent.createParser(
            NamedXContentRegistry.EMPTY,
            DeprecationHandler.THROW_UNSUPPORTED_OPERATION,
            Files.readString(file))) {
      return new StoredFields(parser.map(), "the file");
    }
  }

  private static Map<String, Object> result(StoredFields given) {
    EngineModel model = EngineModel.of(given.object("model").values());
    List<Map<String, Object>> documents = new ArrayList<>();
    given.objects("documents").forEach(document -> documents.add(document.values()));
    double now = given.number("now");
    CurrentSpace current =
        CurrentSpace.of(
            SessionDocuments.visitor(
                given.text("session_id"), documents, model.oldest(Math.round(now * 1000))),
            model);
    byte[] query = given.vector("query_vector");
    float[] meaning = query == null ? null : model.meaning(query);
    UserVector user = UserVector.of(current.visitor(), model, meaning, given.text("scenario"), now);
    RankingWeights weights = model.ranking().with(given.object("weights").numbers());
    VisitorInput input = VisitorInput.of(current.visitor(), user, meaning, model, weights);
    int queryTerms = (int) given.whole("query_terms");
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("R", user.vector());
    result.put("known", user.knowsBehaviour());
    result.put("event_weights", user.eventWeights());
    result.put("counts", List.of(current.events(), current.queries(), current.leftOut()));
    result.put("shares", shares(input, given.objects("candidates"), queryTerms));
    return result;
  }

  private static Map<String, Object> shares(
      VisitorInput input, List<StoredFields> candidates, int queryTerms) {
    CandidateScorer scorer = new CandidateScorer(input);
    List<CandidateParts> parts = new ArrayList<>();
    Candidate candidate = new Candidate();
    for (StoredFields each : candidates) {
      fill(candidate, each);
      parts.add(scorer.score(candidate));
    }
    Map<String, List<Float>> columns = new HashMap<>();
    for (Shares each : new Normalizer(input.weights(), queryTerms).shares(parts)) {
      add(columns, "words", each.words());
      add(columns, "meaning", each.meaning());
      add(columns, "person", each.person());
      add(columns, "events", each.events());
      add(columns, "popularity", each.popularity());
      add(columns, "total", each.total());
    }
    return new HashMap<>(columns);
  }

  private static void add(Map<String, List<Float>> columns, String name, float value) {
    columns.computeIfAbsent(name, absent -> new ArrayList<>()).add(value);
  }

  /** With the vector amid other bytes, as doc values have it. */
  private static void fill(Candidate candidate, StoredFields fields) {
    candidate.clear();
    if (fields.has("vector")) {
      byte[] vector = Base64.getDecoder().decode(fields.text("vector"));
      candidate.offset = 3;
      candidate.length = vector.length;
      candidate.bytes = new byte[vector.length + 5];
      System.arraycopy(vector, 0, candidate.bytes, candidate.offset, vector.length);
    }
    candidate.brand = fields.text("brand", null);
    fields.texts("categories").forEach(candidate::addCategory);
    candidate.price = number(fields, "price", Float.NaN);
    candidate.popularity = number(fields, "popularity", 0);
    candidate.bm25 = number(fields, "bm25", Float.NaN);
    candidate.hasWords = fields.flag("has_words");
  }

  private static float number(StoredFields fields, String name, float absent) {
    return fields.has(name) ? (float) fields.number(name) : absent;
  }
}
