package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/// `educe run` with a shape that the continuation must have.
class ShapeTest {
  @TempDir private Path folder;

  private static Ran run(String option, String value) {
    String shared = System.getenv("EDUCE_TESTDATA");
    assumeTrue(shared != null && !shared.isBlank(), "EDUCE_TESTDATA is not set");
    String model = Path.of(shared, "models", "stories260K.gguf").toString();
    return Ran.educe("run", model, "Once", "--no-echo", "-s", "1", "-n", "60", option, value);
  }

  @Test
  void whatIsWrittenHasTheShape() throws IOException {
    var regex = run("--regex", "[ab]{3}-(yes|no)");
    assertTrue(regex.out().matches("[ab]{3}-(yes|no)"), regex.toString());
    Path grammar = Files.writeString(folder.resolve("g.gbnf"), "root ::= \"x\"{2,4} \"end\"");
    var gbnf = run("--grammar", grammar.toString());
    assertTrue(gbnf.out().matches("x{2,4}end"), gbnf.toString());
    Path schema =
        Files.writeString(
            folder.resolve("s.json"),
            "{'type':'object','properties':{'ok':{'type':'boolean'}},'required':['ok']}"
                .replace('\'', '"'));
    var json = run("--schema", schema.toString());
    assertTrue(JsonMapper.shared().readTree(json.out()).path("ok").isBoolean(), json.toString());
  }

  @Test
  void whatIsNoShapeIsRefused() {
    var ran = run("--regex", "(");
    assertEquals(ExitCode.FAILED, ran.code());
    assertTrue(ran.err().startsWith("educe: "), ran.err());
    assertEquals(ExitCode.FAILED, run("--schema", folder.resolve("none").toString()).code());
    assertEquals(
        ExitCode.USAGE, Ran.educe("run", "m.gguf", "x", "--regex", "a", "--schema", "b").code());
  }
}
