package dev.educe.server.openai;

import dev.educe.server.model.Happening.Likely;
import dev.educe.server.model.Happening.Piece;
import dev.educe.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Tokens with their probabilities, as chat completions and responses have them.
final class Likelihoods {
  // What OpenAI writes for what has no probability; JSON knows no infinity.
  private static final float NEVER = -9_999;

  private Likelihoods() {}

  static List<Map<String, Object>> of(List<Piece> pieces, Tokenizer tokenizer) {
    var tokens = new ArrayList<Map<String, Object>>();
    for (Piece piece : pieces) {
      var logprobs = piece.logprobs().orElseThrow();
      var token = token(piece.token(), logprobs.logprob(), tokenizer);
      var top = new ArrayList<Map<String, Object>>();
      for (Likely likely : logprobs.top()) {
        top.add(token(likely.token(), likely.logprob(), tokenizer));
      }
      token.put("top_logprobs", top);
      tokens.add(token);
    }
    return tokens;
  }

  private static Map<String, Object> token(int id, float logprob, Tokenizer tokenizer) {
    var token = new LinkedHashMap<String, Object>();
    byte[] bytes = bytes(id, tokenizer);
    token.put("token", new String(bytes, StandardCharsets.UTF_8));
    token.put("logprob", finite(logprob));
    var values = new ArrayList<Integer>(bytes.length);
    for (byte value : bytes) {
      values.add(Byte.toUnsignedInt(value));
    }
    token.put("bytes", values);
    return token;
  }

  /// The bytes of a token, of one that is never text as it is spelled.
  static byte[] bytes(int id, Tokenizer tokenizer) {
    byte[] bytes = tokenizer.bytes(id);
    return bytes.length == 0 && tokenizer.isControl(id)
        ? tokenizer.piece(id).getBytes(StandardCharsets.UTF_8)
        : bytes;
  }

  static float finite(float logprob) {
    return Math.max(NEVER, logprob);
  }
}
