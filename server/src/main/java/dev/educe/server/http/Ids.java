package dev.educe.server.http;

import java.util.UUID;

/// Names objects as OpenAI does: by what they are, and a random part.
public final class Ids {
  private Ids() {}

  public static String of(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }
}
