package dev.educe;

import dev.educe.sampling.Sampling;
import java.util.List;

/// What is asked of a model. Immutable; `withX` copies.
///
/// @param prompt the text to continue
/// @param tokensMax how many tokens to generate at most; fewer if the context is full
/// @param sampling how tokens are chosen
/// @param stop texts that end the generation; none of their characters is handed over
/// @param special whether the text of special tokens in the prompt is read as those tokens
/// @param ignoreEnd whether generation goes on after an end-of-text token; for measuring
public record Request(
    String prompt,
    int tokensMax,
    Sampling sampling,
    List<String> stop,
    boolean special,
    boolean ignoreEnd) {
  public Request {
    stop = List.copyOf(stop);
  }
}
