package liveintent.ranking;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import liveintent.model.AffinityWeights;
import liveintent.model.Layout;
import liveintent.model.RankingWeights;
import liveintent.session.Float16;

/**
 * Prints what scoring costs: nanoseconds a candidate, the median of 300 lists of 200 candidates for
 * a visitor with 50 events, in each layout.
 */
public final class ScoringBenchmark {
  private static final int EVENTS = 50;
  private static final int CANDIDATES = 200;
  private static final int WARM_UP = 300;
  private static final int ROUNDS = 300;
  private static final RankingWeights WEIGHTS =
      new RankingWeights(1, 0.7f, 0.5f, 0.2f, 0.3f, 0.05f, 3, 1, 0.1f, 3, 2);

  private final Random random = new Random(3);

  private ScoringBenchmark() {}

  /** Takes no arguments. */
  public static void main(String[] none) {
    measure("sum, 256 dims", Layout.sum(256));
    measure("sum, 384 dims", Layout.sum(384));
    measure("concat, 200 + 100 dims", Layout.concat(200, 100));
  }

  private static void measure(String name, Layout layout) {
    ScoringBenchmark benchmark = new ScoringBenchmark();
    VisitorInput visitor = benchmark.visitor(layout);
    List<Candidate> candidates = benchmark.candidates(layout);
    long[] start = new long[ROUNDS];
    long[] score = new long[ROUNDS];
    long[] normalise = new long[ROUNDS];
    double sum = 0;
    for (int round = -WARM_UP; round < ROUNDS; round++) {
      long began = System.nanoTime();
      CandidateScorer scorer = new CandidateScorer(visitor);
      long ready = System.nanoTime();
      List<CandidateParts> parts = new ArrayList<>(CANDIDATES);
      for (Candidate candidate : candidates) {
        parts.add(scorer.score(candidate));
      }
      long scored = System.nanoTime();
      sum += new Normalizer(WEIGHTS, 2).shares(parts).get(0).total();
      if (round >= 0) {
        start[round] = ready - began;
        score[round] = scored - ready;
        normalise[round] = System.nanoTime() - scored;
      }
    }
    System.out.printf(
        "%s: %d ns a candidate, %d ns to normalise it, %d us to begin a list (%s)%n",
        name,
        median(score) / CANDIDATES,
        median(normalise) / CANDIDATES,
        median(start) / 1000,
        Double.isFinite(sum) ? "finite" : "not finite");
  }

  private static long median(long[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  private VisitorInput visitor(Layout layout) {
    List<EventInput> events = new ArrayList<>();
    for (int event = 0; event < EVENTS; event++) {
      events.add(
          new EventInput(
              "item" + event,
              (random.nextFloat() - 0.2f) / EVENTS,
              Float16.bytes(vector(layout.behaviourDims())),
              List.of("brand" + event % 7),
              List.of("a > " + event % 5, "a"),
              event % 9));
    }
    return new VisitorInput(
        layout,
        WEIGHTS,
        new AffinityWeights(0.5f, 0.3f, 0.2f),
        1000,
        vector(layout.dims()),
        vector(layout.meaningDims()),
        events);
  }

  private List<Candidate> candidates(Layout layout) {
    List<Candidate> candidates = new ArrayList<>();
    for (int row = 0; row < CANDIDATES; row++) {
      Candidate candidate = new Candidate();
      candidate.clear();
      candidate.bytes = Float16.bytes(vector(layout.dims()));
      candidate.length = candidate.bytes.length;
      candidate.brand = "Brand" + row % 11;
      candidate.addCategory("A > " + row % 9);
      candidate.price = random.nextFloat() * 100;
      candidate.popularity = random.nextInt(1000);
      candidate.bm25 = random.nextFloat() * 10;
      candidate.hasWords = true;
      candidates.add(candidate);
    }
    return candidates;
  }

  /** Of unit length. */
  private float[] vector(int dims) {
    float[] vector = new float[dims];
    double norm = 0;
    for (int index = 0; index < dims; index++) {
      vector[index] = (float) random.nextGaussian();
      norm += vector[index] * vector[index];
    }
    for (int index = 0; index < dims; index++) {
      vector[index] /= (float) Math.sqrt(norm);
    }
    return vector;
  }
}
