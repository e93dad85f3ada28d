package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.EmbeddedModel;
import dev.educe.format.Gguf;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/// Commands without a model start on the one that comes with Educe.
class EmbeddedModelTest {
  @Test
  void aPromptAloneIsContinued() {
    var ran = Ran.educe("run", "Once upon a time", "-n", "40", "--temperature", "0");
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().startsWith("Once upon a time, there was a little "), ran.out());
    var named = Ran.educe("run", "embedded", "Once upon a time", "-n", "40", "--temperature", "0");
    assertEquals(ran.out(), named.out());
    var read = Ran.reading("Once upon a time", "run", "-n", "40", "--temperature", "0");
    assertEquals(ran.out(), read.out());
  }

  /// It may have been meant as a model.
  @Test
  void aWordThatIsTakenAsAPromptIsNamed() {
    var ran = Ran.educe("run", "modle", "-n", "1", "--temperature", "0");
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().startsWith("modle"), ran.out());
    String note = "There is no file 'modle': it is taken as a text for the embedded model";
    assertTrue(ran.err().contains(note), ran.err());
    var text = Ran.educe("run", "Once upon", "-n", "1", "--temperature", "0");
    assertFalse(text.err().contains("There is no file"), text.err());
    for (String path : new String[] {"modle.gguf", "./modle", "modle.q4_0"}) {
      var refused = Ran.educe("run", path, "-n", "1");
      assertEquals(ExitCode.FAILED, refused.code(), refused.err());
    }
  }

  @Test
  void aStoryEnds() {
    var ran = Ran.educe("run", "Once upon a time", "-n", "500", "--seed", "2", "--json");
    assertEquals("stop", ran.json().get("finish").asString(), ran.out());
  }

  @Test
  void turnsOfAChatAreOneStory() {
    var ran = Ran.reading("Once upon a time\n", "chat", "-n", "20", "--temperature", "0");
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().contains("there was a little"), ran.out());
  }

  @Test
  void theServerHasIt() {
    var ran = Ran.educe("serve", "--print-config");
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().contains("models." + EmbeddedModel.NAME + ".file"), ran.out());
  }

  /// Every format of weights applies to rows of a multiple of 256, and the library stays small.
  @Test
  void itIsSmallAndItsRowsSuitEveryFormat() throws IOException {
    assertTrue(Files.size(EmbeddedModel.path()) <= 3_000_000);
    try (var file = Gguf.open(EmbeddedModel.path())) {
      long parameters = 0;
      for (var tensor : file.tensors()) {
        assertEquals(0, tensor.shape().columns() % 256, tensor.name());
        parameters += tensor.shape().elements();
      }
      assertTrue(parameters >= 1_000_000 && parameters <= 3_000_000, "" + parameters);
    }
  }
}
