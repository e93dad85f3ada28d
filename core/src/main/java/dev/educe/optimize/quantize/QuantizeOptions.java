package dev.educe.optimize.quantize;

import dev.educe.optimize.ImportanceMatrix;
import dev.educe.optimize.Sample;
import dev.educe.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// How a checkpoint is quantized. Immutable; `withX` copies.
///
/// @param goal what decides formats
/// @param isPure whether every matrix has the mix's main format
/// @param overrides formats of tensors by name; the first that fits counts
/// @param importance how much columns matter, if it was measured
/// @param moments how inputs of columns go together, if it was measured: then columns make up for
///   each other's errors
/// @param preTokenizer how text is cut into words (`tokenizer.ggml.pre`), for a folder of Hugging
///   Face's whose vocabulary is not recognized
/// @param threads how many threads compute; 0 takes the machine's physical cores
public record QuantizeOptions(
    Goal goal,
    boolean isPure,
    List<Chosen> overrides,
    Optional<ImportanceMatrix> importance,
    Optional<SecondMoments> moments,
    Optional<String> preTokenizer,
    int threads) {
  public QuantizeOptions {
    overrides = List.copyOf(overrides);
    if (threads < 0) {
      throw new IllegalArgumentException("threads must not be negative, got " + threads);
    }
  }

  /// What decides the formats: a [Mix] by its rules, or a [Budget] by measurement.
  public sealed interface Goal {}

  /// llama.cpp's rules for a mix.
  public record Named(Mix mix) implements Goal {}

  /// As good as a size allows, by measured errors of weights.
  ///
  /// @param sample a text on which it is measured what such errors cost; where there is none, they
  ///   cost the same everywhere
  public record Within(Budget budget, Optional<Sample> sample) implements Goal {}

  /// A format for the tensors whose name holds a match of a pattern.
  public record Chosen(Pattern pattern, DType type) {
    /// Reads `ffn_down=q6_k`.
    ///
    /// @throws IllegalArgumentException if it is not of that form
    public static Chosen of(String text) {
      int at = text.lastIndexOf('=');
      String format = text.substring(at + 1).toUpperCase(Locale.ROOT);
      var type = RowEncoder.TYPES.stream().filter(each -> each.name().equals(format)).findFirst();
      if (at < 1 || type.isEmpty()) {
        throw new IllegalArgumentException(
            "'%s' must be a pattern of names, =, and a format: 'ffn_down=q6_k'; formats are %s"
                .formatted(text, RowEncoder.TYPES));
      }
      try {
        return new Chosen(Pattern.compile(text.substring(0, at)), type.get());
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "'%s' is no regular expression: %s"
                .formatted(text.substring(0, at), e.getDescription()),
            e);
      }
    }
  }

  /// A mix by its rules, all cores.
  public static QuantizeOptions of(Mix mix) {
    return new QuantizeOptions(
        new Named(mix), false, List.of(), Optional.empty(), Optional.empty(), Optional.empty(), 0);
  }

  /// The best that a budget allows, all cores.
  public static QuantizeOptions of(Budget budget) {
    return within(budget, Optional.empty());
  }

  /// The best that a budget allows by predictions on a text, all cores. The model is loaded twice,
  /// and reads the text's beginning some hundred times.
  public static QuantizeOptions of(Budget budget, Sample sample) {
    return within(budget, Optional.of(sample));
  }

  private static QuantizeOptions within(Budget budget, Optional<Sample> sample) {
    return new QuantizeOptions(
        new Within(budget, sample),
        false,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0);
  }

  public QuantizeOptions withPure(boolean isPure) {
    return new QuantizeOptions(goal, isPure, overrides, importance, moments, preTokenizer, threads);
  }

  public QuantizeOptions withOverrides(List<Chosen> overrides) {
    return new QuantizeOptions(goal, isPure, overrides, importance, moments, preTokenizer, threads);
  }

  public QuantizeOptions withImportance(ImportanceMatrix importance) {
    return new QuantizeOptions(
        goal, isPure, overrides, Optional.of(importance), moments, preTokenizer, threads);
  }

  public QuantizeOptions withMoments(SecondMoments moments) {
    return new QuantizeOptions(
        goal, isPure, overrides, importance, Optional.of(moments), preTokenizer, threads);
  }

  public QuantizeOptions withPreTokenizer(String name) {
    return new QuantizeOptions(
        goal, isPure, overrides, importance, moments, Optional.of(name), threads);
  }

  public QuantizeOptions withThreads(int threads) {
    return new QuantizeOptions(goal, isPure, overrides, importance, moments, preTokenizer, threads);
  }

  /// Whether it is known how much columns matter.
  boolean hasImportance() {
    return importance.isPresent() || moments.isPresent();
  }

  /// The mean square of each column's inputs, if it is known.
  Optional<float[]> squares(String tensor) {
    return importance
        .flatMap(matrix -> matrix.of(tensor))
        .or(() -> moments.flatMap(measured -> measured.squares(tensor)));
  }

  Optional<DType> override(String tensor) {
    return overrides.stream()
        .filter(each -> each.pattern().matcher(tensor).find())
        .map(Chosen::type)
        .findFirst();
  }
}
