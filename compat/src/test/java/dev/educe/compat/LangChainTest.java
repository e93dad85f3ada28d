package dev.educe.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/// LangChain4j's clients of OpenAI.
@EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
@Timeout(60)
class LangChainTest {
  @Test
  void itChatsStreamsAndEmbeds() throws Exception {
    try (var server = new StoryServer()) {
      var chat =
          OpenAiChatModel.builder()
              .baseUrl(server.url())
              .apiKey("none")
              .modelName(StoryServer.MODEL)
              .temperature(0.0)
              .maxTokens(30)
              .build();
      String text = chat.chat("Tell me a story.");
      assertFalse(text.isBlank());
      var streaming =
          OpenAiStreamingChatModel.builder()
              .baseUrl(server.url())
              .apiKey("none")
              .modelName(StoryServer.MODEL)
              .temperature(0.0)
              .maxTokens(30)
              .build();
      var pieces = new StringBuilder();
      var end = new CompletableFuture<ChatResponse>();
      streaming.chat(
          "Tell me a story.",
          new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String piece) {
              pieces.append(piece);
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
              end.complete(response);
            }

            @Override
            public void onError(Throwable error) {
              end.completeExceptionally(error);
            }
          });
      var response = end.get(30, TimeUnit.SECONDS);
      assertEquals(text, pieces.toString());
      assertEquals(text, response.aiMessage().text());
      assertTrue(response.tokenUsage().totalTokenCount() > 30);
      var embedder =
          OpenAiEmbeddingModel.builder()
              .baseUrl(server.url())
              .apiKey("none")
              .modelName(StoryServer.MODEL)
              .build();
      assertEquals(64, embedder.embed("a story").content().dimension());
    }
  }
}
