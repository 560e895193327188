package liveintent.search.rescoring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import liveintent.model.RankingWeights;
import liveintent.ranking.CandidateParts;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TotalHits;
import org.junit.jupiter.api.Test;
import org.opensearch.common.io.stream.BytesStreamOutput;
import org.opensearch.common.lucene.Lucene;
import org.opensearch.common.lucene.search.TopDocsAndMaxScore;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.common.io.stream.StreamInput;

class GatheredDocsTest {
  private static final TotalHits TOTAL = new TotalHits(99, TotalHits.Relation.EQUAL_TO);
  private final Random random = new Random(5);

  @Test
  void hitsTravelInTheEnginesOwnForm() throws IOException {
    for (int count : new int[] {0, 1, 7, 60}) {
      List<WindowHit> hits = hits(count, 2);
      TopDocs sent = sent(GatheredDocs.of(TOTAL, hits, 3));
      assertTrue(GatheredDocs.is(sent));
      assertEquals(TOTAL, sent.totalHits);
      assertEquals(hits, GatheredDocs.hits(sent, 2).hits());
      assertEquals(count == 0 ? 0 : 3, GatheredDocs.hits(sent, 2).queryTerms());
    }
    assertFalse(GatheredDocs.is(new TopDocs(TOTAL, new ScoreDoc[0])));
  }

  @Test
  void theWindowEndsWhereTheQuerysOrderEnds() {
    List<WindowHit> hits = hits(40, 0);
    List<RankedHit> ranked = WindowRanking.of(hits, 15, 0, weights(), 2);
    List<WindowHit> byQuery = new ArrayList<>(hits);
    byQuery.sort(WindowHit.BY_QUERY);
    assertEquals(40, ranked.size());
    assertEquals(
        byQuery.subList(15, 40), ranked.subList(15, 40).stream().map(RankedHit::hit).toList());
    for (int row = 1; row < ranked.size(); row++) {
      assertTrue(ranked.get(row - 1).score() >= ranked.get(row).score());
    }
  }

  /** Shards that know the extremes of the whole list score as the whole list does. */
  @Test
  void shardsScoreAsTheWholeList() throws IOException {
    for (int round = 0; round < 50; round++) {
      List<WindowHit> hits = new ArrayList<>(hits(30, 0));
      hits.addAll(hits(30, 1));
      Collections.shuffle(hits, random);
      int window = 5 + random.nextInt(60);
      List<RankedHit> whole = WindowRanking.of(hits, window, 0, weights(), 2);
      List<RankedHit> inside = whole.stream().filter(hit -> hit.shares() != null).toList();
      GlobalWindow global = sent(GlobalWindow.of(inside, 2));
      List<RankedHit> merged = new ArrayList<>();
      for (int shard = 0; shard < 2; shard++) {
        int number = shard;
        List<WindowHit> own = hits.stream().filter(hit -> hit.shard() == number).toList();
        merged.addAll(global.ranked(own, weights()));
      }
      merged.sort((one, other) -> Float.compare(other.score(), one.score()));
      assertEquals(
          whole.stream().map(RankedHit::score).toList(),
          merged.stream().map(RankedHit::score).toList());
    }
  }

  @Test
  void nothingIsRankedWithoutHits() {
    assertEquals(List.of(), WindowRanking.of(List.of(), 10, 0, weights(), 1));
  }

  private List<WindowHit> hits(int count, int shard) {
    List<WindowHit> hits = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      float score = random.nextFloat() * 9;
      CandidateParts parts =
          new CandidateParts(
              score, number(), random.nextInt(9) == 0 ? Float.NaN : number(), number(), 0, true);
      hits.add(new WindowHit(shard, row, score, false, parts));
    }
    return hits;
  }

  private float number() {
    return random.nextFloat() * 2 - 1;
  }

  private static RankingWeights weights() {
    RankingWeights ones = new RankingWeights(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    return ones.with(Map.of("person", 2, "coverage_power", 2));
  }

  private static TopDocs sent(TopDocs documents) throws IOException {
    try (BytesStreamOutput out = new BytesStreamOutput()) {
      Lucene.writeTopDocs(out, new TopDocsAndMaxScore(documents, Float.NaN));
      return Lucene.readTopDocs(StreamInput.wrap(BytesReference.toBytes(out.bytes()))).topDocs;
    }
  }

  private static GlobalWindow sent(GlobalWindow window) throws IOException {
    try (BytesStreamOutput out = new BytesStreamOutput()) {
      window.writeTo(out);
      return new GlobalWindow(StreamInput.wrap(BytesReference.toBytes(out.bytes())));
    }
  }
}
