package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.MetadataValue;
import dev.educe.sampling.Sampling;
import dev.educe.template.TemplateException;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Conversations by the templates that a model file brings along.
class FileTemplateTest {
  private static final String KEY = "tokenizer.chat_template";

  @TempDir private Path folder;

  /// The small model's file with further metadata.
  private Path file(Map<String, MetadataValue> more) throws IOException {
    Path copy = folder.resolve("copy.gguf");
    try (var original = Gguf.open(TestData.file("models", "stories260K.gguf"))) {
      var metadata = new LinkedHashMap<String, MetadataValue>();
      original
          .metadata()
          .keys()
          .forEach(key -> metadata.put(key, original.metadata().find(key).orElseThrow()));
      metadata.putAll(more);
      var tensors = new ArrayList<GgufWriter.Tensor>();
      for (var entry : original.tensors()) {
        tensors.add(
            new GgufWriter.Tensor(
                entry.name(),
                entry.type(),
                entry.shape(),
                target -> {
                  var bytes = new byte[(int) entry.bytes()];
                  original.read(entry, 0, MemorySegment.ofArray(bytes));
                  target.write(ByteBuffer.wrap(bytes));
                }));
      }
      GgufWriter.write(copy, metadata, tensors);
    }
    return copy;
  }

  private static ChatRequest request() {
    var generation = Request.of("").withTokensMax(20).withSampling(Sampling.greedy());
    return ChatRequest.of("Lily").withGeneration(generation);
  }

  private static String plain(Model model, String prompt) {
    return model
        .generate(Request.of(prompt).withTokensMax(20).withSampling(Sampling.greedy()))
        .text()
        .strip();
  }

  @Test
  void theTemplateOfTheFileWritesTheConversation() throws IOException {
    var templates =
        Map.<String, MetadataValue>of(
            KEY,
            new MetadataValue.Text("Once {{ messages[0].content }}"),
            KEY + ".tool_use",
            new MetadataValue.Text("{{ tools|length }} tools"),
            KEY + ".rag",
            new MetadataValue.Text("not looked at: {% nope %}"));
    try (var model = Model.load(file(templates))) {
      assertEquals(plain(model, "Once Lily"), model.chat().reply(request()).text().strip());
      var tool = Tool.of("f", "", "{}");
      assertEquals(
          plain(model, "1 tools"), model.chat().reply(request().withTools(tool)).text().strip());
    }
  }

  @Test
  void aTemplateForToolsAloneServesAll() throws IOException {
    var only = new MetadataValue.Text("Once {{ messages[0].content }}");
    try (var model = Model.load(file(Map.of(KEY + ".tool_use", only)))) {
      assertEquals(plain(model, "Once Lily"), model.chat().reply(request()).text().strip());
    }
  }

  @Test
  void aWrongTemplateIsSaidWhereAConversationWantsIt() throws IOException {
    var wrong = new MetadataValue.Text("a\n{% nope %}");
    try (var model = Model.load(file(Map.of(KEY, wrong)))) {
      assertEquals(20, model.generate(Request.of("Once").withTokensMax(20)).tokens().size());
      var failure = assertThrows(TemplateException.class, model::chat);
      assertTrue(failure.getMessage().startsWith("line 2: "), failure.getMessage());
      assertEquals(
          20, model.chat(ChatTemplate.chatml()).reply(request()).generation().tokens().size());
    }
  }

  @Test
  void aTemplateThatIsNoTextIsNamed() throws IOException {
    var number = new MetadataValue.Flag(true);
    try (var model = Model.load(file(Map.of(KEY, number)))) {
      var failure = assertThrows(Exception.class, model::chat);
      assertTrue(failure.getMessage().contains(KEY), failure.getMessage());
    }
  }
}
