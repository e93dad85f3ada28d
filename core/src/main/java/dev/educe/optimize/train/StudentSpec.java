package dev.educe.optimize.train;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The dimensions of a student that is made anew, as a line of text has them:
/// `layers=4,hidden=256,heads=8,kv-heads=4,ffn=512,vocabulary=512,context=512`.
///
/// @param layers how many
/// @param hiddenSize `hidden`
/// @param heads query heads; they divide the hidden size into an even head size
/// @param kvHeads `kv-heads`; as many as `heads` unless given, a divisor of them
/// @param intermediateSize `ffn`
/// @param vocabularySize `vocabulary`: tokens of a vocabulary of its own, learned from the texts;
///   0, when it is not given, for the teacher's
/// @param contextLength `context`; 0, when it is not given, for the teacher's
public record StudentSpec(
    int layers,
    int hiddenSize,
    int heads,
    int kvHeads,
    int intermediateSize,
    int vocabularySize,
    int contextLength) {
  private static final List<String> NEEDED = List.of("layers", "hidden", "heads", "ffn");
  private static final Set<String> KNOWN =
      Set.of("layers", "hidden", "heads", "ffn", "kv-heads", "vocabulary", "context");

  /// A student is small: more of anything would not end on a processor.
  private static final int SIZE_MAX = 1 << 17;

  private static final int LAYERS_MAX = 256;

  /// Three tokens with a meaning, 256 bytes, and something to read with.
  private static final int VOCABULARY_MIN = 300;

  /// @throws IllegalArgumentException if a number is out of range or does not fit another
  public StudentSpec {
    check(layers >= 1 && layers <= LAYERS_MAX, "layers", "1 to " + LAYERS_MAX, layers);
    check(hiddenSize >= 1 && hiddenSize <= SIZE_MAX, "hidden", "1 to " + SIZE_MAX, hiddenSize);
    check(
        heads >= 1 && hiddenSize % heads == 0 && hiddenSize / heads % 2 == 0,
        "heads",
        "a divisor of hidden %d that leaves heads of an even size".formatted(hiddenSize),
        heads);
    check(kvHeads >= 1 && heads % kvHeads == 0, "kv-heads", "a divisor of heads " + heads, kvHeads);
    check(
        intermediateSize >= 1 && intermediateSize <= SIZE_MAX,
        "ffn",
        "1 to " + SIZE_MAX,
        intermediateSize);
    check(
        vocabularySize == 0 || vocabularySize >= VOCABULARY_MIN && vocabularySize <= SIZE_MAX,
        "vocabulary",
        VOCABULARY_MIN + " to " + SIZE_MAX,
        vocabularySize);
    check(
        contextLength == 0 || contextLength >= 8 && contextLength <= SIZE_MAX,
        "context",
        "8 to " + SIZE_MAX,
        contextLength);
  }

  private static void check(boolean holds, String name, String rule, int value) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s of the student must be %s, got %d".formatted(name, rule, value));
    }
  }

  /// Reads a line of text.
  ///
  /// @throws IllegalArgumentException if it is not one, in a sentence that says what is wrong
  public static StudentSpec parse(String text) {
    var values = new HashMap<String, Integer>();
    for (String part : text.split(",", -1)) {
      String[] sides = part.strip().split("=", -1);
      if (sides.length != 2 || !KNOWN.contains(sides[0]) || !sides[1].matches("[0-9]{1,9}")) {
        throw new IllegalArgumentException(
            "'%s' is no part of a student; write for instance layers=4,hidden=256,heads=8,"
                    .formatted(part)
                + "kv-heads=4,ffn=512,vocabulary=512,context=512, or name a GGUF file");
      }
      if (values.put(sides[0], Integer.parseInt(sides[1])) != null) {
        throw new IllegalArgumentException("the student has '" + sides[0] + "' twice");
      }
    }
    for (String name : NEEDED) {
      if (!values.containsKey(name)) {
        throw new IllegalArgumentException("the student lacks '" + name + "=…'");
      }
    }
    return of(values);
  }

  private static StudentSpec of(Map<String, Integer> values) {
    return new StudentSpec(
        values.get("layers"),
        values.get("hidden"),
        values.get("heads"),
        values.getOrDefault("kv-heads", values.get("heads")),
        values.get("ffn"),
        values.getOrDefault("vocabulary", 0),
        values.getOrDefault("context", 0));
  }

  /// Whether a text is meant as a line of dimensions, and not as a file.
  public static boolean isMeant(String text) {
    return Arrays.stream(text.split(",")).anyMatch(part -> part.strip().matches("[a-z-]+=.*"));
  }
}
