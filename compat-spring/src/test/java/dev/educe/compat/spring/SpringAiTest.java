package dev.educe.compat.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.educe.compat.StoryServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;

/// Spring AI's clients of OpenAI.
@EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
@Timeout(60)
class SpringAiTest {
  @Test
  void itChatsStreamsAndEmbeds() throws Exception {
    try (var server = new StoryServer()) {
      var chat =
          OpenAiChatModel.builder()
              .options(
                  OpenAiChatOptions.builder()
                      .baseUrl(server.url())
                      .apiKey("none")
                      .model(StoryServer.MODEL)
                      .temperature(0.0)
                      .maxTokens(30)
                      .build())
              .build();
      String text = chat.call("Tell me a story.");
      assertFalse(text.isBlank());
      var pieces = chat.stream("Tell me a story.").collectList().block();
      assertEquals(text, String.join("", pieces));
      var embedder =
          OpenAiEmbeddingModel.builder()
              .options(
                  OpenAiEmbeddingOptions.builder()
                      .baseUrl(server.url())
                      .apiKey("none")
                      .model(StoryServer.MODEL)
                      .build())
              .build();
      assertEquals(64, embedder.embed("a story").length);
    }
  }
}
