package dev.educe.template.reply;

import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/// Reads arguments that are members between brackets, from behind the opening one.
final class MembersReader implements CallReader {
  private static final Pattern KEY = Pattern.compile("[\\p{L}\\p{N}_.$-]++");

  private enum State {
    KEY,
    VALUE,
    AFTER_VALUE
  }

  private final ArgumentSyntax.Members syntax;
  private final char end;
  private final BooleanSupplier begin;
  private final Call call;
  private final StringBuilder key = new StringBuilder();
  private ValueReader reader;
  private State state = State.KEY;
  private boolean isFirst = true;

  /// @param end the closing bracket
  /// @param begin begins the call, or says that it may not
  MembersReader(ArgumentSyntax.Members syntax, char end, BooleanSupplier begin, Call call) {
    this.syntax = syntax;
    this.end = end;
    this.begin = begin;
    this.call = call;
    this.reader = new ValueReader(call, syntax.quote());
  }

  @Override
  public Progress accept(char c) {
    return switch (state) {
      case KEY -> inKey(c);
      case VALUE -> inValue(c);
      case AFTER_VALUE -> {
        if (ValueReader.isSpace(c)) {
          yield Progress.MORE;
        }
        state = State.KEY;
        yield c == ',' ? Progress.MORE : c == end ? endAll() : Progress.BAD;
      }
    };
  }

  private Progress inKey(char c) {
    if (c == syntax.assign()) {
      return beginValue();
    }
    if (c == end && key.isEmpty()) {
      return endAll();
    }
    if (!key.isEmpty() || !ValueReader.isSpace(c)) {
      key.append(c);
    }
    return key.length() > CallName.HEADER_MAX ? Progress.BAD : Progress.MORE;
  }

  private Progress beginValue() {
    String name = key.toString().strip();
    if (!syntax.quote().isEmpty()) {
      name = name.replace(syntax.quote(), "");
    }
    if (!KEY.matcher(name).matches() || !begin.getAsBoolean()) {
      return Progress.BAD;
    }
    call.accept((isFirst ? "{\"" : ",\"") + name + "\":");
    isFirst = false;
    key.setLength(0);
    reader = new ValueReader(call, syntax.quote());
    state = State.VALUE;
    return Progress.MORE;
  }

  private Progress inValue(char c) {
    var progress = reader.accept(c);
    if (progress == Progress.DONE || progress == Progress.DONE_BEFORE) {
      state = State.AFTER_VALUE;
      return progress == Progress.DONE ? Progress.MORE : accept(c);
    }
    return progress;
  }

  private Progress endAll() {
    if (!begin.getAsBoolean()) {
      return Progress.BAD;
    }
    call.accept(isFirst ? "{}" : "}");
    call.end(true);
    return Progress.DONE;
  }
}
