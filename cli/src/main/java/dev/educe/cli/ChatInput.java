package dev.educe.cli;

import java.io.IOException;
import java.util.Optional;

/// Where the messages of a conversation come from.
interface ChatInput extends AutoCloseable {
  /// The next message or command; empty at the end.
  ///
  /// @throws IOException if reading fails
  Optional<String> next() throws IOException;

  /// What Ctrl-C does while an answer is written; the end of the program unless somebody listens.
  default void onInterrupt(Runnable action) {}

  @Override
  default void close() throws IOException {}
}
