package dev.educe.server.model;

import dev.educe.sampling.Sampling;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/// One text to be generated, as handlers ask for it.
///
/// @param choice which of a request's texts it is, from 0
/// @param number among the texts of the same prompt, from 0; they draw apart by it
/// @param prompt its tokens
/// @param tokensMax how many tokens to generate at most; fewer if the context is full
/// @param sampling how tokens are chosen
/// @param stop texts that end it; none of their characters is handed over
/// @param logprobs how many of the likeliest tokens to name beside each; empty for no probabilities
/// @param tenant whose request it is
/// @param priority requests of a higher one go first
/// @param deadline how long it may take in all; zero for as long as it takes
public record Generating(
    int choice,
    int number,
    int[] prompt,
    int tokensMax,
    Sampling sampling,
    List<String> stop,
    OptionalInt logprobs,
    String tenant,
    int priority,
    Duration deadline) {
  public Generating {
    stop = List.copyOf(stop);
  }
}
