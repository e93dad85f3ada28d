package dev.educe.optimize.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.tensor.DType;
import dev.educe.testing.TinyCheckpoints;
import dev.educe.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What a teacher says in its tokens, said in a student's that knows fewer of them.
class TranslationTest {
  private final Tokenizer teacher;
  private final Tokenizer student;
  private final Translation translation;

  TranslationTest() throws ModelFormatException {
    teacher = Tokenizer.of(TinyCheckpoints.of("llama", DType.F32).metadata());
    var metadata = new HashMap<String, MetadataValue>();
    // Learns `▁t`, `he`, and single characters: less than the teacher's `▁the`.
    StudentVocabulary.addTo(metadata, List.of("t t he he he t he a"), 266, teacher);
    student = Tokenizer.of(new Metadata("student", metadata));
    translation = new Translation(teacher, student);
  }

  private Map<String, Float> translated(Map<String, Float> said, String prefix, boolean isDone) {
    float[] probabilities = new float[teacher.vocabularySize()];
    said.forEach((piece, p) -> probabilities[token(teacher, piece)] = p);
    float[] target = new float[2 + student.vocabularySize()];
    byte[] bytes = prefix.getBytes(StandardCharsets.UTF_8);
    assertEquals(isDone, translation.translate(probabilities, bytes, target, 2));
    var found = new HashMap<String, Float>();
    for (int token = 0; token < student.vocabularySize(); token++) {
      if (target[2 + token] > 0) {
        found.put(student.piece(token), target[2 + token]);
      }
    }
    return found;
  }

  private static int token(Tokenizer tokenizer, String piece) {
    for (int token = 0; token < tokenizer.vocabularySize(); token++) {
      if (tokenizer.piece(token).equals(piece)) {
        return token;
      }
    }
    throw new IllegalArgumentException(piece);
  }

  @Test
  void aTokenBeginsWithTheStudentsFirst() {
    assertEquals(
        Map.of("▁t", 0.75f, "▁", 0.25f),
        translated(Map.of("▁the", 0.5f, "▁t", 0.25f, "▁world", 0.25f), "", true));
  }

  @Test
  void insideATokenWhatIsKnownRulesOthersOut() {
    // After `▁t` only tokens that begin so are left; `▁t` itself has said all it has.
    assertEquals(
        Map.of("he", 1f), translated(Map.of("▁the", 0.25f, "▁t", 0.5f, "▁w", 0.25f), " t", true));
  }

  @Test
  void theBeginningOfTheNextTextIsTheEnd() {
    assertEquals(
        Map.of("</s>", 0.5f, "a", 0.5f),
        translated(Map.of("<s>", 0.25f, "</s>", 0.25f, "a", 0.5f), "", true));
    assertTrue(translated(Map.of("</s>", 1f), " t", false).isEmpty());
  }

  @Test
  void whatTheTeacherHasNotSaidYetIsLeftToTheLabel() throws ModelFormatException {
    // Here it is the student that knows more: `the` may follow where the teacher says `t`.
    var reversed = new Translation(student, teacher);
    float[] probabilities = new float[student.vocabularySize()];
    probabilities[token(student, "▁t")] = 0.5f;
    probabilities[token(student, "a")] = 0.5f;
    assertFalse(reversed.translate(probabilities, new byte[0], new float[400], 0));
    probabilities[token(student, "▁t")] = 0.01f;
    probabilities[token(student, "he")] = 0.99f;
    probabilities[token(student, "a")] = 0;
    float[] target = new float[400];
    assertTrue(reversed.translate(probabilities, new byte[0], target, 0));
    assertEquals(1f, target[token(teacher, "he")], 1e-6f);
  }
}
