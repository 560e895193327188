package liveintent.search.rescoring;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.SynonymQuery;
import org.apache.lucene.util.automaton.ByteRunAutomaton;

/**
 * How many terms a Lucene query has: the largest number of different terms that it searches one
 * field for. Filters do not count, and synonyms count as one.
 */
final class QueryTerms extends QueryVisitor {
  private final Map<String, Set<String>> termsOfField = new HashMap<>();

  private QueryTerms() {}

  static int count(Query query) {
    QueryTerms visitor = new QueryTerms();
    query.visit(visitor);
    return visitor.termsOfField.values().stream().mapToInt(Set::size).max().orElse(0);
  }

  @Override
  public void consumeTerms(Query query, Term... terms) {
    if (query instanceof SynonymQuery) {
      add(terms[0].field(), query.toString());
      return;
    }
    for (Term term : terms) {
      add(term.field(), term.bytes().toString());
    }
  }

  @Override
  public void consumeTermsMatching(
      Query query, String field, Supplier<ByteRunAutomaton> automaton) {
    add(field, query.toString());
  }

  @Override
  public QueryVisitor getSubVisitor(BooleanClause.Occur occur, Query parent) {
    boolean scores = occur == BooleanClause.Occur.MUST || occur == BooleanClause.Occur.SHOULD;
    return scores ? this : QueryVisitor.EMPTY_VISITOR;
  }

  private void add(String field, String term) {
    termsOfField.computeIfAbsent(field, name -> new HashSet<>()).add(term);
  }
}
