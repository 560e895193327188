package liveintent.search.rescoring;

import java.io.IOException;
import liveintent.ranking.Candidate;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.SortedNumericDocValues;
import org.apache.lucene.index.SortedSetDocValues;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.NumericUtils;

/** The doc values of one segment that items are ranked by. Read in the order of documents. */
final class ItemFields {
  private final BinaryDocValues vectors;
  private final SortedSetDocValues brands;
  private final SortedSetDocValues categories;
  private final SortedNumericDocValues prices;
  private final SortedNumericDocValues popularities;

  ItemFields(LeafReader reader) throws IOException {
    this.vectors = DocValues.getBinary(reader, "vector_float16");
    this.brands = DocValues.getSortedSet(reader, "brand");
    this.categories = DocValues.getSortedSet(reader, "category");
    this.prices = DocValues.getSortedNumeric(reader, "price");
    this.popularities = DocValues.getSortedNumeric(reader, "popularity");
  }

  /** Fill in what the document has; what it lacks stays unknown. */
  void read(int document, Candidate candidate) throws IOException {
    if (vectors.advanceExact(document)) {
      takeVector(vectors.binaryValue(), candidate);
    }
    if (brands.advanceExact(document)) {
      candidate.brand = brands.lookupOrd(brands.nextOrd()).utf8ToString();
    }
    if (categories.advanceExact(document)) {
      for (int path = 0; path < categories.docValueCount(); path++) {
        candidate.addCategory(categories.lookupOrd(categories.nextOrd()).utf8ToString());
      }
    }
    candidate.price = number(prices, document, Float.NaN);
    candidate.popularity = number(popularities, document, 0);
  }

  private static float number(SortedNumericDocValues values, int document, float absent)
      throws IOException {
    boolean present = values.advanceExact(document);
    return present ? NumericUtils.sortableIntToFloat((int) values.nextValue()) : absent;
  }

  /** Doc values of a binary field: vInt number of values, then of each vInt length and bytes. */
  private static void takeVector(BytesRef value, Candidate candidate) {
    int end = value.offset + value.length;
    int afterCount = afterInt(value.bytes, value.offset, end);
    int start = afterInt(value.bytes, afterCount, end);
    int length = intAt(value.bytes, afterCount, start);
    if (length > 0 && start + length <= end) {
      candidate.bytes = value.bytes;
      candidate.offset = start;
      candidate.length = length;
    }
  }

  private static int afterInt(byte[] bytes, int offset, int end) {
    int next = offset;
    while (next < end && bytes[next] < 0) { // the highest bit: more follows
      next++;
    }
    return Math.min(next + 1, end);
  }

  private static int intAt(byte[] bytes, int offset, int end) {
    int value = 0;
    for (int index = offset; index < end; index++) {
      value |= (bytes[index] & 0x7F) << (7 * (index - offset));
    }
    return value;
  }
}
