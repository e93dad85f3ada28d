package dev.educe.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A step of the chain whose place can be chosen; named as llama.cpp's `--samplers` names it.
public enum Stage {
  PENALTIES,
  DRY,
  TOP_N_SIGMA,
  TOP_K,
  TYP_P,
  TOP_P,
  MIN_P,
  XTC,
  TEMPERATURE;

  /// All of them, in llama.cpp's order.
  public static final List<Stage> DEFAULT_ORDER = List.of(values());

  private static final String SEPARATOR = ";";

  /// The name: `top_k`.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Reads an order as `penalties;top_k;temperature`; dashes count as underscores, and nothing is
  /// an empty chain.
  ///
  /// @throws IllegalArgumentException if a name is unknown or there twice
  public static List<Stage> order(String text) {
    var order = new ArrayList<Stage>();
    for (String name : text.isBlank() ? new String[0] : text.split(SEPARATOR, -1)) {
      order.add(named(name.strip()));
    }
    return checked(order);
  }

  /// The order as [#order] reads it.
  public static String text(List<Stage> order) {
    return order.stream().map(Stage::label).collect(Collectors.joining(SEPARATOR));
  }

  /// @throws IllegalArgumentException if a stage is there twice
  static List<Stage> checked(List<Stage> order) {
    for (int i = 0; i < order.size(); i++) {
      if (order.indexOf(order.get(i)) < i) {
        throw new IllegalArgumentException(
            "the samplers name '%s' twice; name each once".formatted(order.get(i).label()));
      }
    }
    return List.copyOf(order);
  }

  private static Stage named(String name) {
    String label = name.replace('-', '_').toLowerCase(Locale.ROOT);
    return Stream.of(values())
        .filter(stage -> stage.label().equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no sampler '%s'; there are: %s".formatted(name, text(DEFAULT_ORDER))));
  }
}
