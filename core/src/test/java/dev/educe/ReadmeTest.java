package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.JavaFileObject.Kind;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the README shows of the library compiles.
class ReadmeTest {
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final String BEFORE =
      """
      import dev.educe.*;
      import dev.educe.platform.*;
      import dev.educe.sampling.*;
      import java.nio.file.*;
      import java.time.*;
      import java.util.*;
      class Example {
        void run(Constraint constraint) throws Exception {
      """;

  @Test
  void theExamplesCompile(@TempDir Path folder) throws IOException {
    Path here = Path.of("").toAbsolutePath();
    Path root = Files.exists(here.resolve("README.md")) ? here : here.getParent();
    var blocks = JAVA.matcher(Files.readString(root.resolve("README.md")));
    int found = 0;
    while (blocks.find()) {
      assertEquals("", compile(BEFORE + blocks.group(1) + "}}", folder), blocks.group(1));
      found++;
    }
    assertTrue(found > 0, "no example was found");
    assertTrue(!compile(BEFORE + "var x = Model.lode();}}", folder).isEmpty());
  }

  private static String compile(String source, Path folder) {
    var file =
        new SimpleJavaFileObject(URI.create("string:///Example.java"), Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoresErrors) {
            return source;
          }
        };
    var path = Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    var options =
        List.of("-proc:none", "-Xlint:none", "-d", folder.toString(), "-cp", path.toString());
    var out = new StringWriter();
    boolean compiles =
        ToolProvider.getSystemJavaCompiler()
            .getTask(out, null, null, options, null, List.of(file))
            .call();
    return compiles ? "" : out.toString();
  }
}
