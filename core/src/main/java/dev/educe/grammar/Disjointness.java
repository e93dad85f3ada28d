package dev.educe.grammar;

import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Proves that no value fits two branches of a `oneOf`; if so for all, it says the same as `anyOf`.
final class Disjointness {
  private static final int DEPTH_MAX = 8;
  private static final int WORK_MAX = 1_000_000; // pairs compared

  private final SchemaAlternatives alternatives;
  private int work;

  Disjointness(SchemaAlternatives alternatives) {
    this.alternatives = alternatives;
  }

  /// Whether no value fits both, each given by its alternatives.
  boolean areApart(List<List<SchemaNode>> left, List<List<SchemaNode>> right) {
    return areApart(left, right, 0);
  }

  private boolean areApart(List<List<SchemaNode>> left, List<List<SchemaNode>> right, int depth) {
    for (List<SchemaNode> a : left) {
      for (List<SchemaNode> b : right) {
        if (++work > WORK_MAX || depth > DEPTH_MAX) {
          return false;
        }
        try {
          if (!areApart(Constraints.of(a), Constraints.of(b), depth)) {
            return false;
          }
        } catch (NothingFitsException one) {
          continue; // of the two fits nothing at all
        }
      }
    }
    return true;
  }

  private boolean areApart(Constraints a, Constraints b, int depth) {
    if (a.values().isPresent() || b.values().isPresent()) {
      Constraints listed = a.values().isPresent() ? a : b;
      Constraints other = listed == a ? b : a;
      return listed.values().get().stream().noneMatch(other::mayHold);
    }
    Set<JsonKind> common = EnumSet.copyOf(a.kinds());
    common.retainAll(b.kinds());
    for (JsonKind kind : common) {
      boolean isApart =
          switch (kind) {
            case NULL, BOOLEAN -> false;
            case INTEGER, FRACTION -> areRangesApart(a, b) || areRangesApart(b, a);
            case STRING -> areStringsApart(a, b);
            case ARRAY -> a.maxItems() < b.minItems() || b.maxItems() < a.minItems();
            case OBJECT -> areObjectsApart(a, b, depth);
          };
      if (!isApart) {
        return false;
      }
    }
    return true;
  }

  private static boolean areRangesApart(Constraints low, Constraints high) {
    BigDecimal most = low.numbers().max();
    BigDecimal least = high.numbers().min();
    if (most == null || least == null) {
      return false;
    }
    int order = most.compareTo(least);
    return order < 0 || order == 0 && (low.numbers().isMaxOut() || high.numbers().isMinOut());
  }

  private static boolean areStringsApart(Constraints a, Constraints b) {
    if (a.maxLength() < b.minLength() || b.maxLength() < a.minLength()) {
      return true;
    }
    boolean isPatterned = !a.patterns().isEmpty() && !b.patterns().isEmpty();
    try {
      return isPatterned && a.machine().and(b.machine()).isEmpty();
    } catch (GrammarException tooLarge) {
      return false;
    }
  }

  /// A property that one of them requires decides, where its values are apart.
  private boolean areObjectsApart(Constraints a, Constraints b, int depth) {
    var required = new LinkedHashSet<>(a.required());
    required.addAll(b.required());
    for (String name : required) {
      boolean isApart =
          areApart(
              alternatives.of(a.property(name, false)),
              alternatives.of(b.property(name, false)),
              depth + 1);
      if (isApart) {
        return true;
      }
    }
    return false;
  }
}
