package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.template.reply.ReplyPart;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The examples of `docs/how-to/chat.md`, as they stand there.
class ExamplesTest {
  // example: tools
  record Place(@Description("a city, as 'Paris, France'") String city) {}

  // end

  @Test
  void aConversation() throws IOException {
    try (var model = Model.load(TestData.file("models", "stories260K.gguf"))) {
      var chat = model.chat(ChatTemplate.chatml());
      // example: conversation
      var messages = List.of(Message.system("Be brief."), Message.user("Why is the sky blue?"));
      var reply = chat.reply(ChatRequest.of(messages));
      // end
      assertFalse(reply.generation().tokens().isEmpty());
      var seen = new StringBuilder();
      var request = ChatRequest.of("And at night?").withGeneration(Request.of(""));
      var streamed =
          chat.reply(
              request,
              part -> {
                if (part instanceof ReplyPart.Content content) {
                  seen.append(content.text()); // as it is written
                }
              });
      assertEquals(streamed.text(), seen.toString());
    }
  }

  @Test
  void toolsOfALambda() throws IOException {
    try (var model = Model.load(TestData.file("models", "stories260K.gguf"))) {
      var chat = model.chat(ChatTemplate.chatml());
      // example: tools
      var weather =
          Tool.of("weather", "tells the weather of a place", Place.class, place -> "sunny");
      var request = ChatRequest.of("What is the weather in Paris?").withTools(weather);
      // end
      List<Message> added = chat.callTools(request.withGeneration(Request.of("")), 5, part -> {});
      // A model of this size calls nothing.
      assertEquals(1, added.size());
    }
  }

  /// Every line between the marks of this file stands in the page.
  @Test
  void thePageHasTheseExamples() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    Path root = Files.exists(here.resolve("core/pom.xml")) ? here : here.getParent();
    var page =
        Files.readString(root.resolve("docs/how-to/chat.md")).lines().map(String::strip).toList();
    Path source = root.resolve("core/src/test/java/dev/educe/ExamplesTest.java");
    boolean isExample = false;
    int compared = 0;
    for (String line : Files.readAllLines(source)) {
      String text = line.strip();
      if (text.startsWith("// example:") || text.equals("// end")) {
        isExample = text.startsWith("// example:");
      } else if (isExample && !text.isEmpty()) {
        assertTrue(page.contains(text), text);
        compared++;
      }
    }
    assertEquals(6, compared);
  }
}
