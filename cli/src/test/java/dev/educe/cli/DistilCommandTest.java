package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/// A teacher of random weights has students, made anew and healed.
class DistilCommandTest {
  @TempDir private Path folder;
  private Path teacher;
  private Path texts;

  @BeforeEach
  void make() throws IOException {
    teacher = folder.resolve("teacher.gguf");
    assertEquals(0, Ran.educe("bench", "--make", "llama-tiny-q8_0", teacher.toString()).code());
    texts =
        Files.writeString(
            folder.resolve("texts"),
            "One story.\n<|endoftext|>\nAnother one.\n<|endoftext|>\nA third, longer one.");
  }

  private Ran distil(String student, Path out, String... more) {
    var arguments = new ArrayList<>(List.of("distil", teacher.toString(), "--student", student));
    arguments.addAll(List.of("--data", texts.toString(), "-o", out.toString()));
    arguments.addAll(List.of("--steps", "3", "--batch", "32"));
    arguments.addAll(List.of(more));
    var ran = Ran.educe(arguments.toArray(String[]::new));
    assertEquals(0, ran.code(), ran.err());
    return ran;
  }

  @Test
  void aStudentIsTrainedMeasuredAndRuns() throws IOException {
    Path out = folder.resolve("student.gguf");
    var ran = distil("layers=1,hidden=32,heads=2,ffn=32,context=64", out);
    assertTrue(ran.out().contains("nats per token over 3 steps"), ran.out());
    assertTrue(ran.out().contains("on 1 held-out texts"), ran.out());
    assertEquals(0, Ran.educe("run", out.toString(), "One", "-n", "4").code());
    var figures = JsonMapper.shared().readTree(folder.resolve("student.gguf.json").toFile());
    assertEquals(3, figures.get("losses").size());
    assertTrue(Files.readString(folder.resolve("student.gguf.svg")).startsWith("<svg"));
    assertTrue(Files.notExists(folder.resolve("student.gguf.checkpoint")));
  }

  @Test
  void aModelIsHealedAndTheThreadsChangeNothing() throws IOException {
    Path one = folder.resolve("one.gguf");
    Path two = folder.resolve("two.gguf");
    distil(teacher.toString(), one, "-t", "1");
    distil(teacher.toString(), two, "-t", "2");
    assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
  }

  @Test
  void theTeacherWritesItsOwnTexts() throws IOException {
    Path out = folder.resolve("self.gguf");
    texts = Path.of("self");
    distil("layers=1,hidden=32,heads=2,ffn=32,context=512", out, "--samples", "3", "-c", "512");
    String samples = Files.readString(folder.resolve("self.gguf.samples.txt"));
    assertEquals(3, samples.split("\n<\\|endoftext\\|>\n").length);
  }
}
