package dev.educe;

import dev.educe.format.Metadata;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// A loaded model: generates text from any number of threads until it is closed.
public final class Model implements AutoCloseable {
  private Model() {}

  /// Loads a model file with default options.
  ///
  /// @throws dev.educe.format.ModelFormatException if the file is damaged or not what it claims
  /// @throws dev.educe.format.UnsupportedModelException if its architecture or a format is unknown
  /// @throws IOException if it cannot be read
  public static Model load(Path path) throws IOException {
    return load(path, LoadOptions.defaults());
  }

  /// Loads a model file.
  public static Model load(Path path, LoadOptions options) throws IOException {
    throw new UnsupportedOperationException(path + " " + options);
  }

  /// Generates to the end and returns everything.
  public Generation generate(Request request) {
    return generate(request, _ -> {});
  }

  /// Generates to the end; hands each piece of text over as soon as it is certain, on this thread.
  ///
  /// An interrupt of this thread, or an exception of the consumer, ends the generation.
  public Generation generate(Request request, Consumer<String> text) {
    throw new UnsupportedOperationException(request + " " + text);
  }

  /// The pieces of text as a stream that generates as it is read; closing it ends the generation.
  public Stream<String> stream(Request request) {
    throw new UnsupportedOperationException(request.toString());
  }

  /// The logits of every position, handed over row by row: F32 `[vocabularySize]`, borrowed for the
  /// call.
  public void logits(int[] tokens, Consumer<MemorySegment> row) {
    throw new UnsupportedOperationException();
  }

  /// Times the work itself: `sequences` at once, each of which reads a prompt of random tokens and
  /// then writes `generatedTokens` one by one; nothing is sampled, and end-of-text is ignored.
  ///
  /// The cache for so many sequences of that length is made for the call and freed at its end,
  /// outside the times.
  ///
  /// @param sequences how many are computed in one step, from 1
  /// @param promptTokens how many tokens each reads, from 1
  /// @param generatedTokens how many tokens each writes then; 0 measures the prompt alone
  public Measurement measure(int sequences, int promptTokens, int generatedTokens) {
    throw new UnsupportedOperationException();
  }

  /// Text to ids and back.
  public Tokenizer tokenizer() {
    throw new UnsupportedOperationException();
  }

  /// What the file says of itself.
  public Metadata metadata() {
    throw new UnsupportedOperationException();
  }

  /// Tokens a prompt and its continuation may have together.
  public int contextLength() {
    throw new UnsupportedOperationException();
  }

  /// What runs, in a line: kernels, threads, memory.
  public String summary() {
    throw new UnsupportedOperationException();
  }

  /// Frees the weights once the generations under way have ended; a second call does nothing.
  @Override
  public void close() {}
}
