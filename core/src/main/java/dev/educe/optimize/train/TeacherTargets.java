package dev.educe.optimize.train;

import dev.educe.kernels.Exponential;
import dev.educe.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/// Asks a teacher what should follow each token of a batch.
///
/// A teacher of the same vocabulary is taken at its word; what one of another vocabulary says is
/// translated, see [Translation]. Not thread-safe.
final class TeacherTargets {
  private final Teacher teacher;
  private final Tokenizer student;
  private final Optional<Translation> translation;
  private final float[] probabilities; // the teacher's, of a row

  TeacherTargets(Teacher teacher, Tokenizer student) {
    this.teacher = teacher;
    this.student = student;
    this.translation =
        isSame(teacher.tokenizer(), student)
            ? Optional.empty()
            : Optional.of(new Translation(teacher.tokenizer(), student));
    this.probabilities = new float[teacher.tokenizer().vocabularySize()];
  }

  /// Whether two vocabularies have the same tokens with the same numbers.
  static boolean isSame(Tokenizer one, Tokenizer other) {
    if (one.vocabularySize() != other.vocabularySize()) {
      return false;
    }
    for (int token = 0; token < one.vocabularySize(); token++) {
      if (!one.piece(token).equals(other.piece(token))
          || !Arrays.equals(one.bytes(token), other.bytes(token))) {
        return false;
      }
    }
    return true;
  }

  /// Whether the teacher's words are translated.
  boolean isTranslated() {
    return translation.isPresent();
  }

  /// Fills the rows of a batch.
  ///
  /// @param hints are given the teacher's states where both cut the text
  void ask(Batch batch, Targets targets, Optional<Hints> hints) {
    for (int piece = 0; piece < batch.pieces().size(); piece++) {
      int[] tokens = batch.pieces().get(piece).tokens();
      int start = batch.start(piece);
      if (translation.isEmpty()) {
        int[] row = {start};
        teacher.logits(
            Arrays.copyOf(tokens, tokens.length - 1),
            logits -> {
              int at = targets.offset(row[0]);
              take(logits, targets.probabilities(), at);
              joinEnds(targets.probabilities(), at);
              finish(targets, row[0]);
              int own = row[0]++;
              hints.ifPresent(wanted -> wanted.take(own, own - start));
            });
      } else {
        translate(tokens, start, targets, hints);
      }
    }
  }

  /// A model that is given one text after the other ends one by beginning the next; its student
  /// learns to end it by EOS.
  private void joinEnds(float[] row, int from) {
    var bos = student.bos();
    var eos = student.eos();
    if (bos.isPresent() && eos.isPresent() && bos.getAsInt() != eos.getAsInt()) {
      row[from + eos.getAsInt()] += row[from + bos.getAsInt()];
      row[from + bos.getAsInt()] = 0;
    }
  }

  private void translate(int[] tokens, int start, Targets targets, Optional<Hints> hints) {
    for (int row = start; row < start + tokens.length - 1; row++) {
      targets.setHard(row);
    }
    var cuts = Cuts.of(student, tokens);
    int[] read = teacher.tokenizer().encode(student.decode(tokens), false);
    var teacherCuts = Cuts.of(teacher.tokenizer(), read);
    if (!Arrays.equals(cuts.bytes, teacherCuts.bytes) || read.length > teacher.contextLength()) {
      return;
    }
    // Rows of the student and of the teacher in step: a row of the teacher serves those of the
    // student's that begin before its next cut.
    int[] next = {0, 0};
    teacher.logits(
        read,
        logits -> {
          int row = next[0]++;
          int from = teacherCuts.ends[row];
          int to = row + 1 < read.length ? teacherCuts.ends[row + 1] : Integer.MAX_VALUE;
          boolean isTaken = false;
          for (; next[1] < tokens.length - 1 && cuts.ends[next[1]] < to; next[1]++) {
            if (!isTaken) {
              take(logits, probabilities, 0);
              isTaken = true;
            }
            int own = next[1];
            if (from == cuts.ends[own]) {
              hints.ifPresent(wanted -> wanted.take(start + own, row));
            }
            byte[] prefix = Arrays.copyOfRange(cuts.bytes, from, cuts.ends[own]);
            float[] wanted = targets.probabilities();
            int at = targets.offset(start + own);
            if (translation.get().translate(probabilities, prefix, wanted, at)
                && wanted[at + tokens[own + 1]] > 0) {
              finish(targets, start + own);
            }
          }
        });
  }

  /// Where a sequence cuts its bytes.
  ///
  /// @param ends of each token
  private record Cuts(byte[] bytes, int[] ends) {
    static Cuts of(Tokenizer tokenizer, int[] tokens) {
      var bytes = new ByteArrayOutputStream();
      var ends = new int[tokens.length];
      for (int i = 0; i < tokens.length; i++) {
        bytes.writeBytes(tokenizer.bytes(tokens[i]));
        ends[i] = bytes.size();
      }
      return new Cuts(bytes.toByteArray(), ends);
    }
  }

  /// Makes probabilities of logits.
  private void take(MemorySegment logits, float[] target, int offset) {
    int size = probabilities.length;
    MemorySegment.copy(logits, ValueLayout.JAVA_FLOAT, 0, target, offset, size);
    float max = Float.NEGATIVE_INFINITY;
    for (int i = offset; i < offset + size; i++) {
      max = Math.max(max, target[i]);
    }
    for (int i = offset; i < offset + size; i++) {
      target[i] = Exponential.exp(target[i] - max);
    }
    float scale = 1 / Sums.of(target, offset, size);
    for (int i = offset; i < offset + size; i++) {
      target[i] *= scale;
    }
  }

  private void finish(Targets targets, int row) {
    int from = targets.offset(row);
    double entropy = 0;
    for (int i = from; i < from + student.vocabularySize(); i++) {
      float p = targets.probabilities()[i];
      if (p > 0) {
        entropy -= (double) p * Exponential.log(p);
      }
    }
    targets.setSoft(row, entropy);
  }
}
