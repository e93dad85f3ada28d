package dev.educe.template.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Whatever a model writes, any split of it reads the same, and [Replies] finds nothing wrong.
@ExtendWith(Seeded.class)
class ReplyFuzzTest {
  /// Markers and other pieces of the samples, so that chance comes upon them.
  private static final Pattern PIECE =
      Pattern.compile("<[^<>]*>|\\[[A-Z_/]+\\]|\\w+|\\s+|[^\\w\\s]");

  @Test
  void mixedUpSamplesReadTheSameInAnySplit(Random random) {
    for (int i = 0; i < 10_000; i++) {
      check(bound -> bound == 0 ? 0 : random.nextInt(bound));
    }
  }

  @Tag("fuzz")
  @FuzzTest
  void anythingReadsTheSameInAnySplit(FuzzedDataProvider data) {
    check(bound -> bound == 0 ? 0 : data.consumeInt(0, bound - 1));
  }

  /// @param choice draws a number below its argument
  private static void check(IntUnaryOperator choice) {
    var sample = Sample.ALL.get(choice.applyAsInt(Sample.ALL.size()));
    String text = mixed(sample.text(), choice);
    boolean cut = choice.applyAsInt(2) == 0;
    var pieces = new ArrayList<String>();
    for (int at = 0; at < text.length(); ) {
      int end = Math.min(text.length(), at + 1 + choice.applyAsInt(9));
      pieces.add(text.substring(at, end));
      at = end;
    }
    assertEquals(
        Replies.read(sample.reader(), List.of(text), cut),
        Replies.read(sample.reader(), pieces, cut),
        text);
  }

  /// The text with some pieces left out, written twice, or out of another sample.
  private static String mixed(String text, IntUnaryOperator choice) {
    var mixed = new StringBuilder();
    for (var match : PIECE.matcher(text).results().toList()) {
      switch (choice.applyAsInt(30)) {
        case 0 -> {}
        case 1 -> mixed.append(match.group()).append(match.group());
        case 2 -> {
          String other = Sample.ALL.get(choice.applyAsInt(Sample.ALL.size())).text();
          int at = choice.applyAsInt(other.length());
          mixed.append(other, at, Math.min(other.length(), at + choice.applyAsInt(20)));
        }
        default -> mixed.append(match.group());
      }
    }
    return mixed.toString();
  }
}
