package dev.educe.server.openai;

import java.util.UUID;

/// Names objects as OpenAI does: by what they are, and a random part.
final class Ids {
  private Ids() {}

  static String of(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }
}
