package dev.educe.cli.distil;

import dev.educe.Model;
import dev.educe.optimize.train.Teacher;
import dev.educe.tokenizer.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/// A loaded model as a teacher.
public record ModelTeacher(Model model) implements Teacher {
  @Override
  public Tokenizer tokenizer() {
    return model.tokenizer();
  }

  @Override
  public int contextLength() {
    return model.contextLength();
  }

  @Override
  public void logits(int[] tokens, Consumer<MemorySegment> row) {
    model.logits(tokens, row);
  }
}
