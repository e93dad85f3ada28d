package dev.educe.server.model;

import dev.educe.Request;

/// One text to be generated, as handlers ask for it.
///
/// @param choice which of a request's texts it is, from 0
/// @param number among the texts of the same prompt, from 0; they draw apart by it
/// @param prompt its tokens, in place of the request's text
/// @param request how to go on
/// @param hasMarkup whether the text has control tokens as they are spelled, for whoever reads
///   markup
public record Generating(int choice, int number, int[] prompt, Request request, boolean hasMarkup) {
  /// The same, as urgent as this.
  public Generating withPriority(int priority) {
    return new Generating(choice, number, prompt, request.withPriority(priority), hasMarkup);
  }
}
