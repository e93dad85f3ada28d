package dev.educe.server.generation;

import dev.educe.ChatPrompt;
import dev.educe.ChatRequest;
import dev.educe.grammar.GrammarException;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Exchange;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.Generating;
import dev.educe.server.model.Happening;
import dev.educe.server.model.Happening.TokenUsage;
import dev.educe.template.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// The answers to a conversation while they are written, whatever API asked for them.
public final class Conversation implements AutoCloseable {
  private final Texts texts;
  private final int promptTokens;
  private final List<Reply> replies = new ArrayList<>();

  /// What is asked of a model.
  ///
  /// @param chat the conversation, and how to go on
  /// @param param the parameter it came in, for errors
  /// @param formParam that of the answer's form
  /// @param count how many answers
  /// @param hasOneCall whether an answer ends with its first call of a tool
  public record Asked(
      ChatRequest chat, String param, String formParam, int count, boolean hasOneCall) {}

  /// Starts the answers.
  ///
  /// @throws ApiException if they are not taken on, or something asked for cannot be done
  public Conversation(Service service, Exchange exchange, Catalogue.Lease lease, Asked asked) {
    var prompt = prompt(lease, asked);
    promptTokens = prompt.tokens().length;
    var generating = new ArrayList<Generating>();
    for (int i = 0; i < asked.count(); i++) {
      generating.add(new Generating(i, i, prompt.tokens(), prompt.requests().get(), true));
      replies.add(new Reply(i, prompt.readers().get(), asked.hasOneCall()));
    }
    texts = new Texts(service, exchange, lease, asked.param(), generating);
  }

  /// A conversation as its model reads it.
  ///
  /// @throws ApiException if the model's template refuses it, or something asked for cannot be done
  public static ChatPrompt prompt(Catalogue.Lease lease, Asked asked) {
    try {
      return lease.model().prompt(asked.chat());
    } catch (TemplateException e) {
      throw new ApiException(
          ApiError.invalid(
              asked.param(),
              "template_error",
              "The chat template refuses this conversation: " + sentence(e.sentence(), false)));
    } catch (GrammarException e) {
      String param = asked.chat().answerForm().isPresent() ? asked.formParam() : "tools";
      throw new ApiException(
          ApiError.invalid(param, "unsupported_schema", sentence(e.getMessage(), true)));
    } catch (IllegalArgumentException e) {
      throw new ApiException(ApiError.badRequest("invalid_value", sentence(e.getMessage(), true)));
    }
  }

  private static String sentence(String message, boolean isWhole) {
    if (message.isEmpty()) {
      return "it says no more.";
    }
    String begin = message.substring(0, 1);
    return (isWhole ? begin.toUpperCase(Locale.ROOT) : begin)
        + message.substring(1)
        + (message.matches("(?s).*[.!?]") ? "" : ".");
  }

  /// Hands over what happens, until all answers have ended.
  ///
  /// @param event is told of it, on this thread
  /// @param silent is run when nothing has happened for as long as a stream may be silent
  /// @throws ApiException if an answer failed
  /// @throws dev.educe.server.http.ClientGoneException if the client has left
  public void each(Consumer<ReplyEvent> event, Runnable silent) {
    texts.each(
        happening -> {
          var reply = replies.get(happening.choice());
          switch (happening) {
            case Happening.PromptToken _ -> {}
            case Happening.Piece piece -> {
              if (!reply.isComplete()) {
                reply.piece(piece, event);
                if (reply.isComplete()) {
                  texts.enough(piece.choice());
                }
              }
            }
            case Happening.End end -> reply.end(end, event);
          }
        },
        silent);
  }

  /// How many tokens the conversation is.
  public int promptTokens() {
    return promptTokens;
  }

  /// What all answers have taken.
  public TokenUsage usage() {
    return texts.usage();
  }

  /// Ends what is under way and waits for its end.
  @Override
  public void close() {
    texts.close();
  }
}
