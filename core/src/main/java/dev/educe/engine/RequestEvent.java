package dev.educe.engine;

import jdk.jfr.Category;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// A request that has ended, in a flight recording.
@Name("dev.educe.Request")
@Label("Request")
@Category("Educe")
@StackTrace(false)
final class RequestEvent extends jdk.jfr.Event {
  @Label("Tenant")
  String tenant;

  @Label("Finish")
  String finish;

  @Label("Prompt Tokens")
  int promptTokens;

  @Label("Cached Tokens")
  int cachedTokens;

  @Label("Generated Tokens")
  int generatedTokens;

  @Label("Recomputed Tokens")
  int recomputedTokens;

  @Label("Drafted Tokens")
  int draftedTokens;

  @Label("Rejected Tokens")
  int rejectedTokens;

  @Label("Queue Time")
  @Timespan
  long queueNanos;

  @Label("Prefill Time")
  @Timespan
  long prefillNanos;

  @Label("Decode Time")
  @Timespan
  long decodeNanos;

  static void emit(String tenant, Finish finish, Usage usage) {
    var event = new RequestEvent();
    if (!event.shouldCommit()) {
      return;
    }
    event.tenant = tenant;
    event.finish = finish.name();
    event.promptTokens = usage.promptTokens();
    event.cachedTokens = usage.cachedTokens();
    event.generatedTokens = usage.generatedTokens();
    event.recomputedTokens = usage.recomputedTokens();
    event.draftedTokens = usage.draftedTokens();
    event.rejectedTokens = usage.rejectedTokens();
    event.queueNanos = usage.queueNanos();
    event.prefillNanos = usage.prefillNanos();
    event.decodeNanos = usage.decodeNanos();
    event.commit();
  }
}
