package dev.educe.template;

import java.math.BigInteger;

/// Counts what one rendering does and holds it to its bounds. Used by one thread.
final class Meter {
  /// How deep statements, expressions and macro calls may be nested when they run; this needs up to
  /// 400 KiB of stack where nothing is compiled yet. Tool schemas of real depth need a third.
  private static final int DEPTH_MAX = 350;

  /// What a filter, a method, a macro or a field of a format costs beside what it copies: arguments
  /// are bound, and results made.
  private static final int OPERATIONS_PER_CALL = 32;

  private static final int UNITS_PER_OPERATION = 64;
  private static final int ITEMS_PER_OPERATION = 4;
  private static final int COMPARISONS_PER_OPERATION = 128;
  private static final int OPERATIONS_PER_DIGIT = 8;
  private static final int BITS_PER_OPERATION = 2;

  private final long operationsMax;
  private final long unitsMax;
  private long operations;
  private int depth;

  Meter(long operationsMax, long unitsMax) {
    this.operationsMax = operationsMax;
    this.unitsMax = unitsMax;
  }

  /// Counts operations, before they are done.
  void spend(long count) {
    operations += Math.min(count, operationsMax + 1);
    if (operations > operationsMax) {
      throw new TemplateException(
          "the template does more than the " + operationsMax + " operations that it may");
    }
  }

  /// Counts a call, before it is done.
  void call() {
    spend(OPERATIONS_PER_CALL);
  }

  /// Counts the copying of characters.
  void copy(long units) {
    if (units >= UNITS_PER_OPERATION) {
      spend(units / UNITS_PER_OPERATION);
    }
  }

  /// Counts the search for a part in a text, which may compare each of its characters at each
  /// place.
  void search(long units, long part) {
    spend(units * part / COMPARISONS_PER_OPERATION);
  }

  /// Counts arithmetic with, or digits of, a large integer.
  void integer(BigInteger value) {
    spend(value.bitLength() / BITS_PER_OPERATION);
  }

  /// Counts the digits of a float; a negative precision is the default one.
  void precision(int digits) {
    spend(OPERATIONS_PER_DIGIT * Math.max(0L, digits));
  }

  /// Counts the items of a list that is to be made.
  void items(long count) {
    if (count >= ITEMS_PER_OPERATION) {
      spend(count / ITEMS_PER_OPERATION);
    }
  }

  /// Checks the length of a text that is to be made.
  void text(long units) {
    if (units > unitsMax) {
      throw new TemplateException(
          "a text grows beyond the " + unitsMax + " characters that it may have");
    }
  }

  /// Goes a level deeper; [#leave()] follows, unless the rendering ends.
  void enter() {
    spend(1);
    if (++depth > DEPTH_MAX) {
      throw new TemplateException("the template is nested, or calls itself, too deeply");
    }
  }

  void leave() {
    depth--;
  }
}
