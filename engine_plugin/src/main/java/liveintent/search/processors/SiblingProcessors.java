package liveintent.search.processors;

import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.opensearch.search.pipeline.Processor;

/**
 * Whether a pipeline has the processor that ranks the hits of all shards, for its request
 * processor. The engine makes all processors of a pipeline with one context, and tells none of the
 * others.
 */
public final class SiblingProcessors {
  private final Map<Processor.PipelineContext, AtomicBoolean> rank = new WeakHashMap<>();

  /** True once the pipeline's processor that ranks is made. */
  synchronized AtomicBoolean rank(Processor.PipelineContext pipeline) {
    return rank.computeIfAbsent(pipeline, each -> new AtomicBoolean());
  }
}
