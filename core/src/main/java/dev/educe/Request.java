package dev.educe;

import dev.educe.grammar.TokenGrammar;
import dev.educe.sampling.Constraint;
import dev.educe.sampling.LogitsProcessor;
import dev.educe.sampling.Sampling;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// What is asked of a model. Immutable; `withX` copies.
///
/// @param prompt the text to continue
/// @param tokensMax how many tokens to generate at most; fewer if the context is full
/// @param sampling how tokens are chosen
/// @param processors change each row of logits before that, in this order, on the engine's thread
/// @param constraint makes what the generated text must fit, one for each continuation
/// @param logprobs how many of the likeliest tokens are named for each generated one, with their
///   log probabilities and its own; empty for none of that
/// @param promptLogprobs the same for each token of the prompt but the first; the prompt is then
///   computed in full
/// @param stop texts that end the generation; none of their characters is handed over
/// @param special whether the text of special tokens in the prompt is read as those tokens
/// @param ignoreEnd whether generation goes on after the model's own end-of-text tokens; for
///   measuring
/// @param tenant whose request it is: tenants get equal parts of the machine, and share no cache
/// @param priority requests of a higher one go first
/// @param deadline how long it may take in all; zero for as long as it takes
public record Request(
    String prompt,
    int tokensMax,
    Sampling sampling,
    List<LogitsProcessor> processors,
    Optional<Supplier<? extends Constraint>> constraint,
    OptionalInt logprobs,
    OptionalInt promptLogprobs,
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
    processors = List.copyOf(processors);
    stop = List.copyOf(stop);
    if (tokensMax < 0) {
      throw new IllegalArgumentException("tokensMax must not be negative, got " + tokensMax);
    }
    if (logprobs.orElse(0) < 0 || promptLogprobs.orElse(0) < 0) {
      throw new IllegalArgumentException(
          "logprobs must not be negative, got %d and %d for the prompt"
              .formatted(logprobs.orElse(0), promptLogprobs.orElse(0)));
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
        Optional.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        List.of(),
        false,
        false,
        "",
        0,
        Duration.ZERO);
  }

  public Request withTokensMax(int tokensMax) {
    return with(fields -> fields.tokensMax = tokensMax);
  }

  public Request withSampling(Sampling sampling) {
    return with(fields -> fields.sampling = sampling);
  }

  public Request withProcessors(List<LogitsProcessor> processors) {
    return with(fields -> fields.processors = processors);
  }

  public Request withConstraint(Supplier<? extends Constraint> constraint) {
    return with(fields -> fields.constraint = Optional.of(constraint));
  }

  /// Generates nothing but texts of this grammar, which comes from [Model#grammars].
  public Request withGrammar(TokenGrammar grammar) {
    return withConstraint(() -> Constraint.of(grammar));
  }

  public Request withLogprobs(int likeliest) {
    return with(fields -> fields.logprobs = OptionalInt.of(likeliest));
  }

  public Request withPromptLogprobs(int likeliest) {
    return with(fields -> fields.promptLogprobs = OptionalInt.of(likeliest));
  }

  public Request withStop(List<String> stop) {
    return with(fields -> fields.stop = stop);
  }

  public Request withSpecial(boolean special) {
    return with(fields -> fields.special = special);
  }

  public Request withIgnoreEnd(boolean ignoreEnd) {
    return with(fields -> fields.ignoreEnd = ignoreEnd);
  }

  public Request withTenant(String tenant) {
    return with(fields -> fields.tenant = tenant);
  }

  public Request withPriority(int priority) {
    return with(fields -> fields.priority = priority);
  }

  public Request withDeadline(Duration deadline) {
    return with(fields -> fields.deadline = deadline);
  }

  private Request with(Consumer<Fields> change) {
    var fields = new Fields(this);
    change.accept(fields);
    return fields.request();
  }

  /// A copy under way.
  private static final class Fields {
    private String prompt;
    private int tokensMax;
    private Sampling sampling;
    private List<LogitsProcessor> processors;
    private Optional<Supplier<? extends Constraint>> constraint;
    private OptionalInt logprobs;
    private OptionalInt promptLogprobs;
    private List<String> stop;
    private boolean special;
    private boolean ignoreEnd;
    private String tenant;
    private int priority;
    private Duration deadline;

    Fields(Request request) {
      prompt = request.prompt;
      tokensMax = request.tokensMax;
      sampling = request.sampling;
      processors = request.processors;
      constraint = request.constraint;
      logprobs = request.logprobs;
      promptLogprobs = request.promptLogprobs;
      stop = request.stop;
      special = request.special;
      ignoreEnd = request.ignoreEnd;
      tenant = request.tenant;
      priority = request.priority;
      deadline = request.deadline;
    }

    Request request() {
      return new Request(
          prompt,
          tokensMax,
          sampling,
          processors,
          constraint,
          logprobs,
          promptLogprobs,
          stop,
          special,
          ignoreEnd,
          tenant,
          priority,
          deadline);
    }
  }
}
