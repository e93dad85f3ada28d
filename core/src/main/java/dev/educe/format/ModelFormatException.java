package dev.educe.format;

import java.io.IOException;

/// Says what is wrong with a model file, and where: the only failure that a bad file can cause.
///
/// Messages are one sentence that names the file, the key or tensor, what was expected, what was
/// found, and the offset where it is known.
public final class ModelFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param message one sentence, file first: `stories.gguf: …`
  public ModelFormatException(String message) {
    super(message);
  }

  /// @param message one sentence, file first
  /// @param cause what the platform said
  public ModelFormatException(String message, Throwable cause) {
    super(message, cause);
  }

  /// What a file says, for a message: its beginning, and nothing that a terminal would obey.
  public static String excerpt(String text) {
    String start = text.length() > 40 ? text.substring(0, 40) + "…" : text;
    return start.replaceAll("\\p{Cc}", "\ufffd");
  }
}
