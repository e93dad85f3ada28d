package dev.educe.sampling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The samplers in the obvious way: double arithmetic, and a sorted list of all tokens.
final class SimpleSampling {
  record Token(int id, double logit) {}

  private static final Comparator<Token> ORDER =
      Comparator.comparingDouble(Token::logit).reversed().thenComparing(Token::id);

  private SimpleSampling() {}

  static List<Token> tokens(float[] logits) {
    var tokens = new ArrayList<Token>();
    for (int id = 0; id < logits.length; id++) {
      tokens.add(new Token(id, logits[id]));
    }
    tokens.sort(ORDER);
    return tokens;
  }

  static double[] probabilities(List<Token> tokens) {
    double max = tokens.stream().mapToDouble(Token::logit).max().orElseThrow();
    double[] p = tokens.stream().mapToDouble(t -> Math.exp(t.logit() - max)).toArray();
    double sum = 0;
    for (double each : p) {
      sum += each;
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  static List<Token> divided(List<Token> tokens, double temperature) {
    return tokens.stream().map(t -> new Token(t.id(), t.logit() / temperature)).toList();
  }

  static double entropy(List<Token> tokens) {
    double entropy = 0;
    for (double p : probabilities(tokens)) {
      entropy -= p > 0 ? p * Math.log(p) : 0;
    }
    return entropy;
  }

  /// What DRY takes off, by token: every place is compared with the end, token by token.
  static Map<Integer, Double> dry(int[] tokens, Dry dry, List<int[]> breakers) {
    int searched = dry.tokens() < 0 ? tokens.length : Math.min(dry.tokens(), tokens.length);
    int from = tokens.length - searched;
    int limit = searched;
    for (int end = tokens.length; end > from && limit == searched; end--) {
      int longest = -1;
      for (int[] breaker : breakers) {
        if (breaker[0] == tokens[end - 1] && matches(tokens, end - 1, breaker)) {
          longest = Math.max(longest, breaker.length - 1);
        }
      }
      if (longest >= 0) {
        limit = tokens.length - end - longest;
      }
    }
    var lengths = new HashMap<Integer, Integer>();
    for (int place = from + 1; place < tokens.length; place++) {
      int length = 0;
      while (length < limit
          && place - 1 - length >= from
          && tokens[place - 1 - length] == tokens[tokens.length - 1 - length]) {
        length++;
      }
      if (length >= dry.allowedLength()) {
        lengths.merge(tokens[place], length, Math::max);
      }
    }
    var costs = new HashMap<Integer, Double>();
    lengths.forEach((token, length) -> {
      boolean isBreaker = breakers.stream().anyMatch(b -> b.length == 1 && b[0] == token);
      if (limit(searched, dry) && !isBreaker) {
        costs.put(token, dry.multiplier() * Math.pow(dry.base(), length - dry.allowedLength()));
      }
    });
    return costs;
  }

  private static boolean limit(int searched, Dry dry) {
    return searched > dry.allowedLength();
  }

  private static boolean matches(int[] tokens, int at, int[] breaker) {
    if (at + breaker.length > tokens.length) {
      return false;
    }
    for (int i = 0; i < breaker.length; i++) {
      if (tokens[at + i] != breaker[i]) {
        return false;
      }
    }
    return true;
  }
}
