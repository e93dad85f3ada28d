package dev.educe.optimize.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.sampling.NumericalException;
import dev.educe.tensor.DType;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Training as a whole: what decides its result and what does not.
class TrainerTest {
  private static final Training SHORT = new Training(8, 96, 40, 0.01, 0.8f, 2, 0.1f, 3, 1);
  private static final StudentSpec SPEC =
      StudentSpec.parse("layers=2,hidden=32,heads=4,kv-heads=2,ffn=48");
  private static final String INPUTS = "inputs";

  @TempDir private Path folder;
  private Path teacherFile;
  private final List<String> texts = new ArrayList<>();

  @BeforeEach
  void write() throws IOException {
    teacherFile = TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("teacher.gguf"));
    for (int i = 0; i < 12; i++) {
      texts.add("the cat " + i + " sat on the hat and the dog " + (i * i) + " ate that");
    }
  }

  private Student student(StudentSpec spec) throws IOException {
    try (var file = Gguf.open(teacherFile)) {
      return Student.create(spec, "student", file.metadata(), texts, 11);
    }
  }

  private Path checkpoint() {
    return folder.resolve("checkpoint");
  }

  private float[] trained(StudentSpec spec, Training training) throws IOException {
    var student = student(spec);
    train(student, training);
    return student.parameters().values();
  }

  private History train(Student student, Training training) throws IOException {
    Files.deleteIfExists(checkpoint());
    try (var teacher = new FloatTeacher(teacherFile, 64, training.threads());
        var trainer = new Trainer(student, teacher, texts, training)) {
      trainer.run(checkpoint(), INPUTS, Long.MAX_VALUE, _ -> {});
      return trainer.history();
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() throws IOException {
    float[] alone = trained(SPEC, SHORT);
    for (int threads : new int[] {2, 3}) {
      var shared = new Training(8, 96, 40, 0.01, 0.8f, 2, 0.1f, 3, threads);
      assertArrayEquals(alone, trained(SPEC, shared), threads + " threads");
    }
  }

  @Test
  void theSeedChangesTheOrderOfTheTexts() throws IOException {
    var other = new Training(8, 96, 40, 0.01, 0.8f, 2, 0.1f, 4, 1);
    assertFalse(Arrays.equals(trained(SPEC, SHORT), trained(SPEC, other)));
  }

  @Test
  void anInterruptedTrainingGoesOnToTheSameBits() throws IOException {
    float[] whole = trained(SPEC, SHORT);
    Files.delete(checkpoint());
    for (int stop : new int[] {3, 5}) {
      var student = student(SPEC);
      try (var teacher = new FloatTeacher(teacherFile, 64, 1);
          var trainer = new Trainer(student, teacher, texts, SHORT)) {
        assertThrows(
            CancellationException.class,
            () ->
                trainer.run(
                    checkpoint(),
                    INPUTS,
                    Long.MAX_VALUE,
                    report -> {
                      if (report.step() == stop) {
                        Thread.currentThread().interrupt();
                      }
                    }));
        assertEquals(stop, trainer.history().steps());
        assertFalse(Thread.interrupted());
      }
    }
    var student = student(SPEC);
    try (var teacher = new FloatTeacher(teacherFile, 64, 1);
        var trainer = new Trainer(student, teacher, texts, SHORT)) {
      trainer.run(checkpoint(), INPUTS, Long.MAX_VALUE, _ -> {});
      assertEquals(SHORT.steps(), trainer.history().steps());
    }
    assertArrayEquals(whole, student.parameters().values());
  }

  /// As after `kill -9`: the checkpoint of some step is there, and nothing else.
  @Test
  void aCheckpointOfEachStepIsWholeAndLeadsToTheSameBits() throws IOException {
    float[] whole = trained(SPEC, SHORT);
    Files.delete(checkpoint());
    var killed = new IllegalStateException("killed");
    for (int stop = 2; stop < SHORT.steps(); stop++) {
      int last = stop;
      try (var teacher = new FloatTeacher(teacherFile, 64, 1);
          var trainer = new Trainer(student(SPEC), teacher, texts, SHORT)) {
        assertThrows(
            IllegalStateException.class,
            () ->
                trainer.run(
                    checkpoint(),
                    INPUTS,
                    0,
                    report -> {
                      if (report.step() == last) {
                        throw killed; // before this step's checkpoint
                      }
                    }));
      }
    }
    var student = student(SPEC);
    try (var teacher = new FloatTeacher(teacherFile, 64, 1);
        var trainer = new Trainer(student, teacher, texts, SHORT)) {
      trainer.run(checkpoint(), INPUTS, 0, _ -> {});
    }
    assertArrayEquals(whole, student.parameters().values());
  }

  @Test
  void aCheckpointOfAnotherTrainingIsRefused() throws IOException {
    trained(SPEC, SHORT);
    var other = new Training(9, 96, 40, 0.01, 0.8f, 2, 0.1f, 3, 1);
    try (var teacher = new FloatTeacher(teacherFile, 64, 1);
        var trainer = new Trainer(student(SPEC), teacher, texts, other)) {
      var refused =
          assertThrows(IOException.class, () -> trainer.run(checkpoint(), INPUTS, 0, _ -> {}));
      assertTrue(refused.getMessage().contains("is of another training"), refused.getMessage());
    }
  }

  @Test
  void aDamagedCheckpointIsNamed() throws IOException {
    trained(SPEC, SHORT);
    byte[] bytes = Files.readAllBytes(checkpoint());
    Files.write(checkpoint(), Arrays.copyOf(bytes, bytes.length - 1000));
    try (var teacher = new FloatTeacher(teacherFile, 64, 1);
        var trainer = new Trainer(student(SPEC), teacher, texts, SHORT)) {
      assertThrows(ModelFormatException.class, () -> trainer.run(checkpoint(), INPUTS, 0, _ -> {}));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 0", "0.9, 3"})
  void theStudentLearns(float soft, float hints) throws IOException {
    var training = new Training(30, 96, 40, 0.01, soft, hints, 0.1f, 3, 2);
    var history = train(student(SPEC), training);
    double[] losses = soft > 0.5 ? history.divergence() : history.hard();
    assertTrue(
        History.last(losses, 5) < 0.8 * losses[0],
        "from " + losses[0] + " to " + History.last(losses, 5));
  }

  @Test
  void aQuantizedModelIsHealedFromItsOwnWeights() throws IOException {
    Path file = TinyCheckpoints.of("llama", DType.Q8_0).write(folder.resolve("pruned.gguf"));
    var student = Student.read(file);
    float[] before = student.parameters().values().clone();
    var history = train(student, new Training(12, 96, 40, 0.003, 1, 0, 0, 3, 1));
    assertTrue(History.last(history.divergence(), 3) < history.divergence()[0]);
    assertFalse(Arrays.equals(before, student.parameters().values()));
    Path out = folder.resolve("healed.gguf");
    student.write(out);
    assertArrayEquals(student.parameters().values(), Student.read(out).parameters().values());
  }

  @Test
  void aLossThatIsNoNumberEndsTheTraining() {
    var wild = new Training(60, 96, 40, 1, 0.8f, 0, 0, 3, 1);
    var failed =
        assertThrows(
            NumericalException.class,
            () -> {
              var student = student(SPEC);
              student.parameters().values()[0] = Float.NaN;
              train(student, wild);
            });
    assertTrue(failed.getMessage().contains("take a lower learning rate"), failed.getMessage());
  }

  @Test
  void whatCannotBeTrainedIsNamed() throws IOException {
    Path experts = TinyCheckpoints.of("qwen3moe", DType.F32).write(folder.resolve("moe.gguf"));
    var failed = assertThrows(UnsupportedModelException.class, () -> Student.read(experts));
    assertTrue(failed.getMessage().contains("cannot be trained here"), failed.getMessage());
    Path biased =
        TinyCheckpoints.of("llama", DType.F32)
            .withOptional("attn_q.bias")
            .write(folder.resolve("biased.gguf"));
    failed = assertThrows(UnsupportedModelException.class, () -> Student.read(biased));
    assertTrue(failed.getMessage().contains("biases"), failed.getMessage());
  }
}
