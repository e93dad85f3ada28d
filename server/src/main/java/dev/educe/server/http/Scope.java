package dev.educe.server.http;

/// What a key allows; each route asks for one.
public enum Scope {
  /// Nothing: anybody may call it, key or no key.
  PUBLIC,
  /// Generating, embedding, tokenizing, and seeing which models there are.
  INFERENCE,
  /// Reading figures.
  METRICS,
  /// Changing what the server does.
  ADMIN
}
