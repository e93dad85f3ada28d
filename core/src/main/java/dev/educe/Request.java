package dev.educe;

import dev.educe.sampling.Sampling;
import java.time.Duration;
import java.util.List;

/// What is asked of a model. Immutable; `withX` copies.
///
/// @param prompt the text to continue
/// @param tokensMax how many tokens to generate at most; fewer if the context is full
/// @param sampling how tokens are chosen
/// @param stop texts that end the generation; none of their characters is handed over
/// @param special whether the text of special tokens in the prompt is read as those tokens
/// @param ignoreEnd whether generation goes on after an end-of-text token; for measuring
/// @param tenant whose request it is: tenants get equal parts of the machine, and share no cache
/// @param priority requests of a higher one go first
/// @param deadline how long it may take in all; zero for as long as it takes
public record Request(
    String prompt,
    int tokensMax,
    Sampling sampling,
    List<String> stop,
    boolean special,
    boolean ignoreEnd,
    String tenant,
    int priority,
    Duration deadline) {
  /// Enough for a paragraph.
  public static final int TOKENS_MAX_DEFAULT = 128;

  /// @throws IllegalArgumentException if a number is out of range or a stop text empty
  public Request {
    stop = List.copyOf(stop);
    if (tokensMax < 0) {
      throw new IllegalArgumentException("tokensMax must not be negative, got " + tokensMax);
    }
    if (deadline.isNegative()) {
      throw new IllegalArgumentException("deadline must not be negative, got " + deadline);
    }
    if (stop.contains("")) {
      throw new IllegalArgumentException("a stop text must not be empty");
    }
  }

  /// Continue this text by up to [#TOKENS_MAX_DEFAULT] tokens, sampled by default and with a fresh
  /// seed.
  public static Request of(String prompt) {
    return new Request(
        prompt,
        TOKENS_MAX_DEFAULT,
        Sampling.defaults(),
        List.of(),
        false,
        false,
        "",
        0,
        Duration.ZERO);
  }

  public Request withTokensMax(int tokensMax) {
    return new Request(
        prompt, tokensMax, sampling, stop, special, ignoreEnd, tenant, priority, deadline);
  }

  public Request withSampling(Sampling sampling) {
    return new Request(
        prompt, tokensMax, sampling, stop, special, ignoreEnd, tenant, priority, deadline);
  }

  public Request withStop(List<String> stop) {
    return new Request(
        prompt, tokensMax, sampling, stop, special, ignoreEnd, tenant, priority, deadline);
  }

  public Request withSpecial(boolean special) {
    return new Request(
        prompt, tokensMax, sampling, stop, special, ignoreEnd, tenant, priority, deadline);
  }

  public Request withIgnoreEnd(boolean ignoreEnd) {
    return new Request(
        prompt, tokensMax, sampling, stop, special, ignoreEnd, tenant, priority, deadline);
  }

  public Request withTenant(String tenant) {
    return new Request(
        prompt, tokensMax, sampling, stop, special, ignoreEnd, tenant, priority, deadline);
  }

  public Request withPriority(int priority) {
    return new Request(
        prompt, tokensMax, sampling, stop, special, ignoreEnd, tenant, priority, deadline);
  }

  public Request withDeadline(Duration deadline) {
    return new Request(
        prompt, tokensMax, sampling, stop, special, ignoreEnd, tenant, priority, deadline);
  }
}
