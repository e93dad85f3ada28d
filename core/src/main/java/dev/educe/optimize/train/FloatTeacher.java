package dev.educe.optimize.train;

import dev.educe.kernels.KernelSelector;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;

/// A small teacher built like Llama, run by what trains students: all rows of a text at once, which
/// the engine, made to write token by token, does not do for logits.
///
/// One thread at a time may ask it.
public final class FloatTeacher implements Teacher {
  private final Student model;
  private final Team team;
  private final Network network;
  private final int contextLength;
  private final float[] logits; // [contextLength, vocabularySize]

  /// Reads a model.
  ///
  /// @param contextLength tokens of a text at most, unless the model has fewer
  /// @throws dev.educe.format.UnsupportedModelException if it is not built like Llama
  /// @throws IOException if it cannot be read
  public FloatTeacher(Path path, int contextLength, int threads) throws IOException {
    this.model = Student.read(path);
    this.contextLength = Math.min(contextLength, model.contextLength());
    this.team = new Team(threads, KernelSelector.dense());
    this.network =
        new Network(
            team, model.decoder(), model.parameters(), this.contextLength, this.contextLength);
    this.logits = new float[this.contextLength * model.tokenizer().vocabularySize()];
  }

  @Override
  public Tokenizer tokenizer() {
    return model.tokenizer();
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public void logits(int[] tokens, Consumer<MemorySegment> row) {
    network.forward(Batch.of(tokens), logits);
    long bytes = (long) model.tokenizer().vocabularySize() * Float.BYTES;
    var all = MemorySegment.ofArray(logits);
    for (int i = 0; i < tokens.length; i++) {
      row.accept(all.asSlice(i * bytes, bytes));
    }
  }

  /// Values of a hidden state.
  int hiddenSize() {
    return model.decoder().hiddenSize();
  }

  int layers() {
    return model.decoder().layers().size();
  }

  /// The hidden states after a layer, of the text that it was asked for last: `[rows, hiddenSize]`.
  float[] states(int layer) {
    return network.states(layer);
  }

  @Override
  public void close() {
    team.close();
  }
}
