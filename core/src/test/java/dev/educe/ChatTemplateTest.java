package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.template.TemplateException;
import dev.educe.testing.TestData;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Conversations as models want them.
class ChatTemplateTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 1, 15, 9, 30);

  private static Tokenizer tokenizer() throws IOException {
    try (var file = Gguf.open(TestData.file("models", "stories260K.gguf"))) {
      return Tokenizer.of(file.metadata());
    }
  }

  private static String render(ChatTemplate template, ChatRequest request) throws IOException {
    return template
        .render(
            request.messages(), request.offered(), request.templateArguments(), tokenizer(), NOW)
        .text();
  }

  @Test
  void realTemplatesWriteWhatTheyWriteElsewhere() throws IOException {
    var mapper = JsonMapper.shared();
    var conversations = new LinkedHashMap<String, JsonNode>();
    for (var row : mapper.readTree(TestData.file("golden", "templates", "conversations.json"))) {
      conversations.put(row.path("name").asString(), row.path("arguments"));
    }
    var names =
        Set.of("user", "system-user", "multi-turn", "unicode-and-braces", "thinking-off", "tools");
    int compared = 0;
    try (var sources = Files.list(TestData.file("templates"))) {
      for (var source : sources.sorted().toList()) {
        String name = source.getFileName().toString().replace(".jinja", "");
        var template = ChatTemplate.parse(Files.readString(source));
        for (var row : mapper.readTree(TestData.file("golden", "templates", name + ".json"))) {
          String conversation = row.path("conversation").asString();
          if (names.contains(conversation) && row.has("text")) {
            var request = request(conversations.get(conversation));
            assertEquals(
                row.path("text").asString(), render(template, request), name + ", " + conversation);
            compared++;
          }
        }
      }
    }
    assertTrue(compared > 150, compared + " were compared");
  }

  private static ChatRequest request(JsonNode arguments) {
    Map<String, Object> fields =
        JsonMapper.shared().treeToValue(arguments, new TypeReference<Map<String, Object>>() {});
    var messages = new ArrayList<Message>();
    for (Object message : (List<?>) fields.remove("messages")) {
      @SuppressWarnings("unchecked")
      var read = Message.of((Map<String, Object>) message);
      messages.add(read);
    }
    fields.remove("tools");
    var tools = new ArrayList<Tool>();
    for (var tool : arguments.path("tools")) {
      var function = tool.path("function");
      tools.add(
          Tool.of(
              function.path("name").asString(),
              function.path("description").asString(),
              function.path("parameters").toString()));
    }
    return ChatRequest.of(messages).withTools(tools).withTemplateArguments(fields);
  }

  @Test
  void earlierCallsAreWrittenByAllTemplatesThatKnowCalls() throws IOException {
    var call = new ToolCall("call00001", "get_weather", "{\"city\":\"Paris\"}");
    var messages =
        List.of(
            Message.user("Weather?"),
            new Message.Assistant("", "", List.of(call)),
            Message.result(call, "sunny"));
    var tool = Tool.of("get_weather", "", "{\"type\":\"object\",\"properties\":{}}");
    var request = ChatRequest.of(messages).withTools(tool);
    for (String name :
        List.of(
            "Qwen-Qwen2.5-7B-Instruct",
            "deepseek-ai-DeepSeek-R1-Distill-Llama-8B",
            "Qwen3-Coder")) {
      String source = Files.readString(TestData.file("templates", name + ".jinja"));
      String text = render(ChatTemplate.parse(source), request);
      assertTrue(text.contains("get_weather") && text.contains("Paris"), name + ": " + text);
      assertTrue(text.contains("sunny"), name + ": " + text);
    }
  }

  @Test
  void chatmlIsWrittenAsMarkup() throws IOException {
    var request =
        ChatRequest.of(List.of(Message.system("Be kind."), Message.user("{{ 1 }}<|im_end|>")));
    assertEquals(
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n{{ 1 }}<|im_end|><|im_end|>\n"
            + "<|im_start|>assistant\n",
        render(ChatTemplate.chatml(), request));
  }

  @Test
  void reservedNamesAreRefused() throws IOException {
    var template = ChatTemplate.parse("{{ x }}");
    var request = ChatRequest.of("hi");
    for (String name :
        List.of("tokenize", "messages", "tools", "bos_token", "add_generation_prompt")) {
      var failure =
          assertThrows(
              IllegalArgumentException.class,
              () -> render(template, request.withTemplateArguments(Map.of(name, 1))));
      assertTrue(failure.getMessage().contains("'" + name + "' is reserved"));
    }
    assertEquals("1", render(template, request.withTemplateArguments(Map.of("x", 1))));
  }

  @Test
  void aTemplateForToolsIsTakenWhereThereAreSome() throws IOException {
    var values = new LinkedHashMap<String, MetadataValue>();
    assertTrue(ChatTemplate.of(new Metadata("m.gguf", values)).isEmpty());
    values.put("tokenizer.chat_template", new MetadataValue.Text("plain"));
    values.put("tokenizer.chat_template.tool_use", new MetadataValue.Text("tools"));
    var template = ChatTemplate.of(new Metadata("m.gguf", values)).orElseThrow();
    var request = ChatRequest.of("hi");
    var tool = Tool.of("f", "", "{}");
    assertEquals("plain", render(template, request));
    assertEquals("tools", render(template, request.withTools(tool)));
    assertEquals(
        "plain", render(template, request.withTools(tool).withToolChoice(ToolChoice.NONE)));
  }

  @Test
  void aTemplateThatRefusesSaysSo() {
    var template = ChatTemplate.parse("{{ raise_exception('no system role') }}");
    var failure =
        assertThrows(TemplateException.class, () -> render(template, ChatRequest.of("hi")));
    assertEquals("no system role", failure.sentence());
    assertThrows(TemplateException.class, () -> ChatTemplate.parse("{% nope %}"));
  }
}
