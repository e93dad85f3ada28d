package dev.educe.optimize.train;

import dev.educe.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A teacher's distribution over its tokens as one over a student's.
///
/// Both read the same bytes and cut them differently. Where a student's token begins, let the
/// *prefix* be the bytes since the teacher's last cut. Each of the teacher's tokens that begins
/// with the prefix and goes on says with which of its own tokens the student would go on, and gives
/// it its probability; the others are ruled out by what is known. This is exact but where the
/// student's token might reach beyond the teacher's, into what the teacher has not said yet: if
/// that may be, the row is left to the label. Whether it may depends on the distribution alone and
/// not on what came, so the labels of the rows that are left are no biased choice.
///
/// Not thread-safe.
final class Translation {
  /// What may be undecided of a row at most; it is dropped.
  private static final double UNDECIDED_MAX = 0.02;

  private static final int RULED_OUT = -1;
  private static final int UNDECIDED = -2;

  private final Tokenizer teacher;
  private final Tokenizer student;
  private final int end; // the student's token for the end of a text; -1 if it has none
  private final List<byte[]> studentBytes = new ArrayList<>();
  private final Set<ByteBuffer> teacherBytes = new HashSet<>();
  private final Map<ByteBuffer, int[]> tables = new HashMap<>();

  Translation(Tokenizer teacher, Tokenizer student) {
    this.teacher = teacher;
    this.student = student;
    this.end = student.eos().orElse(-1);
    for (int token = 0; token < teacher.vocabularySize(); token++) {
      teacherBytes.add(ByteBuffer.wrap(teacher.bytes(token)));
    }
    for (int token = 0; token < student.vocabularySize(); token++) {
      studentBytes.add(student.bytes(token));
    }
  }

  /// Translates one distribution.
  ///
  /// @param probabilities the teacher's, `[vocabularySize]`
  /// @param prefix bytes since the teacher's last cut
  /// @param target receives the student's, from `offset` on
  /// @return whether it could be done
  boolean translate(float[] probabilities, byte[] prefix, float[] target, int offset) {
    int[] table = tables.computeIfAbsent(ByteBuffer.wrap(prefix), _ -> table(prefix));
    Arrays.fill(target, offset, offset + studentBytes.size(), 0);
    double known = 0;
    double undecided = 0;
    for (int token = 0; token < table.length; token++) {
      if (table[token] >= 0) {
        target[offset + table[token]] += probabilities[token];
        known += probabilities[token];
      } else if (table[token] == UNDECIDED) {
        undecided += probabilities[token];
      }
    }
    if (!(undecided <= UNDECIDED_MAX * (known + undecided)) || known < Float.MIN_NORMAL) {
      return false;
    }
    float scale = (float) (1 / known);
    for (int i = offset; i < offset + studentBytes.size(); i++) {
      target[i] *= scale;
    }
    return true;
  }

  private int[] table(byte[] prefix) {
    var table = new int[teacher.vocabularySize()];
    for (int token = 0; token < table.length; token++) {
      table[token] = next(token, prefix);
    }
    return table;
  }

  /// The student's token that the teacher's goes on with after the prefix.
  private int next(int token, byte[] prefix) {
    if (isEnd(token)) {
      return prefix.length == 0 && end >= 0 ? end : RULED_OUT;
    }
    byte[] bytes = teacher.bytes(token);
    if (bytes.length <= prefix.length || !startsWith(bytes, prefix)) {
      return RULED_OUT;
    }
    byte[] rest = Arrays.copyOfRange(bytes, prefix.length, bytes.length);
    var cut = cut(rest);
    if (cut.isEmpty()) {
      return UNDECIDED;
    }
    boolean isWhole = cut.get().length == 1;
    return isWhole && mayGrow(rest, prefix) ? UNDECIDED : cut.get()[0];
  }

  /// A model that is given one text after the other ends one by beginning the next.
  private boolean isEnd(int token) {
    return teacher.endsGeneration(token) || token == teacher.bos().orElse(-1);
  }

  /// Whether a student's token begins with these bytes and has more, which the teacher would say by
  /// several of its own.
  private boolean mayGrow(byte[] rest, byte[] prefix) {
    for (byte[] bytes : studentBytes) {
      if (bytes.length > rest.length && startsWith(bytes, rest)) {
        byte[] whole = Arrays.copyOf(prefix, prefix.length + bytes.length);
        System.arraycopy(bytes, 0, whole, prefix.length, bytes.length);
        if (!teacherBytes.contains(ByteBuffer.wrap(whole))) {
          return true;
        }
      }
    }
    return false;
  }

  /// How the student cuts these bytes in the middle of a text.
  private Optional<int[]> cut(byte[] bytes) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      return Optional.empty();
    }
    // After a line end nothing is joined, and a space that the vocabulary puts first stands before.
    int[] tokens = student.encodePlain("\n" + text, false);
    int left = bytes.length;
    int first = tokens.length;
    while (left > 0 && first > 0) {
      left -= student.bytes(tokens[--first]).length;
    }
    return left == 0
        ? Optional.of(Arrays.copyOfRange(tokens, first, tokens.length))
        : Optional.empty();
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return Arrays.mismatch(bytes, prefix) == prefix.length || Arrays.equals(bytes, prefix);
  }
}
