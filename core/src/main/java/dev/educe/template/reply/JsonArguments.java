package dev.educe.template.reply;

import java.util.function.BooleanSupplier;

/// Reads arguments that are a JSON object.
final class JsonArguments implements CallReader {
  private final BooleanSupplier begin;
  private final Call call;
  private final ValueReader reader;
  private boolean began;

  /// @param begin begins the call, or says that it may not
  JsonArguments(BooleanSupplier begin, Call call) {
    this.begin = begin;
    this.call = call;
    this.reader = new ValueReader(call, "");
  }

  @Override
  public Progress accept(char c) {
    if (!began) {
      if (ValueReader.isSpace(c)) {
        return Progress.MORE;
      }
      if (c != '{' || !begin.getAsBoolean()) {
        return Progress.BAD;
      }
      began = true;
    }
    var progress = reader.accept(c);
    if (progress == Progress.DONE) {
      call.end(true);
    }
    return progress;
  }
}
