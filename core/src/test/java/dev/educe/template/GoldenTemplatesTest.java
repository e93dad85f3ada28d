package dev.educe.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Real templates of many families over a table of conversations: byte for byte what jinja2 gives.
class GoldenTemplatesTest {
  /// Tokens that a conversation has in its text stand in this one only.
  private static final String NASTY_CONVERSATION = "unicode-and-braces";

  private static final Pattern SPECIAL = Pattern.compile("<\\|[a-z_]+\\|>");

  /// @param name of the conversation
  /// @param arguments for the template
  private record Conversation(String name, Map<String, Object> arguments) {}

  @Test
  void everyTemplateRendersEveryConversation() throws IOException {
    var conversations = conversations();
    var differences = new ArrayList<String>();
    int rows = 0;
    for (Path file : templates()) {
      String name = file.getFileName().toString().replace(".jinja", "");
      var template = Template.parse(Files.readString(file));
      var golden = TestData.file("golden", "templates", name + ".json");
      List<Map<String, String>> expected =
          JsonMapper.shared().readValue(golden.toFile(), new TypeReference<>() {});
      assertEquals(conversations.size(), expected.size());
      for (int i = 0; i < expected.size(); i++, rows++) {
        var conversation = conversations.get(i);
        String wanted = expected.get(i).getOrDefault("text", "an error");
        String got = rendered(template, conversation);
        if (!got.equals(wanted)) {
          differences.add(name + " × " + conversation.name() + ":\n" + wanted + "\n--\n" + got);
        }
      }
    }
    assertEquals(List.of(), differences);
    assertTrue(rows >= 500, "only " + rows + " rows");
  }

  /// What looks like a special token comes from the template, and what the user wrote of the kind
  /// is marked as content.
  @Test
  void specialTokensComeFromTheTemplateOnly() throws IOException {
    int seen = 0;
    for (Path file : templates()) {
      var template = Template.parse(Files.readString(file));
      for (var conversation : conversations()) {
        try {
          var rendering = template.render(values(conversation), Rendered.NOW);
          seen += checkTokens(file + " × " + conversation.name(), conversation, rendering);
        } catch (TemplateException _) {
          // the template refuses this conversation
        }
      }
    }
    assertTrue(seen > 1000, "only " + seen + " tokens");
  }

  private static int checkTokens(String where, Conversation conversation, Rendering rendering) {
    int count = 0;
    for (var match : SPECIAL.matcher(rendering.text()).results().toList()) {
      boolean isUsers =
          conversation.name().equals(NASTY_CONVERSATION)
              && rendering.text().startsWith("{% raw %} ", match.start() - 10);
      var spans =
          rendering.spans().stream()
              .filter(span -> span.start() < match.end() && span.end() > match.start());
      assertTrue(
          spans.allMatch(span -> span.isContent() == isUsers),
          () -> where + ": " + match.group() + " at " + match.start());
      count++;
    }
    return count;
  }

  private static String rendered(Template template, Conversation conversation) {
    var values = values(conversation);
    try {
      return template.render(values, Rendered.NOW).text();
    } catch (TemplateException _) {
      return "an error";
    }
  }

  private static Map<String, Value> values(Conversation conversation) {
    var arguments = new HashMap<String, Object>();
    arguments.put("bos_token", "<s>");
    arguments.put("eos_token", "</s>");
    arguments.put("add_generation_prompt", true);
    arguments.putAll(conversation.arguments());
    return Rendered.values(arguments);
  }

  private static List<Path> templates() throws IOException {
    try (Stream<Path> files = Files.list(TestData.file("templates"))) {
      return files.filter(file -> file.toString().endsWith(".jinja")).sorted().toList();
    }
  }

  private static List<Conversation> conversations() {
    var file = TestData.file("golden", "templates", "conversations.json");
    return JsonMapper.shared().readValue(file.toFile(), new TypeReference<>() {});
  }

  @Test
  void aFailureOfTheTemplateIsItsOwnSentence() {
    var failure =
        assertThrows(
            TemplateException.class,
            () -> Rendered.text("a\n{{ raise_exception('Roles must alternate') }}"));
    assertEquals("Roles must alternate", failure.sentence());
    assertEquals("line 2: Roles must alternate", failure.getMessage());
  }
}
