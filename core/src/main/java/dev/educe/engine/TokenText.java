package dev.educe.engine;

import dev.educe.tokenizer.Tokenizer;
import java.util.List;

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
        public boolean stopped() {
          return false;
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
      public boolean stopped() {
        return texts.stopped();
      }

      @Override
      public String finish() {
        return texts.pass(decoder.finish()) + texts.finish();
      }
    };
  }

  /// The text that is certain now that this token has come.
  String next(int token);

  /// Whether a stop text has appeared.
  boolean stopped();

  /// What was held back, once no more tokens come.
  String finish();
}
