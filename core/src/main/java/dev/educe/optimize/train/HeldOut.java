package dev.educe.optimize.train;

import dev.educe.kernels.Exponential;
import dev.educe.tokenizer.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// How well a model predicts texts that it was not trained on, each from its beginning to its end.
///
/// Models that cut text differently compare by nats per byte; a perplexity per token of another one
/// is that, in its tokens.
///
/// @param nats surprise at all tokens together, the ends of the texts included
/// @param tokens that were predicted
/// @param bytes of the texts in UTF-8
public record HeldOut(double nats, long tokens, long bytes) {
  /// Measures a model.
  ///
  /// @param texts of which each begins a context; what is longer is cut off
  public static HeldOut measure(Teacher model, List<String> texts) {
    double nats = 0;
    long tokens = 0;
    long bytes = 0;
    for (String text : texts) {
      int[] read = model.tokenizer().encode(text, false);
      if (read.length >= model.contextLength() || read.length == 0) {
        continue;
      }
      var sum = new double[1];
      int[] row = {0};
      model.logits(
          read,
          logits -> {
            int next = ++row[0];
            boolean isLast = next == read.length;
            sum[0] +=
                isLast ? endSurprise(model.tokenizer(), logits) : surprise(logits, read[next]);
          });
      nats += sum[0];
      tokens += read.length;
      bytes += text.getBytes(StandardCharsets.UTF_8).length;
    }
    return new HeldOut(nats, tokens, bytes);
  }

  /// Nats for a byte of text.
  public double natsPerByte() {
    return nats / bytes;
  }

  /// Perplexity per token.
  public double perplexity() {
    return StrictMath.exp(nats / tokens);
  }

  /// Perplexity per token of another model, over the same texts.
  public double perplexityPer(HeldOut other) {
    return StrictMath.exp(nats / other.tokens);
  }

  private static double surprise(MemorySegment logits, int token) {
    return logSum(logits) - logit(logits, token);
  }

  /// A text may end by any token that ends it, and by the one that begins the next.
  private static double endSurprise(Tokenizer tokenizer, MemorySegment logits) {
    double logSum = logSum(logits);
    double probability = 0;
    for (int token = 0; token < tokenizer.vocabularySize(); token++) {
      if (tokenizer.endsGeneration(token) || token == tokenizer.bos().orElse(-1)) {
        probability += StrictMath.exp(logit(logits, token) - logSum);
      }
    }
    return -StrictMath.log(probability);
  }

  private static double logSum(MemorySegment logits) {
    float max = Float.NEGATIVE_INFINITY;
    long count = logits.byteSize() / Float.BYTES;
    for (int i = 0; i < count; i++) {
      max = Math.max(max, logit(logits, i));
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Exponential.exp(logit(logits, i) - max);
    }
    return StrictMath.log(sum) + max;
  }

  private static float logit(MemorySegment logits, int token) {
    return logits.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, token);
  }
}
