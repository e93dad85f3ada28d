package dev.educe.server.openai;

import dev.educe.server.model.Happening;
import dev.educe.server.model.Happening.Likely;
import dev.educe.server.model.Happening.TokenLogprobs;
import dev.educe.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// One text of `/v1/completions` while it is written, with its tokens if they were asked for.
final class CompletionText {
  private final CompletionRequest request;
  private final Tokenizer tokenizer;
  private final int[] prompt;
  private final StringBuilder text = new StringBuilder(); // not taken yet
  private int taken; // characters
  private int promptTokens; // told of
  private Tokenizer.Decoder promptDecoder;
  private int promptChars;
  private double logprobSum;
  private int generated;
  private String finish; // once it has ended

  // Of the text that was not taken yet.
  private List<String> tokens = new ArrayList<>();
  private List<Float> logprobs = new ArrayList<>();
  private List<Map<String, Float>> likeliest = new ArrayList<>();
  private List<Integer> offsets = new ArrayList<>();

  /// @param prompt which one it continues
  CompletionText(CompletionRequest request, int prompt, Tokenizer tokenizer) {
    this.request = request;
    this.tokenizer = tokenizer;
    this.prompt = request.prompts().get(prompt);
    if (request.isEchoed()) {
      text.append(request.texts().get(prompt));
      if (hasTokens()) {
        promptDecoder = tokenizer.decoder();
        addPromptToken(Optional.empty());
      }
    }
  }

  private boolean hasTokens() {
    return request.logprobs().isPresent();
  }

  void take(Happening happening) {
    switch (happening) {
      case Happening.PromptToken token -> addPromptToken(Optional.of(token.logprobs()));
      case Happening.Piece piece -> {
        generated++;
        logprobSum += piece.logprobs().map(TokenLogprobs::logprob).orElse(0f);
        if (hasTokens()) {
          add(piece.token(), piece.logprobs(), taken + text.length());
        }
        text.append(piece.text());
      }
      case Happening.End end -> {
        text.append(end.text());
        finish = end.finish().name().toLowerCase(Locale.ROOT);
      }
    }
  }

  private void addPromptToken(Optional<TokenLogprobs> likely) {
    int token = prompt[promptTokens++];
    add(token, likely, promptChars);
    promptChars += promptDecoder.next(token).length();
  }

  private void add(int token, Optional<TokenLogprobs> likely, int offset) {
    tokens.add(text(token));
    offsets.add(offset);
    logprobs.add(likely.map(found -> Likelihoods.finite(found.logprob())).orElse(null));
    likeliest.add(likely.map(found -> likeliest(token, found)).orElse(null));
  }

  /// The likeliest by their text, and the token itself.
  private Map<String, Float> likeliest(int token, TokenLogprobs found) {
    var all = new LinkedHashMap<String, Float>();
    for (Likely likely : found.top()) {
      all.putIfAbsent(text(likely.token()), Likelihoods.finite(likely.logprob()));
    }
    all.putIfAbsent(text(token), Likelihoods.finite(found.logprob()));
    return all;
  }

  /// A token as text; one that is a part of a character as its bytes.
  private String text(int token) {
    byte[] bytes = Likelihoods.bytes(token, tokenizer);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      var spelled = new StringBuilder("bytes:");
      for (byte value : bytes) {
        spelled.append("\\x%02x".formatted(value));
      }
      return spelled.toString();
    }
  }

  /// Whether its prompt was told of in full, so that its beginning can be sent.
  boolean hasBegun() {
    return promptDecoder == null || promptTokens == prompt.length || finish != null;
  }

  /// Whether there is anything that was not taken.
  boolean hasNews() {
    return !text.isEmpty() || finish != null;
  }

  /// How likely its tokens were in the mean.
  double score() {
    return generated == 0 ? 0 : logprobSum / generated;
  }

  /// Whether what has come is text and no more.
  boolean isText() {
    return finish == null && !hasTokens();
  }

  /// The text that has come since it was last taken.
  String takeText() {
    String come = text.toString();
    taken += come.length();
    text.setLength(0);
    return come;
  }

  /// What has come since it was last taken, as a choice of an answer.
  Map<String, Object> choice(int index) {
    return choice(index, takeText(), hasTokens() ? takeTokens() : null, finish);
  }

  /// A text that goes on, as a choice of an answer.
  static Map<String, Object> choice(int index, String text) {
    return choice(index, text, null, null);
  }

  private static Map<String, Object> choice(
      int index, String text, Map<String, Object> logprobs, String finish) {
    var choice = new LinkedHashMap<String, Object>();
    choice.put("text", text);
    choice.put("index", index);
    choice.put("logprobs", logprobs);
    choice.put("finish_reason", finish);
    return choice;
  }

  private Map<String, Object> takeTokens() {
    var object = new LinkedHashMap<String, Object>();
    object.put("tokens", tokens);
    object.put("token_logprobs", logprobs);
    object.put("top_logprobs", request.logprobs().getAsInt() == 0 ? null : likeliest);
    object.put("text_offset", offsets);
    tokens = new ArrayList<>();
    logprobs = new ArrayList<>();
    likeliest = new ArrayList<>();
    offsets = new ArrayList<>();
    return object;
  }
}
