package dev.educe.engine;

import dev.educe.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;

/// Turns the tokens of a request into the text that is handed over, and sees its stop texts.
///
/// Not thread-safe.
public interface TokenText {
  /// No text: for those who want nothing but ids.
  TokenText NONE =
      new TokenText() {
        @Override
        public String next(int token) {
          return "";
        }

        @Override
        public Optional<String> stop() {
          return Optional.empty();
        }

        @Override
        public String finish() {
          return "";
        }
      };

  /// Text that never cuts a character and never shows a stop text.
  static TokenText of(Tokenizer.Decoder decoder, List<String> stops) {
    var texts = new StopTexts(stops);
    return new TokenText() {
      @Override
      public String next(int token) {
        return texts.pass(decoder.next(token));
      }

      @Override
      public Optional<String> stop() {
        return texts.found();
      }

      @Override
      public String finish() {
        return texts.pass(decoder.finish()) + texts.finish();
      }
    };
  }

  /// The text that is certain now that this token has come.
  String next(int token);

  /// The stop text that has appeared, if one has.
  Optional<String> stop();

  /// What was held back, once no more tokens come.
  String finish();
}
