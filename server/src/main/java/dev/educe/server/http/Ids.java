package dev.educe.server.http;

import java.util.HexFormat;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/// Names objects as OpenAI does: by what they are, and a random part.
public final class Ids {
  private Ids() {}

  /// One that nobody can guess.
  public static String of(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }

  /// That of a request, which only tells it from others.
  static String ofRequest() {
    var random = ThreadLocalRandom.current();
    var hex = HexFormat.of();
    return "req_" + hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
  }
}
