package dev.educe.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Random;

/// Texts of a grammar, byte by byte at random; long ones are led to their end.
final class RandomText {
  private static final int PATIENCE = 60;
  private static final int BYTES_MAX = 100_000;
  private static final String CLOSING = "\"}],:0123456789eE-.truefalsn";

  private RandomText() {}

  static String of(Grammar grammar, Random random) {
    Automaton automaton = grammar.automaton();
    Automaton.State state = automaton.start();
    var text = new ByteArrayOutputStream();
    while (text.size() < BYTES_MAX) {
      var open = new ArrayList<Byte>();
      boolean isPlain = random.nextInt(4) > 0;
      for (int value = 0; value < 256; value++) {
        if (!automaton.step(state, (byte) value).isDead()) {
          open.add((byte) value);
        }
      }
      boolean mayEnd = state.isFinal;
      if (open.isEmpty() && !mayEnd) {
        throw new AssertionError("a dead end after " + text.toString(StandardCharsets.UTF_8));
      }
      boolean isLong = text.size() > PATIENCE;
      if (mayEnd && (open.isEmpty() || isLong || random.nextInt(4) == 0)) {
        return text.toString(StandardCharsets.UTF_8);
      }
      byte chosen = open.get(random.nextInt(open.size()));
      byte letter = (byte) "abc019T:-".charAt(random.nextInt(9));
      chosen = isLong && open.contains(letter) ? letter : chosen;
      if (isLong ? random.nextBoolean() : isPlain) {
        for (char c : isLong ? CLOSING.toCharArray() : new char[] {'"', 'a', 'b', '0'}) {
          boolean isTaken = open.contains((byte) c) && (isLong || random.nextInt(3) == 0);
          if (isTaken && random.nextInt(3) > 0) {
            chosen = (byte) c;
            break;
          }
        }
      }
      text.write(chosen);
      state = automaton.step(state, chosen);
    }
    throw new AssertionError("no end in sight: " + text.toString(StandardCharsets.UTF_8));
  }
}
